//! etcd: every member answers a linearizable read, and all follow one leader.

use std::collections::BTreeSet;

use serde_json::json;

use super::birth::BIRTH;
use super::{ETCD, PORT};
use crate::gate::{
    Answers, Asked, Check, Members, Verdict, Why, about, of, short, swarm, up_members,
};
use crate::observed::Observed;
use crate::question::Question;

/// All members healthy, one leader, no alarm.
pub(super) const QUORUM: Check<Members> = Check {
    name: "quorum",
    takes: 3_000,
    asks: &[],
    words: |gate| format!("{}: {} healthy, one leader", ETCD.title, of(&gate.members)),
    questions,
    judge,
};

fn questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    up_members(&gate.members, seen)
        .into_iter()
        .flat_map(|(subject, ip)| {
            // `/health` does a linearizable read and reports alarms; `status` names the leader.
            let host = ip.to_string();
            let health = [
                Question::get(&host, PORT, "/health"),
                Question::post_json(&host, PORT, "/v3/maintenance/status", &json!({})),
            ];
            let birth = BIRTH.asked(&gate.cluster, &host, &seen.nodes);
            health.into_iter().chain(birth).map(move |question| Asked {
                subject: subject.clone(),
                question,
            })
        })
        .collect()
}

fn judge(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
    let mut reasons = swarm::missing(members, seen);
    let mut leaders = BTreeSet::new();
    let mut clusters = BTreeSet::new();
    // `/health` is a linearizable read: one member that answers well speaks for the quorum.
    let mut works = false;
    for member in members {
        let mut about = about(member, asked, answers);
        let (Some(health), Some(status)) = (about.next(), about.next()) else {
            continue;
        };
        let birth = about.next();
        match health.json() {
            Ok(body) if body["health"] == "true" => works = true,
            Ok(body) => {
                let why = body["reason"].as_str().unwrap_or("no reason given");
                reasons.push(Why::new(short(member), format!("is unhealthy: {why}")));
                continue;
            }
            Err(why) => {
                reasons.push(Why::new(short(member), format!("does not answer: {why}")));
                continue;
            }
        }
        match status.json() {
            Ok(body) => {
                leaders.insert(body["leader"].as_str().unwrap_or("0").to_owned());
                clusters.insert(body["header"]["cluster_id"].to_string());
                for alarm in body["errors"].as_array().into_iter().flatten() {
                    reasons.push(Why::new(short(member), format!("raises {alarm}")));
                }
            }
            Err(why) => reasons.push(Why::new(short(member), format!("has no status: {why}"))),
        }
        match birth.map(|answer| BIRTH.judge(&gate.cluster, &seen.nodes, answer)) {
            Some(Ok(Some(other))) => return Verdict::Shut(vec![other]),
            Some(Err(why)) => reasons.push(Why::new(
                short(member),
                format!("does not tell its birth: {why}"),
            )),
            Some(Ok(None)) | None => {}
        }
    }
    if clusters.len() > 1 {
        reasons.push(Why::new(
            "etcd",
            format!(
                "members belong to {} different clusters; a member was started on foreign data",
                clusters.len()
            ),
        ));
    } else if reasons.is_empty() && (leaders.len() != 1 || leaders.contains("0")) {
        reasons.push(Why::new("etcd", "has not elected one leader"));
    }
    Verdict::from_reasons(reasons, || {
        format!("{0} of {0} healthy, one leader", members.len())
    })
    .while_it_works(works && clusters.len() == 1)
}
