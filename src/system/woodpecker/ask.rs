//! Woodpecker's servers: each takes writes and knows the others.

use super::{ADMIN, SERVER};
use crate::gate::{Answers, Asked, Check, Members, Verdict, Why, about, short, swarm, up_members};
use crate::observed::Observed;
use crate::question::{Answer, Question};

/// So many servers take writes and have so many of each other in their lists. `/healthz` says `OK` of any
/// process that runs (woodpecker: `common/http/health/health_handler.go`; nothing registers itself there),
/// so it is no gate. A server chooses for Milvus among those in its list (`server/service.go`,
/// `SelectNodes`), and looks for the others two seconds after it listens to Milvus at the earliest
/// (`monitorAndJoinSeeds`).
pub(super) const JOINED: Check<Members> = Check {
    name: "joined",
    takes: 6_000,
    asks: &[],
    words: |gate| {
        format!(
            "{}: {} take writes and know each other",
            SERVER.title, gate.at_least
        )
    },
    questions,
    judge,
};

fn questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    up_members(&gate.members, seen)
        .into_iter()
        .flat_map(|(subject, ip)| {
            let host = ip.to_string();
            let list = Question::get(&host, ADMIN, "/admin/memberlist");
            [
                Question::get(&host, ADMIN, "/admin/node/status"),
                // It is a page for people where nobody asks for JSON in so many words.
                list.with_header("Accept", "application/json".to_owned()),
            ]
            .map(|question| Asked {
                subject: subject.clone(),
                question,
            })
        })
        .collect()
}

fn judge(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
    let mut reasons = swarm::missing(members, seen);
    let mut ready = 0;
    for member in members {
        let mut about = about(member, asked, answers);
        let (Some(status), Some(list)) = (about.next(), about.next()) else {
            continue;
        };
        match joined(gate, status, list) {
            Ok(()) => ready += 1,
            Err(why) => reasons.push(Why::new(short(member), why)),
        }
    }
    if ready >= gate.at_least {
        Verdict::Open(format!("{ready} of {} take writes", members.len()))
    } else {
        Verdict::Waiting(reasons)
    }
}

/// Whether a server takes writes (woodpecker: `server/lifecycle.go`, `NodeStateActive`) and knows enough of
/// the others. Of those in its list 0 is alive (memberlist: `state.go`, `StateAlive`).
fn joined(gate: &Members, status: &Answer, list: &Answer) -> Result<(), String> {
    let no_answer = |why: String| format!("does not answer: {why}");
    let status = status.json().map_err(no_answer)?;
    let state = status["state"].as_str().unwrap_or("nothing");
    if state != "active" {
        return Err(format!("is `{state}`, and takes no writes"));
    }
    let list = list.json().map_err(no_answer)?;
    let listed = list["members"].as_array().map_or(&[][..], Vec::as_slice);
    let alive = |member: &&String| {
        let mut of_it = listed.iter().filter(|one| one["id"] == short(member));
        of_it.any(|one| one["state"] == 0)
    };
    let known = gate.members.iter().filter(alive).count();
    if known < gate.at_least {
        return Err(format!("knows {known} of {} servers", gate.members.len()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn says(value: &serde_json::Value) -> Answer {
        Answer::Http {
            status: 200,
            body: value.to_string().into_bytes(),
        }
    }

    #[test]
    fn a_server_takes_writes_and_knows_the_others() {
        let gate = |at_least| Members {
            component: SERVER.name.to_owned(),
            check: JOINED.name.to_owned(),
            cluster: "p".to_owned(),
            members: (0..4)
                .map(|n| format!("p-woodpecker_woodpecker-{n}"))
                .collect(),
            at_least,
            asks: BTreeMap::new(),
        };
        let status = |state: &str| says(&json!({ "node_id": "woodpecker-0", "state": state }));
        let list = |states: &[u8]| {
            let members = states.iter().enumerate();
            let members = members
                .map(|(n, state)| json!({ "id": format!("woodpecker-{n}"), "state": state }));
            says(&json!({ "members": members.collect::<Vec<_>>() }))
        };
        let active = status("active");
        assert_eq!(joined(&gate(4), &active, &list(&[0, 0, 0, 0])), Ok(()));
        assert_eq!(joined(&gate(3), &active, &list(&[0, 1, 0, 0])), Ok(()));
        for (at_least, status, list) in [
            (4, &active, list(&[0, 0, 0, 1])),
            (3, &active, list(&[0, 0])),
            (3, &status("decommissioning"), list(&[0, 0, 0, 0])),
            (3, &active, says(&json!({ "members": [] }))),
            (3, &active, Answer::Failed("timed out".to_owned())),
        ] {
            assert!(joined(&gate(at_least), status, &list).is_err(), "{list:?}");
        }
    }
}
