//! MinIO: each server is live, and the cluster says that it has its write quorum.

use super::{MINIO, PORT};
use crate::gate::{
    Answers, Asked, Check, Members, Verdict, Why, about, of, short, swarm, up_members,
};
use crate::observed::Observed;
use crate::question::{Answer, Question};

/// Every server live, and the cluster has its write quorum.
pub(super) const WRITE_QUORUM: Check<Members> = Check {
    name: "write-quorum",
    takes: 5_000,
    asks: &[],
    words: |gate| format!("{}: {} live, write quorum", MINIO.title, of(&gate.members)),
    questions,
    judge,
};

fn questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    up_members(&gate.members, seen)
        .into_iter()
        .map(|(subject, ip)| Asked {
            subject,
            question: Question::get(ip.to_string(), PORT, "/minio/health/cluster"),
        })
        .collect()
}

fn judge(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
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
