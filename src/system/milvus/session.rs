//! Milvus' sessions: one key per live process under `<rootPath>/meta/session/` in etcd.
//!
//! A session of a process that died lives on for its lease (30 to 60 s), so a session counts
//! only if its address is the overlay address of a current task.

use std::collections::BTreeSet;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::gate::{Answers, Asked, Verdict, Why, short, swarm, task_name, up, up_members};
use crate::milvus::grpc::ShardLeader;
use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::system::etcd::PORT;

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
    /// It is the session of its role's leader: only that one's key does without the process's
    /// number, from the moment it leads. It is a second one beside that of the process.
    #[serde(skip)]
    pub is_leaders: bool,
}

impl Session {
    /// The IP address that the process registered.
    #[must_use]
    pub fn ip(&self) -> Option<IpAddr> {
        let (host, _) = self.address.rsplit_once(':')?;
        host.trim_matches(['[', ']']).parse().ok()
    }
}

pub(crate) fn questions(members: &[String], root_path: &str, seen: &Observed) -> Vec<Asked> {
    let prefix = format!("{root_path}/meta/session/");
    let mut end = prefix.clone().into_bytes();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    let body = json!({
        "key": STANDARD.encode(&prefix),
        "range_end": STANDARD.encode(&end),
        "limit": "4096",
    });
    up_members(members, seen)
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

pub(crate) fn read(answers: &Answers) -> Result<Vec<Session>, Verdict> {
    let waiting = |why: String| Verdict::Waiting(vec![Why::new("etcd", why)]);
    let answer = answers
        .first()
        .ok_or_else(|| waiting("has no member up to ask".to_owned()))?;
    sessions(answer).map_err(waiting)
}

pub(crate) fn judge(
    service: &str,
    role: &str,
    wanted: u64,
    seen: &Observed,
    answers: &Answers,
) -> Verdict {
    let sessions = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let addresses: BTreeSet<IpAddr> = sessions
        .iter()
        .filter(|session| session.role == role && !session.stopping)
        .filter_map(Session::ip)
        .collect();
    let missing = unregistered(service, seen, |ip| addresses.contains(&ip));
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
fn unregistered(
    service: &str,
    seen: &Observed,
    is_registered: impl Fn(IpAddr) -> bool,
) -> Vec<Why> {
    let missing = up(seen, service).filter(|(_, ip)| !is_registered(*ip));
    let whys = missing.map(|(task, _)| {
        let history = swarm::history(seen, task);
        let text = format!("has not registered in etcd yet{history}");
        Why::new(task_name(task), text)
    });
    whys.collect()
}

/// Whether a current task leads. The session of a leader that was stopped stays for its lease,
/// and while it is there nobody else leads and every other process still dials the one that is
/// gone (seen with milvus 2.3.5: 29 s after its end).
pub(crate) fn judge_leader(
    service: &str,
    role: &str,
    seen: &Observed,
    answers: &Answers,
) -> Verdict {
    let sessions = match read(answers) {
        Ok(sessions) => sessions,
        Err(verdict) => return verdict,
    };
    let own = || sessions.iter().filter(|session| session.role == role);
    let leader = own().find(|session| session.is_leaders);
    let ip = leader.and_then(Session::ip);
    if let Some((task, _)) = up(seen, service).find(|(_, at)| Some(*at) == ip) {
        return Verdict::Open(format!("{} does", task_name(task)));
    }
    let mut reasons = swarm::too_few(service, 1, seen);
    reasons.extend(unregistered(service, seen, |at| {
        own().any(|session| session.ip() == Some(at))
    }));
    let older = seen
        .tasks_of(service)
        .filter(|task| task.is_up())
        .find(|task| task.addresses.values().any(|at| Some(*at) == ip));
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

/// Whether a Milvus process left a node. Swarm's own word is not enough: a task that was ended
/// because its node lost a label stays `rejected` whatever becomes of its process, so the
/// process's session is what counts.
pub(crate) fn judge_gone(service: &str, node: &str, seen: &Observed, answers: &Answers) -> Verdict {
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
                let here = sessions
                    .iter()
                    .find(|session| task.addresses.values().any(|ip| session.ip() == Some(*ip)));
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

/// The sessions, and a proxy's word on who leads which shard.
pub(crate) fn leader_questions(
    etcd: &[String],
    root_path: &str,
    proxy: &str,
    seen: &Observed,
) -> Vec<Asked> {
    let proxy = up(seen, proxy).next().map(|(task, ip)| Asked {
        subject: task_name(task),
        question: Question::ShardLeaders {
            host: ip.to_string(),
        },
    });
    questions(etcd, root_path, seen)
        .into_iter()
        .chain(proxy)
        .collect()
}

pub(crate) fn judge_leads_none(
    service: &str,
    node: &str,
    seen: &Observed,
    answers: &Answers,
) -> Verdict {
    let on_node = seen
        .nodes
        .iter()
        .find(|candidate| candidate.hostname == node)
        .and_then(|node| up(seen, service).find(|(task, _)| task.node_id == node.id));
    let Some((task, ip)) = on_node else {
        return Verdict::Open("no task there".to_owned());
    };
    match leads(ip, answers) {
        Err(why) => Verdict::Waiting(vec![Why::new(short(service), why)]),
        Ok(shards) if shards.is_empty() => Verdict::Open("it leads no shard".to_owned()),
        Ok(shards) => Verdict::Waiting(vec![Why::new(
            task_name(task),
            format!("leads {}", shards.join(", ")),
        )]),
    }
}

/// The shards that the query node at an address leads.
///
/// # Errors
/// The sessions or the leaders are not known.
pub fn leads(ip: IpAddr, answers: &Answers) -> Result<Vec<String>, String> {
    let [sessions_answer, leaders, ..] = answers else {
        return Err("neither etcd nor a proxy is up to ask".to_owned());
    };
    let sessions = sessions(sessions_answer)?;
    let id = sessions
        .iter()
        .find(|session| session.role == "querynode" && session.ip() == Some(ip))
        .map(|session| session.server_id);
    let leaders: Vec<ShardLeader> =
        serde_json::from_slice(leaders.ok()?).map_err(|error| format!("shard leaders: {error}"))?;
    Ok(leaders
        .into_iter()
        .filter(|leader| Some(leader.leader) == id)
        .map(|leader| format!("{}/{}", leader.collection, leader.channel))
        .collect())
}
