//! Stopping query nodes without a hand-over.
//!
//! A query node that is told to stop waits up to half an hour for others to take its segments
//! (milvus: `internal/querynodev2/server.go`, `Stop`). When all of them go there are no others.
//! Milvus reads `queryNode.gracefulStopTimeout` anew from etcd every ten seconds
//! (`pkg/config/etcd_source.go`), so the wait can be cut short without touching a task.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::question::{Answer, Question};
use crate::system::etcd::{ETCD, PORT};

/// The setting, below `ROOT/config/` in etcd.
pub const SETTING: &str = "queryNode/gracefulStopTimeout";

/// Seconds until the setting takes itself away again, also if nobody comes back.
const LIFETIME: u32 = 120;
/// Seconds that a query node then waits.
const WAIT: &str = "1";

/// Asks for a lease, so that the setting ends by itself.
#[must_use]
pub fn lease_question(ip: &str) -> Question {
    let body = json!({ "TTL": LIFETIME.to_string() });
    Question::post_json(ip, PORT, "/v3/lease/grant", &body)
}

/// Puts the setting under the lease in the answer to [`lease_question`].
///
/// # Errors
/// There is no lease in it.
pub fn setting_question(ip: &str, root_path: &str, lease: &Answer) -> Result<Question, String> {
    let lease = lease.json()?;
    let id = lease["ID"]
        .as_str()
        .ok_or_else(|| format!("{} gave no lease", ETCD.title))?;
    let key = format!("{root_path}/config/{SETTING}");
    let body = json!({
        "key": STANDARD.encode(key),
        "value": STANDARD.encode(WAIT),
        "lease": id,
    });
    Ok(Question::post_json(ip, PORT, "/v3/kv/put", &body))
}
