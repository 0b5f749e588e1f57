//! The Milvus settings that an inventory may not set, because the tool derives them.

use super::problem::{Finding, Problem};
use super::tree::Node;

/// Each such setting in lower case, and where its value comes from.
const OWNED: [(&str, &str); 10] = [
    (
        "etcd.endpoints",
        "it follows from the hosts with the role `etcd`",
    ),
    (
        "minio.address",
        "it follows from the hosts with the role `minio`",
    ),
    (
        "minio.port",
        "it follows from the hosts with the role `minio`",
    ),
    ("minio.accesskeyid", "the user is `credentials.minio_user`"),
    (
        "minio.secretaccesskey",
        "the password is `credentials.minio_password`",
    ),
    (
        "pulsar.address",
        "it follows from the hosts with the role `broker`",
    ),
    (
        "pulsar.port",
        "it follows from the hosts with the role `broker`",
    ),
    ("mq.type", "the cluster's queue is Pulsar"),
    (
        "common.security.defaultrootpassword",
        "the password is `credentials.root_password`",
    ),
    (
        "common.security.authorizationenabled",
        "authentication is always on",
    ),
];

/// Every owned setting that a `config` sets.
pub(super) fn check(config: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    walk(config, "", &mut found);
    found
}

fn walk(node: &Node, path: &str, found: &mut Vec<Finding>) {
    for entry in node.entries() {
        let path = if path.is_empty() {
            entry.key.clone()
        } else {
            format!("{path}.{}", entry.key)
        };
        let lower = path.to_lowercase();
        if let Some((_, instead)) = OWNED.iter().find(|(key, _)| *key == lower) {
            let problem = Problem::OwnedConfig { key: path, instead };
            found.push(Finding::at(entry.at, problem));
        } else {
            walk(&entry.value, &path, found);
        }
    }
}
