//! Reads everything of an inventory but its hosts, filling in defaults.
//!
//! What is malformed has been reported by the checker and reads as absent.

use std::collections::BTreeMap;

use crate::compose::image::ResolveImage;
use crate::role::Role;
use crate::system::milvus::PORT;

use super::grammar::{DEFAULT_MILVUS, DEFAULT_NAME};
use super::model::{
    Bounds, Credentials, DataPlace, Host, Image, Images, Jvm, NamedPath, NetworkSettings, Publish,
    PulsarQuorum, RoleSettings,
};
use super::size;
use super::tree::{Node, Value};
use super::words;

pub(super) fn name(root: &Node) -> String {
    text(root, "name").unwrap_or(DEFAULT_NAME).to_owned()
}

pub(super) fn milvus(root: &Node) -> String {
    let version = text(root, "milvus").unwrap_or(DEFAULT_MILVUS);
    version.strip_prefix('v').unwrap_or(version).to_owned()
}

pub(super) fn images(root: &Node) -> Images {
    let Some(node) = root.get("images") else {
        return Images::default();
    };
    Images {
        registry: owned(node, "registry"),
        resolve: match text(node, "resolve") {
            Some("always") => ResolveImage::Always,
            Some("never") => ResolveImage::Never,
            _ => ResolveImage::Changed,
        },
        overrides: Image::ALL
            .into_iter()
            .filter_map(|image| Some((image, owned(node, image.name())?)))
            .collect(),
    }
}

pub(super) fn roles(root: &Node, hosts: &[Host]) -> BTreeMap<Role, RoleSettings> {
    let all = root.get("roles");
    Role::ALL
        .into_iter()
        .map(|role| {
            let node = all.and_then(|node| node.get(role.name()));
            let count = hosts
                .iter()
                .filter(|host| host.roles.contains(&role))
                .count();
            (role, role_settings(role, node, count as u64))
        })
        .collect()
}

fn role_settings(role: Role, node: Option<&Node>, hosts: u64) -> RoleSettings {
    let number = |key| node.and_then(|node| whole(node, key));
    let per_host = number("per_host").unwrap_or(1);
    RoleSettings {
        replicas: number("replicas").unwrap_or(hosts * per_host),
        per_host,
        cpus: bounds(node, "cpus", size::cpus),
        memory: bounds(node, "memory", size::bytes),
        jvm: jvm(role, node),
        drives: number("drives").unwrap_or(1),
    }
}

/// Java memory: enough for a small cluster unless the inventory says more.
fn jvm(role: Role, node: Option<&Node>) -> Option<Jvm> {
    let given = |key| node.and_then(|node| size::bytes(text(node, key)?).ok());
    let java = role.duty()?.java?;
    let heap = given("heap").unwrap_or(java.heap);
    let direct = java.direct.map(|direct| given("direct").unwrap_or(direct));
    Some(Jvm {
        heap,
        direct: direct.unwrap_or(heap),
    })
}

fn bounds(node: Option<&Node>, key: &str, read: fn(&str) -> Result<i64, String>) -> Bounds {
    let node = node.and_then(|node| node.get(key));
    let one = |key| node.and_then(|node| read(text(node, key)?).ok());
    Bounds {
        reserve: one("reserve"),
        limit: one("limit"),
    }
}

pub(super) fn data(root: &Node) -> DataPlace {
    match root.get("data").and_then(|node| text(node, "dir")) {
        Some(dir) => DataPlace::Dir(dir.trim_end_matches('/').to_owned()),
        None => DataPlace::Volumes,
    }
}

pub(super) fn config(root: &Node) -> serde_json::Value {
    match root.get("config") {
        Some(node) if matches!(node.value, Value::Map(_)) => node.to_json(),
        _ => serde_json::Value::Object(serde_json::Map::new()),
    }
}

pub(super) fn publish(root: &Node) -> Publish {
    let node = root.get("publish");
    let port = |key| node.and_then(|node| u16::try_from(whole(node, key)?).ok());
    let silent = node.is_some_and(|node| node.entry("proxy").is_some());
    Publish {
        proxy: port("proxy").or(if silent { None } else { Some(PORT) }),
        minio: port("minio"),
        console: port("console"),
        metrics: port("metrics"),
    }
}

pub(super) fn network(root: &Node) -> NetworkSettings {
    let node = root.get("network");
    let encrypted = node.and_then(|node| node.get("encrypted"));
    NetworkSettings {
        encrypted: encrypted.is_some_and(|node| node.value == Value::Bool(true)),
        subnet: node.and_then(|node| words::subnet(text(node, "subnet")?).ok()),
    }
}

pub(super) fn credentials(root: &Node) -> Credentials {
    let Some(node) = root.get("credentials") else {
        return Credentials::default();
    };
    let password = |key| named(node.get(key)?, "file");
    Credentials {
        minio_user: owned(node, "minio_user"),
        minio_password: password("minio_password"),
        root_password: password("root_password"),
    }
}

/// Two copies on two bookies, or fewer where there are fewer; each number bounds the next.
pub(super) fn pulsar(root: &Node, bookies: u64) -> PulsarQuorum {
    let node = root.get("pulsar");
    let number = |key| node.and_then(|node| whole(node, key));
    let ensemble = number("ensemble").unwrap_or_else(|| bookies.clamp(1, 2));
    let write_quorum = number("write_quorum").unwrap_or_else(|| ensemble.min(2));
    let ack_quorum = number("ack_quorum").unwrap_or_else(|| write_quorum.min(2));
    PulsarQuorum {
        ensemble,
        write_quorum,
        ack_quorum,
    }
}

pub(super) fn stacks(root: &Node) -> Option<NamedPath> {
    named(root, "stacks")
}

fn named(node: &Node, key: &str) -> Option<NamedPath> {
    Some(NamedPath {
        path: owned(node, key)?,
        source: node.get(key)?.at.source,
    })
}

fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key)?.text()
}

fn owned(node: &Node, key: &str) -> Option<String> {
    text(node, key).map(str::to_owned)
}

fn whole(node: &Node, key: &str) -> Option<u64> {
    match &node.get(key)?.value {
        Value::Number(number, _) => number.as_u64(),
        _ => None,
    }
}
