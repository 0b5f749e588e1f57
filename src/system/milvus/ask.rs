//! Milvus processes: `/healthz` on the metrics port, and proxies that serve a user.

use super::{HEALTH, PORT as PROXY};
use crate::gate::{Answers, Asked, Verdict, Why, about, short, swarm, task_name, up};
use crate::observed::Observed;
use crate::question::{Answer, Question};

/// Stands for the root user's token in a header; the engine edge puts the token in. The
/// credential is a Swarm secret, and a question is a value that may be printed.
pub const ROOT_TOKEN: &str = "<root token>";

pub(crate) fn health_questions(service: &str, seen: &Observed) -> Vec<Asked> {
    up(seen, service)
        .map(|(task, ip)| Asked {
            subject: task_name(task),
            question: Question::get(ip.to_string(), HEALTH, "/healthz"),
        })
        .collect()
}

pub(crate) fn proxy_questions(service: &str, seen: &Observed) -> Vec<Asked> {
    up(seen, service)
        .map(|(task, ip)| Asked {
            subject: task_name(task),
            question: Question::get(ip.to_string(), PROXY, "/v1/vector/collections")
                .with_header("Authorization", format!("Bearer {ROOT_TOKEN}")),
        })
        .collect()
}

pub(crate) fn judge_health(
    service: &str,
    wanted: u64,
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
) -> Verdict {
    judge(service, wanted, seen, asked, answers, |answer| {
        answer.ok().map(|_| ())
    })
}

pub(crate) fn judge_proxies(
    service: &str,
    wanted: u64,
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
) -> Verdict {
    judge(service, wanted, seen, asked, answers, |answer| {
        let body = answer.json()?;
        match body["code"].as_i64() {
            Some(0 | 200) => Ok(()),
            _ => Err(body["message"].as_str().unwrap_or("no message").to_owned()),
        }
    })
}

fn judge(
    service: &str,
    wanted: u64,
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
    read: impl Fn(&Answer) -> Result<(), String>,
) -> Verdict {
    let mut reasons = swarm::too_few(service, wanted, seen);
    let mut good = 0;
    for (task, _) in up(seen, service) {
        let name = task_name(task);
        match about(&name, asked, answers).next().map(&read) {
            Some(Ok(())) => good += 1,
            Some(Err(why)) => reasons.push(Why::new(&name, format!("is not ready: {why}"))),
            None => {}
        }
    }
    if good >= wanted {
        Verdict::Open(format!("{good} healthy"))
    } else {
        if reasons.is_empty() {
            reasons.push(Why::new(short(service), "was not asked yet"));
        }
        Verdict::Waiting(reasons).while_it_works(good > 0)
    }
}
