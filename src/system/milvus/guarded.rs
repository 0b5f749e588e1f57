//! Proxies that let nobody in without a password, and nothing in etcd that tells them to.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::gate::up_members;
use crate::gate::{self, Answers, Asked, Check, Tasks, Verdict, Why, about, short, task_name, up};
use crate::milvus::HAND_OVER;
use crate::milvus::grpc::Strangers;
use crate::observed::Observed;
use crate::question::{Answer, Question};
use crate::system::etcd::{ETCD, PORT};
use crate::words::names;

/// No task lets in whoever has no password, or the one that each Milvus begins with. They are asked
/// over gRPC: whether it asks for one is looked up with each request there, and only at its start by
/// the HTTP server (milvus: `AuthenticationInterceptor` in `internal/proxy/authentication_interceptor.go`,
/// `startHTTPServer` in `internal/distributed/proxy/service.go`).
pub(super) const GUARDED: Check<Tasks> = Check {
    name: gate::GUARDED,
    takes: 500,
    asks: &[ETCD.name],
    words: |_| format!("{}: none lets in who has no password", super::PROXY.title),
    questions,
    judge,
};

/// The one setting that Milvus itself writes there, from 2.6.14 on: which log it has (milvus:
/// `ProcessImmutableConfigs` in `pkg/config/manager.go`; `mq.type` alone is `Immutable`).
const OWN: &str = "mqtype";

/// Where Milvus reads settings from every few seconds, over those of its files (milvus:
/// `refreshConfigurations` in `pkg/config/etcd_source.go`).
fn prefix(cluster: &str) -> String {
    // Milvus' `etcd.rootPath` is the name of the cluster.
    format!("{cluster}/config/")
}

fn questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    let prefix = prefix(&gate.cluster);
    let mut end = prefix.clone().into_bytes();
    if let Some(last) = end.last_mut() {
        *last += 1;
    }
    // What they are set to may be a password.
    let body = json!({
        "key": STANDARD.encode(&prefix),
        "range_end": STANDARD.encode(&end),
        "keys_only": true,
        "limit": "64",
    });
    let etcd = up_members(gate.asked(ETCD.name), seen).into_iter().take(1);
    let etcd = etcd.map(|(subject, ip)| Asked {
        subject,
        question: Question::post_json(ip.to_string(), PORT, "/v3/kv/range", &body),
    });
    let proxies = up(seen, &gate.service).map(|(task, ip)| Asked {
        subject: task_name(task),
        question: Question::Strangers {
            host: ip.to_string(),
        },
    });
    etcd.chain(proxies).collect()
}

/// The settings in etcd that neither this tool nor Milvus wrote there.
fn settings(cluster: &str, answer: &Answer) -> Result<Vec<String>, String> {
    let body = answer.json()?;
    let all = body["kvs"].as_array().into_iter().flatten();
    let prefix = prefix(cluster);
    let keys = all.filter_map(|kv| {
        let key = STANDARD.decode(kv["key"].as_str()?).ok()?;
        let key = String::from_utf8_lossy(&key).into_owned();
        let is_lent = !matches!(kv["lease"].as_str(), None | Some("0"));
        let is_own = key.strip_prefix(&prefix).is_some_and(|name| {
            // That of this tool takes itself away.
            name == OWN || is_lent && name == HAND_OVER
        });
        (!is_own).then_some(key)
    });
    Ok(keys.collect())
}

fn judge(gate: &Tasks, seen: &Observed, asked: &[Asked], answers: &Answers) -> Verdict {
    let etcd = short(ETCD.name);
    let mut open = Vec::new();
    let mut unknown = Vec::new();
    let mut asked_of_etcd = asked.iter().zip(answers);
    let found = asked_of_etcd.find(|(asked, _)| matches!(asked.question, Question::Http { .. }));
    let found = found.map_or_else(
        || Err("has no member up to ask".to_owned()),
        |(_, answer)| settings(&gate.cluster, answer),
    );
    let planted = match found {
        Ok(keys) if keys.is_empty() => None,
        Ok(keys) => Some(Why::new(etcd, planted(&keys))),
        Err(why) => {
            unknown.push(Why::new(etcd, why));
            None
        }
    };
    let mut closed = 0;
    for (task, _) in up(seen, &gate.service) {
        let name = task_name(task);
        let answer = about(&name, asked, answers).next();
        match answer.map(Strangers::read) {
            Some(Ok(let_in)) => match let_in.told() {
                None => closed += 1,
                Some(told) => open.push(Why::new(&name, told)),
            },
            Some(Err(why)) => {
                let why = format!("was not asked without a password: {why}");
                unknown.push(Why::new(&name, why));
            }
            None => unknown.push(Why::new(&name, "was not asked yet")),
        }
    }
    let is_planted = planted.is_some();
    open.extend(planted);
    open.extend(unknown);
    if is_planted {
        // It stays until a person takes it out.
        return Verdict::Shut(open);
    }
    Verdict::from_reasons(open, || format!("none of {closed} does"))
}

fn planted(keys: &[String]) -> String {
    let (them, are, change) = match keys {
        [_] => ("it", "is", "changes"),
        _ => ("them", "are", "change"),
    };
    // Somebody else chose these names, and commands are copied.
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
    let copied = keys.iter().filter(|key| key.chars().all(plain));
    let commands: Vec<String> = copied.map(|key| format!("etcdctl del {key}")).collect();
    let command = if commands.is_empty() {
        String::new()
    } else {
        format!(", in a task of etcd: {}", commands.join("; "))
    };
    format!(
        "holds {}, which {are} none of this tool's and {change} what Milvus does while it runs, whatever its \
         files say: whoever wrote {them} may have opened it to others. Take {them} out{command}; what you want \
         of it belongs under `config` in the inventory",
        names(keys)
    )
}
