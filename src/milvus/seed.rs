//! The root user's credential, put into etcd before a coordinator can make up a default one.
//!
//! The root coordinator creates `root` with Milvus' default password only if the key is absent
//! (milvus: `internal/rootcoord/root_coord.go`, `initCredentials`); a key that is there before
//! the first start leaves no moment at which the default password works. From 2.4.7 on it is in the
//! settings too, for those who deploy by hand; this one hangs on no template and on no version.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::question::Question;
use crate::system::etcd::PORT as ETCD;

/// Milvus hashes with bcrypt's lowest cost (milvus: `pkg/util/crypto`); a password of 32
/// random letters and digits does not need a slow hash.
const COST: u32 = 4;

fn key(root_path: &str) -> String {
    format!("{root_path}/meta/root-coord/credential/users/root")
}

/// Puts the hash of a password if no credential is there yet.
///
/// # Errors
/// A password that bcrypt does not take.
pub fn seed_question(ip: &str, root_path: &str, password: &str) -> Result<Question, String> {
    let hash = bcrypt::hash(password, COST).map_err(|error| error.to_string())?;
    let value = json!({ "encrypted_password": hash }).to_string();
    let key = STANDARD.encode(key(root_path));
    let body = json!({
        "compare": [{ "key": key, "target": "CREATE", "create_revision": "0" }],
        "success": [{ "request_put": { "key": key, "value": STANDARD.encode(value) } }],
    });
    Ok(Question::post_json(ip, ETCD, "/v3/kv/txn", &body))
}
