//! Pulsar: its metadata in ZooKeeper, writable bookies, brokers that serve.

use std::time::Duration;

use super::birth::AT;
use super::{
    BOOKIE, BOOKIE_HTTP, BOOKIE_PORT, BROKER, BROKER_HTTP, INIT, ZOOKEEPER, ZOOKEEPER_PORT,
    cluster_name, zk,
};
use crate::gate::{
    Answers, Asked, Check, Members, Tasks, Verdict, Why, about, short, swarm, task_name, up_members,
};
use crate::observed::Observed;
use crate::question::{Answer, CLOSED, Question};

/// The init task is done and its effect is in ZooKeeper.
pub(super) const METADATA: Check<Tasks> = Check {
    name: "metadata",
    takes: 4_000,
    asks: &[ZOOKEEPER.name],
    words: |gate| {
        let cluster = cluster_name(&gate.cluster);
        format!("{} of `{cluster}` in {}", INIT.title, ZOOKEEPER.title)
    },
    questions: metadata_questions,
    judge: judge_metadata,
};

/// So many bookies are writable and registered.
pub(super) const WRITABLE: Check<Members> = Check {
    name: "writable",
    takes: 8_000,
    asks: &[ZOOKEEPER.name],
    words: |gate| {
        format!(
            "{}: {} writable and registered",
            BOOKIE.title, gate.at_least
        )
    },
    questions: bookie_questions,
    judge: judge_bookies,
};

/// So many brokers produced to and consumed from their own health topic.
pub(super) const HEALTHY: Check<Members> = Check {
    name: "healthy",
    takes: 10_000,
    asks: &[],
    words: |gate| format!("{}: {} produce and consume", BROKER.title, gate.at_least),
    questions: broker_questions,
    judge: judge_brokers,
};

/// Asks any ZooKeeper server that is up which of the paths exist.
fn exists(zookeepers: &[String], paths: &[String], seen: &Observed) -> Option<Asked> {
    let (subject, ip) = up_members(zookeepers, seen).into_iter().next()?;
    Some(Asked {
        subject,
        question: Question::Tcp {
            host: ip.to_string(),
            port: ZOOKEEPER_PORT,
            send: zk::exists_request(paths),
            timeout: Duration::from_secs(5),
        },
    })
}

fn read_exists(answer: &Answer, paths: usize) -> Result<Vec<bool>, String> {
    zk::exists_reply(answer.ok()?, paths)
}

fn metadata_paths(cluster: &str) -> Vec<String> {
    vec![
        format!("/admin/clusters/{cluster}"),
        AT.to_owned(),
        "/admin/policies/public/default".to_owned(),
    ]
}

fn metadata_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    let paths = metadata_paths(&cluster_name(&gate.cluster));
    let asked = exists(gate.asked(ZOOKEEPER.name), &paths, seen);
    asked.into_iter().collect()
}

fn judge_metadata(gate: &Tasks, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let Some(answer) = answers.first() else {
        return Verdict::Waiting(vec![Why::new("zookeeper", "has no server up to ask")]);
    };
    let paths = metadata_paths("");
    match read_exists(answer, paths.len()) {
        Err(why) => {
            let subject = asked.first().map_or("zookeeper", |asked| &asked.subject);
            Verdict::Waiting(vec![Why::new(short(subject), why)])
        }
        Ok(found) if found.iter().all(|exists| *exists) => {
            Verdict::Open("cluster, ledgers and namespace exist".to_owned())
        }
        Ok(_) => Verdict::Waiting(vec![init_state(&gate.service, seen)]),
    }
}

fn init_state(service: &str, seen: &Observed) -> Why {
    let newest = seen
        .tasks
        .iter()
        .filter(|task| task.service == service)
        .max_by(|a, b| a.created_at.cmp(&b.created_at));
    match newest {
        Some(task) if task.state == "running" => {
            Why::new(short(service), "is writing the metadata")
        }
        Some(task) => Why::new(task_name(task), swarm::sentence(seen, task)),
        None => swarm::why_not_up(seen, service),
    }
}

fn bookie_questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    let members = &gate.members;
    let paths = bookie_paths(members);
    exists(gate.asked(ZOOKEEPER.name), &paths, seen)
        .map(|asked| Asked {
            subject: "registered".to_owned(),
            ..asked
        })
        .into_iter()
        .chain(
            up_members(members, seen)
                .into_iter()
                .map(|(subject, ip)| Asked {
                    subject,
                    question: Question::get(ip.to_string(), BOOKIE_HTTP, "/api/v1/bookie/is_ready"),
                }),
        )
        .collect()
}

fn bookie_paths(members: &[String]) -> Vec<String> {
    members
        .iter()
        .map(|member| format!("/ledgers/available/{}:{BOOKIE_PORT}", short(member)))
        .collect()
}

fn judge_bookies(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
    let registered = about("registered", asked, answers)
        .next()
        .ok_or_else(|| "no ZooKeeper server is up to ask".to_owned())
        .and_then(|answer| read_exists(answer, members.len()));
    let registered = match registered {
        Ok(registered) => registered,
        Err(why) => return Verdict::Waiting(vec![Why::new("zookeeper", why)]),
    };
    let mut reasons = swarm::missing(members, seen);
    let mut ready = 0;
    for (member, registered) in members.iter().zip(registered) {
        let Some(answer) = about(member, asked, answers).next() else {
            continue;
        };
        match writable(registered, answer) {
            Ok(()) => ready += 1,
            Err(why) => reasons.push(Why::new(short(member), why)),
        }
    }
    if ready >= gate.at_least {
        Verdict::Open(format!("{ready} of {} writable", members.len()))
    } else {
        Verdict::Waiting(reasons)
    }
}

/// What clients go by is the registration: a bookie that is read-only or gone is not in
/// `/ledgers/available`. Its HTTP server tells sooner, but the one of BookKeeper 4.14 may lose its
/// handler while the bookie works on: it then takes connections and closes them (seen in the lab).
fn writable(registered: bool, answer: &Answer) -> Result<(), String> {
    match answer.ok() {
        Ok(_) if registered => Ok(()),
        Ok(_) => Err("is ready but not registered yet".to_owned()),
        Err(why) if registered && why == CLOSED => Ok(()),
        Err(why) => Err(format!("is not ready: {why}")),
    }
}

fn broker_questions(gate: &Members, seen: &Observed) -> Vec<Asked> {
    up_members(&gate.members, seen)
        .into_iter()
        .map(|(subject, ip)| Asked {
            subject,
            // Answers `ok` only after it produced to and consumed from a topic of its own.
            question: Question::get(ip.to_string(), BROKER_HTTP, "/admin/v2/brokers/health")
                .within(Duration::from_secs(15)),
        })
        .collect()
}

fn judge_brokers(gate: &Members, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let members = &gate.members;
    let mut reasons = swarm::missing(members, seen);
    let mut healthy = 0;
    for member in members {
        match about(member, asked, answers).next().map(Answer::ok) {
            Some(Ok(b"ok")) => healthy += 1,
            Some(Ok(_)) => reasons.push(Why::new(short(member), "gave an unknown answer")),
            Some(Err(why)) => reasons.push(Why::new(
                short(member),
                format!("is not healthy: {}", first_line(&why)),
            )),
            None => {}
        }
    }
    if healthy >= gate.at_least {
        Verdict::Open(format!(
            "{healthy} of {} produce and consume",
            members.len()
        ))
    } else {
        Verdict::Waiting(reasons)
    }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or("no reason")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bookie_is_writable_if_it_is_registered_and_says_so_or_can_not_say() {
        let says = |status| Answer::Http {
            status,
            body: b"".to_vec(),
        };
        let failed = |why: &str| Answer::Failed(why.to_owned());
        assert_eq!(writable(true, &says(200)), Ok(()));
        assert_eq!(writable(true, &failed(CLOSED)), Ok(()));
        for (registered, answer) in [
            (false, says(200)),
            (true, says(503)),
            (false, failed(CLOSED)),
            (true, failed("connection refused")),
            (true, failed("timed out")),
        ] {
            assert!(writable(registered, &answer).is_err(), "{answer:?}");
        }
    }
}
