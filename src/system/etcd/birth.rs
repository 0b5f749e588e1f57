//! The birth of what etcd keeps: an ID that this tool puts there, since etcd has none of its own.
//!
//! It stands beside what Milvus has, all of which is below `NAME/meta`, `NAME/kv` and `NAME/config` (milvus:
//! `MetaRootPath` and `KvRootPath` in `pkg/util/paramtable/service_param.go`, and `LoadWithPrefix` in
//! `internal/kv/etcd/etcd_kv.go`, which joins the one and a key): nothing lists what it begins with.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{ETCD, PORT};
use crate::birth;
use crate::component::Birth;
use crate::question::{Answer, Question};

/// An ID of the tool's.
pub(super) const BIRTH: Birth = Birth {
    of: "etcd",
    question,
    read,
    write: Some(write),
    by_hand: Some(by_hand),
    has_users: true,
    may_change: true,
};

/// Where it stands.
fn path(cluster: &str) -> String {
    format!("milvus-swarm.birth/{cluster}")
}

/// The same, as etcd's gateway takes it.
pub(super) fn key(cluster: &str) -> String {
    STANDARD.encode(path(cluster))
}

fn question(cluster: &str, host: &str) -> Question {
    let body = json!({ "key": key(cluster) });
    Question::post_json(host, PORT, "/v3/kv/range", &body)
}

/// A linearizable read: what one member says, most of them have.
fn read(answer: &Answer) -> Result<Option<String>, String> {
    let body = answer.json()?;
    // Numbers of 64 bits are texts in what etcd writes, and one that is 0 is left out.
    if !body["header"].is_object() {
        return Err("what it says is no answer of etcd".to_owned());
    }
    let Some(found) = body["kvs"].as_array().and_then(|found| found.first()) else {
        return Ok(None);
    };
    value(found).map(Some)
}

fn value(found: &Value) -> Result<String, String> {
    let code = found["value"].as_str().unwrap_or_default();
    let bytes = STANDARD.decode(code).unwrap_or_default();
    birth::read(&bytes)
}

fn write(cluster: &str, host: &str, birth: &str) -> Question {
    let key = key(cluster);
    let body = json!({
        "compare": [{ "key": key, "target": "CREATE", "create_revision": "0" }],
        "success": [{ "request_put": { "key": key, "value": STANDARD.encode(birth) } }],
    });
    Question::post_json(host, PORT, "/v3/kv/txn", &body)
}

/// What is there stays here, too.
fn by_hand(cluster: &str) -> String {
    let path = path(cluster);
    let stack = ETCD.stack.name;
    format!(
        "printf 'create(\"{path}\") = \"0\"\\n\\nput {path} %s\\n\\n\\n' \"$(openssl rand -hex 16)\" | docker \
         exec -i \"$(docker ps -q -f name={cluster}-{stack}_{} | head -n 1)\" etcdctl txn",
        ETCD.name
    )
}
