//! Milvus' sessions: one key per live process under `<rootPath>/meta/session/` in etcd.
//!
//! A session of a process that died lives on for its lease (30 to 60 s), so a session counts
//! only if its address is the overlay address of a current task.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::within::{nearest, none_near};
use super::{PROXY, QUERYNODE};
use crate::component::{Component, Process};
use crate::gate::{
    self, Answers, Asked, Check, Tasks, Verdict, Why, short, swarm, task_name, up, up_members,
};
use crate::milvus::grpc::ShardLeader;
use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::system::etcd::{ETCD, PORT};

/// A live Milvus process as it registered itself
/// (milvus: `internal/util/sessionutil/session_util.go`).
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Session {
    #[serde(rename = "ServerID")]
    pub server_id: i64,
    #[serde(rename = "ServerName")]
    pub role: String,
    /// `ip:port`.
    #[serde(rename = "Address")]
    pub address: String,
    #[serde(rename = "Stopping")]
    pub stopping: bool,
    #[serde(rename = "Version")]
    pub version: String,
    /// From 2.6 on.
    #[serde(rename = "ServerLabels")]
    pub labels: BTreeMap<String, String>,
    /// It is the session of its role's leader: only that one's key does without the process's
    /// number, from the moment it leads. It is a second one beside that of the process.
    #[serde(skip)]
    pub is_leaders: bool,
}

/// The label of the query node in a streaming node, and the one before 2.6.8 (milvus:
/// `internal/querycoordv2/session/node_manager.go`, `IsEmbeddedQueryNodeInStreamingNode`).
const EMBEDDED: [&str; 2] = ["STREAMING-EMBEDDED", "QUERYNODE_STREAMING-EMBEDDED"];

/// What query nodes call themselves.
const SEARCHES: &str = "querynode";

impl Session {
    /// Whether it is of the processes of a service. From 2.6 on a streaming node runs a query node,
    /// which registers too, under the same number and address: that one is of no service of query
    /// nodes (milvus: `cmd/milvus/util.go`, `GetMilvusRoles`).
    #[must_use]
    pub fn is_of(&self, role: &str) -> bool {
        self.role == role && !(role == SEARCHES && self.is_embedded())
    }

    /// Whether it may lead shards: a query node does, that in a streaming node too.
    #[must_use]
    pub fn may_lead(&self) -> bool {
        self.role == SEARCHES && !self.stopping
    }

    fn is_embedded(&self) -> bool {
        let set = |label: &&str| self.labels.get(*label).is_some_and(|value| value == "1");
        EMBEDDED.iter().any(set)
    }

    /// The IP address that the process registered.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let (host, _) = self.address.rsplit_once(':')?;
        host.trim_matches(['[', ']']).parse().ok()
    }
}

/// The tasks registered their sessions in etcd.
pub(super) const REGISTERED: Check<Tasks> = Check {
    name: "registered",
    takes: 5_000,
    asks: &[ETCD.name],
    words: |gate| {
        let (role, tasks) = (role(gate), gate.tasks);
        format!("{role}: {tasks} registered in {}", ETCD.title)
    },
    questions,
    judge,
};

/// The coordinator that leads its kind, by the one session that only a leader has, is a current
/// task. Until then the others of Milvus ask the leader before it, which may be gone.
pub(super) const LEADS: Check<Tasks> = Check {
    name: "leads",
    takes: 5_000,
    asks: &[ETCD.name],
    words: |gate| format!("{}: one leads", role(gate)),
    questions,
    judge: judge_leader,
};

/// No task of the service is left on a node, and its process said goodbye to etcd.
pub(super) const GONE: Check<Tasks> = Check {
    name: gate::GONE,
    takes: 2_000,
    asks: &[ETCD.name],
    words: |gate| format!("{}: gone from {}", short(&gate.service), gate.node()),
    questions,
    judge: judge_gone,
};

/// No process of the service is left, nor a session of one: another would take its place under the
/// same names.
pub(super) const ENDED: Check<Tasks> = Check {
    name: gate::ENDED,
    takes: 2_000,
    asks: &[ETCD.name],
    words: |gate| format!("{}: no longer in {}", short(&gate.service), ETCD.title),
    questions,
    judge: judge_ended,
};

/// The query node on a node of the Swarm leads no shard, so it can leave unnoticed.
pub(super) const LEADS_NO_SHARD: Check<Tasks> = Check {
    name: gate::LEADS_NOTHING,
    takes: 2_000,
    asks: &[ETCD.name, PROXY.name],
    words: |gate| format!("{} on {}: leads no shard", QUERYNODE.one, gate.node()),
    questions: leader_questions,
    judge: judge_leads_none,
};

/// Milvus' own word for the processes of a service.
pub(super) fn role(gate: &Tasks) -> &str {
    let row = Component::named(&gate.component);
    let process = row.and_then(|row| row.milvus);
    process.map_or(&gate.component, |process| process.session)
}

pub(super) fn questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    // Milvus' `etcd.rootPath` is the name of the cluster.
    let prefix = format!("{}/meta/session/", gate.cluster);
    let mut end = prefix.clone().into_bytes();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let body = json!({
        "key": STANDARD.encode(&prefix),
        "range_end": STANDARD.encode(&end),
        "limit": "4096",
    });
    up_members(gate.asked(ETCD.name), seen)
        .into_iter()
        .take(1)
        .map(|(subject, ip)| Asked {
            subject,
            question: Question::post_json(ip.to_string(), PORT, "/v3/kv/range", &body),
        })
        .collect()
}

/// The sessions in an answer to the session question.
///
/// # Errors
/// No answer, or not the JSON of etcd's gateway.
pub fn sessions(answer: &Answer) -> Result<Vec<Session>, String> {
    let body = answer.json()?;
    body["kvs"]
        .as_array()
        .into_iter()
        .flatten()
        .filter(|kv| {
            // `.../session/id` counts server identifiers and is no session.
            kv["value"].as_str().is_some()
        })
        .filter_map(|kv| {
            let decode = |part: &str| STANDARD.decode(kv[part].as_str()?).ok();
            Some((decode("key")?, decode("value")?))
        })
        .filter(|(_, value)| value.first() == Some(&b'{'))
        .map(|(key, value)| {
            let mut session: Session =
                serde_json::from_slice(&value).map_err(|e| format!("a session: {e}"))?;
            session.is_leaders =
                key.rsplit(|byte| *byte == b'/').next() == Some(session.role.as_bytes());
            Ok(session)
        })
        .collect()
}

pub(super) fn read(answers: &Answers) -> Result<Vec<Session>, Verdict> {
    let waiting = |why: String| Verdict::Waiting(vec![Why::new("etcd", why)]);
    let answer = answers
        .first()
        .ok_or_else(|| waiting("has no member up to ask".to_owned()))?;
    sessions(answer).map_err(waiting)
}

fn judge(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let (service, role, wanted) = (gate.service.as_str(), role(gate), gate.tasks);
    let sessions = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let addresses: BTreeSet<IpAddr> = sessions
        .iter()
        .filter(|session| session.is_of(role) && !session.stopping)
        .filter_map(Session::ip)
        .collect();
    let missing = unregistered(service, seen, |task| {
        addresses.iter().any(|at| task.is_at(Some(*at)))
    });
    let registered = (up(seen, service).count() - missing.len()) as u64;
    let mut reasons = swarm::too_few(service, wanted, seen);
    reasons.extend(missing);
    if registered >= wanted {
        Verdict::Open(format!("{registered} registered"))
    } else {
        Verdict::Waiting(reasons).while_it_works(registered > 0)
    }
}

/// The current tasks whose processes are not in etcd, and what befell those before them.
fn unregistered(service: &str, seen: &Observed, is_registered: impl Fn(&Task) -> bool) -> Vec<Why> {
    let missing = up(seen, service).filter(|(task, _)| !is_registered(task));
    let whys = missing.map(|(task, _)| {
        let history = swarm::history(seen, task);
        let text = format!("has not registered in etcd yet{history}");
        Why::new(task_name(task), text)
    });
    whys.collect()
}

/// Under which names a process registers to lead: one, or one for each of its parts.
fn ways(gate: &Tasks) -> Vec<Vec<&str>> {
    let row = Component::named(&gate.component);
    let before = row.and_then(|row| row.milvus?.before);
    let parts = before.map(|before| before.sessions.to_vec());
    std::iter::once(vec![role(gate)]).chain(parts).collect()
}

/// Whether current tasks lead. The session of a leader that was stopped stays for its lease,
/// and while it is there nobody else leads and every other process still dials the one that is
/// gone (seen with milvus 2.3.5: 29 s after its end). The parts of one process may lead in several.
fn judge_leader(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let service = gate.service.as_str();
    let sessions = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let leads = |role: &str| {
        let mut own = sessions.iter().filter(|session| session.role == *role);
        let ip = own.find(|session| session.is_leaders)?.ip();
        let mut up = up(seen, service);
        up.find(|(task, _)| task.is_at(ip)).map(|(task, _)| task)
    };
    let ways = ways(gate);
    for way in &ways {
        if let Some(tasks) = way
            .iter()
            .map(|role| leads(role))
            .collect::<Option<Vec<_>>>()
        {
            let names: BTreeSet<String> = tasks.into_iter().map(task_name).collect();
            let verb = if names.len() == 1 { "does" } else { "do" };
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            return Verdict::Open(format!("{names} {verb}"));
        }
    }
    let is_its = |role: &&str| sessions.iter().any(|session| session.role == **role);
    let way = ways.iter().find(|way| way.iter().any(is_its));
    let mut roles = way.or(ways.first()).into_iter().flatten();
    let role = roles.find(|role| leads(role).is_none());
    led_by_none(gate, role.copied().unwrap_or_default(), seen, &sessions)
}

/// Why no current task leads under a name.
fn led_by_none(gate: &Tasks, role: &str, seen: &Observed, sessions: &[Session]) -> Verdict {
    let service = gate.service.as_str();
    let own = || sessions.iter().filter(|session| session.role == role);
    let leader = own().find(|session| session.is_leaders);
    let ip = leader.and_then(Session::ip);
    let mut reasons = swarm::too_few(service, 1, seen);
    reasons.extend(unregistered(service, seen, |task| {
        own().any(|session| task.is_at(session.ip()))
    }));
    let older = seen
        .tasks_of(service)
        .filter(|task| task.is_up())
        .find(|task| task.is_at(ip));
    match (leader, older) {
        (None, _) if reasons.is_empty() => {
            reasons.push(Why::new(short(service), "has no leader yet"))
        }
        (None, _) => {}
        (Some(_), Some(task)) => {
            reasons.push(Why::new(task_name(task), "leads and is of an older spec"))
        }
        (Some(gone), None) => reasons.push(Why::new(
            short(service),
            format!(
                "was led by {}, which ended: the next one leads when its session has run out",
                gone.address
            ),
        )),
    }
    Verdict::Waiting(reasons).while_it_works(older.is_some())
}

/// Whether nothing of a service is left.
fn judge_ended(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let sessions = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let tasks = seen.tasks_of(&gate.service).filter(|task| task.is_up());
    let mut reasons: Vec<Why> = tasks
        .map(|task| Why::new(task_name(task), "has not ended yet"))
        .collect();
    let process = Component::named(&gate.component).and_then(|row| row.milvus);
    let names: Vec<&str> = process.iter().flat_map(Process::sessions).collect();
    let own = sessions.iter();
    let own = own.filter(|session| names.contains(&session.role.as_str()));
    reasons.extend(own.filter(|session| !session.is_leaders).map(|session| {
        let text = format!("is still registered in etcd as `{}`", session.role);
        Why::new(&session.address, text)
    }));
    if reasons.is_empty()
        && let Some(left) = sessions
            .iter()
            .find(|session| names.contains(&session.role.as_str()))
    {
        let text = format!(
            "still leads as `{}` until its session has run out",
            left.role
        );
        reasons.push(Why::new(&left.address, text));
    }
    Verdict::from_reasons(reasons, || "nothing of it is left".to_owned())
}

/// Whether a Milvus process left a node. Swarm's own word is not enough: a task that was ended
/// because its node lost a label stays `rejected` whatever becomes of its process, so the
/// process's session is what counts.
fn judge_gone(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let (service, node) = (gate.service.as_str(), gate.node());
    let Some(id) = seen
        .nodes
        .iter()
        .find(|candidate| candidate.hostname == node)
        .map(|node| &node.id)
    else {
        return Verdict::Open("the node left the Swarm".to_owned());
    };
    let there: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|task| task.service == service && &task.node_id == id)
        .collect();
    let mut reasons: Vec<Why> = there
        .iter()
        .filter(|task| task.is_up())
        .map(|task| Why::new(task_name(task), "has not been told to stop yet"))
        .collect();
    match read(answers) {
        Err(verdict) => return verdict,
        Ok(sessions) => {
            for task in there {
                let here = sessions.iter().find(|session| task.is_at(session.ip()));
                if let Some(session) = here {
                    let what = if session.stopping {
                        "is handing over its segments"
                    } else {
                        "is still registered in etcd"
                    };
                    reasons.push(Why::new(task_name(task), what));
                }
            }
        }
    }
    Verdict::from_reasons(reasons, || "it left".to_owned())
}

/// The sessions, and a proxy's word on who leads which shard, which it gives to root.
pub(super) fn leader_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    let mut proxies = gate.asked(PROXY.name).iter();
    let proxy = proxies.find_map(|proxy| nearest(proxy, up(seen, proxy), seen));
    let proxy = proxy.map(|(task, ip)| Asked {
        subject: task_name(task),
        question: Question::ShardLeaders {
            host: ip.to_string(),
        },
    });
    questions(gate, seen).into_iter().chain(proxy).collect()
}

fn judge_leads_none(gate: &Tasks, seen: &Observed, _: &[Asked], answers: &Answers) -> Verdict {
    let (service, node) = (gate.service.as_str(), gate.node());
    let on_node = seen
        .nodes
        .iter()
        .find(|candidate| candidate.hostname == node)
        .and_then(|node| up(seen, service).find(|(task, _)| task.node_id == node.id));
    let Some((task, _)) = on_node else {
        return Verdict::Open("no task there".to_owned());
    };
    match leads(task, answers) {
        Err(why) => Verdict::Waiting(vec![Why::new(short(service), unheard(gate, seen, why))]),
        Ok(shards) if shards.is_empty() => Verdict::Open("it leads no shard".to_owned()),
        Ok(shards) => Verdict::Waiting(vec![Why::new(
            task_name(task),
            format!("leads {}", shards.join(", ")),
        )]),
    }
}

/// Why nobody said who leads: the proxy that is waited for where that is it.
fn unheard(gate: &Tasks, seen: &Observed, why: String) -> String {
    let proxies = gate.asked(PROXY.name);
    let asked = proxies
        .iter()
        .any(|proxy| nearest(proxy, up(seen, proxy), seen).is_some());
    let first = proxies.first().filter(|_| !asked);
    first.map_or(why, |proxy| {
        format!("is not known to lead no shard: {}", none_near(proxy, seen))
    })
}

/// The shards that the query node of a task leads.
///
/// # Errors
/// The sessions or the leaders are not known.
pub fn leads(task: &Task, answers: &Answers) -> Result<Vec<String>, String> {
    let [sessions_answer, leaders, ..] = answers else {
        return Err("neither etcd nor a proxy is up to ask".to_owned());
    };
    let sessions = sessions(sessions_answer)?;
    let id = sessions
        .iter()
        .find(|session| session.role == SEARCHES && task.is_at(session.ip()))
        .map(|session| session.server_id);
    let leaders: Vec<ShardLeader> =
        serde_json::from_slice(leaders.ok()?).map_err(|error| format!("shard leaders: {error}"))?;
    Ok(leaders
        .into_iter()
        .filter(|leader| Some(leader.leader) == id)
        .map(|leader| format!("{}/{}", leader.collection, leader.channel))
        .collect())
}
