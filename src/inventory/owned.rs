//! The Milvus settings that an inventory may not set, because the tool derives them.

use std::collections::HashMap;

use super::problem::{Finding, Problem};
use super::tree::{Node, Value};

/// Each such setting, and where its value comes from.
const OWNED: [(&str, &str); 22] = [
    (
        "etcd.endpoints",
        "it follows from the hosts with the role `etcd`",
    ),
    ("etcd.rootPath", "it is the name of the cluster"),
    (
        "minio.address",
        "it follows from the hosts with the role `minio`",
    ),
    (
        "minio.port",
        "it follows from the hosts with the role `minio`",
    ),
    ("minio.accessKeyID", "the user is `credentials.minio_user`"),
    (
        "minio.secretAccessKey",
        "the password is `credentials.minio_password`",
    ),
    (
        "minio.useSSL",
        "MinIO listens without TLS; `network.encrypted` encrypts the whole network",
    ),
    (
        "minio.bucketName",
        "it follows from `name`, the name of the cluster",
    ),
    (
        "minio.rootPath",
        "it stays `files`: elsewhere Milvus would not find what it stored",
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
        "msgChannel.chanNamePrefix.cluster",
        "it is the name of the cluster",
    ),
    ("proxy.port", "the port that users reach is `publish.proxy`"),
    ("rootCoord.enableActiveStandby", STANDBY),
    ("dataCoord.enableActiveStandby", STANDBY),
    ("queryCoord.enableActiveStandby", STANDBY),
    ("indexCoord.enableActiveStandby", STANDBY),
    ("mixCoord.enableActiveStandby", STANDBY),
    (
        "common.security.defaultRootPassword",
        "the password is `credentials.root_password`",
    ),
    (
        "common.security.authorizationEnabled",
        "authentication is always on",
    ),
    (
        "common.security.tlsMode",
        "it stays 0: health is asked of Milvus without TLS",
    ),
];

const STANDBY: &str = "it follows from the number of hosts with the role `coord`";

/// `stacks/pulsar.yml` gives it to the brokers; they hang up on whoever sends more.
const BROKER_MAX_MESSAGE: u64 = 104_857_600;

/// Whether a Milvus setting such as `etcd.endpoints` follows from the inventory and is not set by
/// hand.
#[must_use]
pub fn is_owned(path: &str) -> bool {
    OWNED.iter().any(|(key, _)| same(key, path))
}

/// Everything that a `config` sets and may not.
pub(super) fn check(config: &Node) -> Vec<Finding> {
    let mut found = Vec::new();
    walk(config, "", &mut found);
    found
}

fn walk(node: &Node, path: &str, found: &mut Vec<Finding>) {
    twins(node, found);
    for entry in node.entries() {
        let path = if path.is_empty() {
            entry.key.clone()
        } else {
            format!("{path}.{}", entry.key)
        };
        if let Some((_, instead)) = OWNED.iter().find(|(key, _)| same(key, &path)) {
            let problem = Problem::OwnedConfig { key: path, instead };
            found.push(Finding::at(entry.at, problem));
        } else if let Value::Map(_) = entry.value.value {
            walk(&entry.value, &path, found);
        } else if let Some((owned, instead)) = OWNED.iter().find(|(key, _)| is_below(key, &path)) {
            let problem = Problem::OwnedBelow {
                key: path,
                owned,
                instead,
            };
            found.push(Finding::at(entry.at, problem));
        } else if same("pulsar.maxMessageSize", &path) {
            found.extend(message_size(&entry.value));
        }
    }
}

/// Keys of one map that Milvus takes for one: which of them counts would be chance.
fn twins(node: &Node, found: &mut Vec<Finding>) {
    let mut seen = HashMap::new();
    for entry in node.entries() {
        if let Some((first, at)) = seen.insert(plain(&entry.key), (&entry.key, entry.at)) {
            let problem = Problem::TwinKeys {
                key: entry.key.clone(),
                other: first.clone(),
            };
            found.push(Finding::at(entry.at, problem).also(at, "the other one"));
        }
    }
}

fn message_size(node: &Node) -> Option<Finding> {
    let text = node.text()?;
    let fits = text
        .parse::<u64>()
        .is_ok_and(|bytes| bytes <= BROKER_MAX_MESSAGE);
    let problem = Problem::MessageSize {
        text: text.to_owned(),
        most: BROKER_MAX_MESSAGE,
    };
    (!fits).then(|| Finding::at(node.at, problem))
}

/// A key as Milvus compares it: in lower case, without `.`, `_` and `/`.
fn letters(key: &str) -> impl Iterator<Item = char> + '_ {
    key.chars()
        .filter(|c| !matches!(c, '.' | '_' | '/'))
        .flat_map(char::to_lowercase)
}

fn plain(key: &str) -> String {
    letters(key).collect()
}

fn same(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

/// Whether a key such as `etcd.endpoints` stands below a path such as `etcd`.
fn is_below(key: &str, path: &str) -> bool {
    key.match_indices('.')
        .any(|(dot, _)| same(&key[..dot], path))
}
