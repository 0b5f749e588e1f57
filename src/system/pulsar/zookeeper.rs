//! ZooKeeper: `srvr` on every server; one leads and the others follow.
//!
//! `ruok` is local: it says `imok` without a quorum, so it is no gate.

use std::time::Duration;

use super::birth::BIRTH;
use super::{ZOOKEEPER, ZOOKEEPER_PORT as PORT};
use crate::gate::{
    Answers, Asked, Check, Members, Verdict, Why, about, of, short, swarm, up_members,
};
use crate::observed::Observed;
use crate::question::Question;

/// One leader, all others follow it, or one standalone server.
pub(super) const QUORUM: Check<Members> = Check {
    name: "quorum",
    takes: 5_000,
    asks: &[],
    words: |gate| {
        let members = of(&gate.members);
        format!("{}: {members} serving, one leader", ZOOKEEPER.title)
    },
    questions,
    judge,
};

fn questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    up_members(&gate.members, seen)
        .into_iter()
        .flat_map(|(subject, ip)| {
            let host = ip.to_string();
            let birth = BIRTH.asked(&gate.cluster, &host, &seen.nodes);
            let mode = Question::Tcp {
                host,
                port: PORT,
                send: b"srvr\n".to_vec(),
                timeout: Duration::from_secs(5),
            };
            std::iter::once(mode)
                .chain(birth)
                .map(move |question| Asked {
                    subject: subject.clone(),
                    question,
                })
        })
        .collect()
}

/// `leader`, `follower` or `standalone`.
fn mode(text: &str) -> Option<&str> {
    text.lines()
        .find_map(|line| line.strip_prefix("Mode: "))
        .map(str::trim)
}

fn judge(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
    let mut reasons = swarm::missing(members, seen);
    let mut leaders = 0;
    let mut followers = 0;
    for member in members {
        let mut about = about(member, asked, answers);
        let Some(answer) = about.next() else {
            continue;
        };
        // Who sees no quorum says nothing of it.
        let birth = about.next();
        let birth = birth.map(|answer| BIRTH.judge(&gate.cluster, &seen.nodes, answer));
        if let Some(Ok(Some(other))) = birth {
            return Verdict::Shut(vec![other]);
        }
        match answer.ok() {
            Err(why) => reasons.push(Why::new(short(member), format!("does not answer: {why}"))),
            Ok(bytes) => {
                let text = String::from_utf8_lossy(bytes);
                match mode(&text) {
                    Some("leader") => leaders += 1,
                    Some("standalone") if members.len() == 1 => leaders += 1,
                    Some("follower") => followers += 1,
                    Some(other) => reasons.push(Why::new(
                        short(member),
                        format!("is `{other}`, not part of the ensemble"),
                    )),
                    None => reasons.push(Why::new(
                        short(member),
                        if text.contains("not currently serving") {
                            "is up but sees no quorum yet"
                        } else {
                            "gave no mode"
                        },
                    )),
                }
            }
        }
    }
    if reasons.is_empty() && leaders != 1 {
        reasons.push(Why::new("zookeeper", format!("has {leaders} leaders")));
    }
    Verdict::from_reasons(reasons, || {
        format!("{0} of {0} serving, one leader", members.len())
    })
    // A server that sees no quorum has no mode.
    .while_it_works(leaders == 1 && leaders + followers > members.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::mode;

    #[test]
    fn mode_is_read_from_srvr() {
        let text = "Zookeeper version: 3.6.3\nLatency min/avg/max: 0/0.0/0\nMode: follower\nNode count: 5\n";
        assert_eq!(mode(text), Some("follower"));
        assert_eq!(
            mode("This ZooKeeper instance is not currently serving requests\n"),
            None
        );
    }
}
