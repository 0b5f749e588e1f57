//! MinIO: each server is live, and the cluster says that it has its write quorum.

use super::PORT;
use crate::gate::{Answers, Asked, Verdict, Why, about, short, swarm, up_members};
use crate::observed::Observed;
use crate::question::{Answer, Question};

pub(crate) fn questions(members: &[String], seen: &Observed) -> Vec<Asked> {
    up_members(members, seen)
        .into_iter()
        .map(|(subject, ip)| Asked {
            subject,
            question: Question::get(ip.to_string(), PORT, "/minio/health/cluster"),
        })
        .collect()
}

pub(crate) fn judge(
    members: &[String],
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
) -> Verdict {
    let mut reasons = swarm::missing(members, seen);
    let mut works = false;
    for member in members {
        match about(member, asked, answers).next().map(Answer::ok) {
            Some(Ok(_)) => works = true,
            Some(Err(why)) => {
                let why = if why.starts_with("HTTP 503") {
                    "sees no write quorum yet".to_owned()
                } else {
                    format!("does not answer: {why}")
                };
                reasons.push(Why::new(short(member), why));
            }
            None => {}
        }
    }
    Verdict::from_reasons(reasons, || {
        format!("{0} of {0} live, write quorum", members.len())
    })
    .while_it_works(works)
}
