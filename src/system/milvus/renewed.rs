//! Whether a renewed task of a Milvus service has taken over from the one before.

use super::PROXY;
use super::session::{Session, leader_questions, questions, read, role};
use crate::gate::{self, Answers, Asked, Check, Tasks, Verdict, Why, short, swarm, task_name};
use crate::milvus::grpc::ShardLeader;
use crate::observed::{Observed, Task};
use crate::system::etcd::ETCD;
use crate::system::haproxy;

/// So many tasks are made from the present spec, and all of them have taken over: each is
/// registered, and none of those before is.
pub(super) const RENEWED: Check<Tasks> = Check {
    name: gate::RENEWED,
    takes: 2_000,
    asks: &[ETCD.name],
    words,
    questions,
    judge,
};

/// The same, and every shard has a leader: of tasks that may lead some.
pub(super) const RENEWED_AND_LED: Check<Tasks> = Check {
    name: gate::RENEWED,
    takes: 2_000,
    asks: &[ETCD.name, PROXY.name],
    words,
    questions: leader_questions,
    judge,
};

/// The same of proxies, of which Swarm tells balancers the names besides: it names a task once it is
/// `running`, and those before must not go while balancers know no other.
pub(super) const RENEWED_AND_NAMED: Check<Tasks> = Check {
    name: gate::RENEWED,
    takes: 2_000,
    asks: &[ETCD.name],
    words,
    questions,
    judge: |gate, seen, asked, answers| {
        haproxy::named(gate, seen, judge(gate, seen, asked, answers))
    },
};

fn words(gate: &Tasks) -> String {
    let renewed = gate.renewed.unwrap_or(gate.tasks);
    format!(
        "{}: {renewed} of {} renewed",
        short(&gate.service),
        gate.tasks
    )
}

fn judge(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let (service, role, tasks) = (gate.service.as_str(), role(gate), gate.tasks);
    let renewed = gate.renewed.unwrap_or(tasks);
    let all: Vec<Session> = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let sessions: Vec<&Session> = all.iter().filter(|one| one.is_of(role)).collect();
    let up: Vec<&Task> = seen.tasks_of(service).filter(|task| task.is_up()).collect();
    let current = up.iter().filter(|task| seen.is_current(task)).count() as u64;
    let mut reasons = Vec::new();
    if current < renewed {
        let mut why = swarm::too_few(service, renewed, seen);
        if why.is_empty() {
            let text = format!("has {current} of {renewed} tasks with the new spec");
            why.push(Why::new(short(service), text));
        }
        reasons.append(&mut why);
    } else if up.len() as u64 != tasks {
        // Too many of them are some that Swarm is about to take away.
        let text = format!("has {} of {tasks} tasks up", up.len());
        reasons.push(Why::new(short(service), text));
    }
    let lives = |session: &Session| up.iter().any(|task| task.is_at(session.ip()));
    for task in &up {
        let registered = sessions
            .iter()
            .any(|session| !session.stopping && task.is_at(session.ip()));
        if !registered {
            reasons.push(Why::new(task_name(task), "has not registered in etcd yet"));
        }
    }
    for session in sessions.iter().filter(|one| !lives(one)) {
        let what = if session.stopping {
            "is handing over its work"
        } else {
            "has ended and is still registered in etcd"
        };
        reasons.push(Why::new(&session.address, what));
    }
    if let Some(leaders) = answers.get(1) {
        reasons.extend(leaderless(leaders, &all));
    }
    Verdict::from_reasons(reasons, || format!("{renewed} of {tasks} renewed"))
}

/// Shards whose leader is no live query node, in a streaming node or by itself.
fn leaderless(leaders: &crate::question::Answer, sessions: &[Session]) -> Vec<Why> {
    let leaders: Result<Vec<ShardLeader>, String> = leaders.ok().and_then(|bytes| {
        serde_json::from_slice(bytes).map_err(|error| format!("shard leaders: {error}"))
    });
    match leaders {
        Err(why) => vec![Why::new("proxy", why)],
        Ok(leaders) => leaders
            .into_iter()
            .filter(|leader| {
                !sessions
                    .iter()
                    .any(|session| session.may_lead() && session.server_id == leader.leader)
            })
            .map(|leader| {
                let shard = format!("{}/{}", leader.collection, leader.channel);
                Why::new(shard, "has no leader yet")
            })
            .collect(),
    }
}
