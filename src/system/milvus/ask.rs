//! Milvus processes: `/healthz` on the metrics port, and proxies that serve a user.

use super::rest::{self, Rest};
use super::{HEALTH, SECRET};
use crate::gate::{Answers, Asked, Check, Tasks, Verdict, Why, about, short, swarm, task_name, up};
use crate::observed::Observed;
use crate::question::{Answer, Question};

/// So many tasks say OK on `/healthz`.
pub(super) const HEALTHY: Check<Tasks> = Check {
    name: "healthy",
    takes: 6_000,
    asks: &[],
    words: |gate| format!("{}: {} healthy", short(&gate.service), gate.tasks),
    questions: health_questions,
    judge: |gate, seen, asked, answers| {
        judge(gate, seen, asked, answers, |answer| answer.ok().map(|_| ()))
    },
};

/// So many proxies answer an authenticated request.
pub(super) const SERVES: Check<Tasks> = Check {
    name: "serves",
    takes: 6_000,
    asks: &[],
    words: |gate| {
        let tasks = gate.tasks;
        format!(
            "{}: {tasks} answer an authenticated request",
            super::PROXY.title
        )
    },
    questions: proxy_questions,
    judge: |gate, seen, asked, answers| {
        let verdict = judge(gate, seen, asked, answers, |answer| {
            rest::given(answer).map(drop)
        });
        let is_denied = |answer: &Answer| matches!(answer, Answer::Http { status: 401, .. });
        match denied(gate, seen).filter(|_| answers.iter().any(is_denied)) {
            Some(why) => verdict.and(why),
            None => verdict,
        }
    },
};

/// What it means that proxies answer 401, and the way out. It is not certain: a proxy says so too
/// while nobody tells it of credentials (milvus: `passwordVerify` in `internal/proxy/util.go`).
fn denied(gate: &Tasks, seen: &Observed) -> Option<Why> {
    let spec = &seen.services.get(&gate.service)?.spec;
    let mut secrets = spec.task_template.container_spec.secrets.iter();
    let secret = secrets.find(|secret| {
        let stem = secret.name.rsplit_once("-v").map(|(stem, _)| stem);
        stem.is_some_and(|stem| stem.ends_with(SECRET))
    })?;
    let secret = &secret.name;
    Some(Why::new(
        short(&gate.service),
        format!(
            "answers 401: Milvus does not take the root password of the secret `{secret}`. If a client \
             changed it, tell the cluster what it is now: milvus-swarm credentials set root \
             --password-file FILE; without a file that makes a new one, if a change of it was cut short"
        ),
    ))
}

fn health_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    up(seen, &gate.service)
        .map(|(task, ip)| Asked {
            subject: task_name(task),
            question: Question::get(ip.to_string(), HEALTH, "/healthz"),
        })
        .collect()
}

fn proxy_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    up(seen, &gate.service)
        .map(|(task, ip)| Asked {
            subject: task_name(task),
            question: Rest::of(task, &gate.cluster, seen).list(&ip.to_string()),
        })
        .collect()
}

fn judge(
    gate: &Tasks,
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
    read: impl Fn(&Answer) -> Result<(), String>,
) -> Verdict {
    let (service, wanted) = (gate.service.as_str(), gate.tasks);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use crate::observed::{Service, Task};
    use crate::spec::SecretRef;

    #[test]
    fn a_401_says_what_it_means_and_what_to_type() {
        const SERVICE: &str = "prod-milvus_proxy";
        let mut service = Service::default();
        service.spec.task_template.container_spec.secrets = vec![SecretRef {
            name: "prod-milvus-root-v1".to_owned(),
            ..SecretRef::default()
        }];
        let task = |slot| Task {
            id: format!("t{slot}"),
            service: SERVICE.to_owned(),
            slot,
            state: "running".to_owned(),
            desired_state: "running".to_owned(),
            addresses: [("prod_net".to_owned(), [10, 0, 0, 7].into())].into(),
            ..Task::default()
        };
        let seen = Observed {
            services: [(SERVICE.to_owned(), service)].into(),
            tasks: vec![task(1), task(2)],
            ..Observed::default()
        };
        let gate = Gate::Tasks(Tasks {
            component: crate::system::FRONT.name.to_owned(),
            check: SERVES.name.to_owned(),
            service: SERVICE.to_owned(),
            tasks: 2,
            ..Tasks::default()
        });
        let asked = gate.questions(&seen);
        let says = |status| {
            let answer = Answer::Http {
                status,
                body: br#"{"code":1800}"#.to_vec(),
            };
            let verdict = gate.judge(&seen, &asked, &vec![answer; asked.len()]);
            // A coordinator that is away is one reason for it, and comes back.
            assert!(matches!(verdict, Verdict::Waiting(_)), "{verdict:?}");
            let last = verdict.reasons().last().map(ToString::to_string);
            (verdict.reasons().len(), last.unwrap_or_default())
        };
        assert_eq!(says(503).0, 2);
        let (reasons, last) = says(401);
        assert_eq!(reasons, 3);
        assert_eq!(
            last,
            "`proxy` answers 401: Milvus does not take the root password of the secret \
             `prod-milvus-root-v1`. If a client changed it, tell the cluster what it is now: milvus-swarm \
             credentials set root --password-file FILE; without a file that makes a new one, if a change \
             of it was cut short"
        );
    }
}
