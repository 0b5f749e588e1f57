//! Reads everything of an inventory but its hosts, filling in defaults.
//!
//! What is malformed has been reported by the checker and reads as absent.

use std::collections::{BTreeMap, BTreeSet};

use crate::compose::image::ResolveImage;
use crate::role::Role;
use crate::system::PUBLISHED;
use crate::system::grammar::CREDENTIALS;
use crate::system::milvus::grammar::{COORDINATORS, MIXED};
use crate::system::pulsar::grammar::LEDGERS;

use super::grammar::DEFAULT_NAME;
use super::model::{
    Bounds, Credentials, DataPlace, Host, Image, Images, Jvm, NamedPath, NetworkSettings, Publish,
    PulsarQuorum, RoleSettings,
};
use super::shape::Shape;
use super::size;
use super::tree::{Node, Value};
use super::words;

pub(super) fn name(root: &Node) -> String {
    text(root, "name").unwrap_or(DEFAULT_NAME).to_owned()
}

pub(super) fn milvus(root: &Node) -> Option<String> {
    let version = text(root, "milvus")?;
    Some(version.strip_prefix('v').unwrap_or(version).to_owned())
}

pub(super) fn accepted(root: &Node) -> BTreeSet<String> {
    let node = root.get("accept");
    let one = |node: &Node| node.text().map(str::to_owned);
    match node.map(|node| &node.value) {
        Some(Value::List(items)) => items.iter().filter_map(one).collect(),
        _ => node.and_then(one).into_iter().collect(),
    }
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
        overrides: Image::all()
            .filter_map(|image| Some((image, owned(node, image.name)?)))
            .collect(),
    }
}

pub(super) fn roles(
    root: &Node,
    hosts: &[Host],
    by_default: &BTreeSet<Role>,
) -> BTreeMap<Role, RoleSettings> {
    let of = |role: Role| root.get("roles").and_then(|all| all.get(role.name()));
    Role::ALL
        .into_iter()
        .map(|role| {
            let count = hosts
                .iter()
                .filter(|host| host.roles.contains(&role))
                .count();
            let said = Said {
                own: of(role),
                other: role.duty().and_then(|duty| of(duty.sized_as?)),
                shares_hosts: by_default.contains(&role),
            };
            (role, role_settings(role, &said, count as u64))
        })
        .collect()
}

/// What an inventory says of a role, and of the one whose settings it has otherwise.
struct Said<'a> {
    own: Option<&'a Node>,
    other: Option<&'a Node>,
    /// It runs on the hosts of that one: as many tasks of it too.
    shares_hosts: bool,
}

impl<'a> Said<'a> {
    /// The map that decides a key.
    fn of(&self, key: &str) -> Option<&'a Node> {
        let other = self.other.filter(|_| self.shares_hosts || is_size(key));
        let says = |node: &&Node| node.entry(key).is_some();
        self.own.filter(says).or(other)
    }
}

fn is_size(key: &str) -> bool {
    matches!(key, "cpus" | "memory")
}

fn role_settings(role: Role, said: &Said<'_>, hosts: u64) -> RoleSettings {
    let number = |key| said.of(key).and_then(|node| whole(node, key));
    let per_host = number("per_host").unwrap_or(1);
    RoleSettings {
        replicas: number("replicas").unwrap_or(hosts * per_host),
        per_host,
        cpus: bounds(said.of("cpus"), "cpus", size::cpus),
        memory: bounds(said.of("memory"), "memory", size::bytes),
        jvm: jvm(role, said.own),
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
    let mut publish = Publish::default();
    for one in PUBLISHED {
        let key = one.key.name;
        let given = node.and_then(|node| u16::try_from(whole(node, key)?).ok());
        let silent = node.is_some_and(|node| node.entry(key).is_some());
        publish.set(one, given.or(if silent { None } else { one.default }));
    }
    publish
}

pub(super) fn network(root: &Node) -> NetworkSettings {
    let node = root.get("network");
    let encrypted = node.and_then(|node| node.get("encrypted"));
    let subnet = |key| node.and_then(|node| words::subnet(text(node, key)?).ok());
    NetworkSettings {
        encrypted: encrypted.is_some_and(|node| node.value == Value::Bool(true)),
        subnet: subnet("subnet"),
        front_subnet: subnet("front_subnet"),
        mtu: node.and_then(|node| u16::try_from(whole(node, "mtu")?).ok()),
    }
}

pub(super) fn credentials(root: &Node) -> Credentials {
    let mut credentials = Credentials::default();
    let Some(node) = root.get("credentials") else {
        return credentials;
    };
    for key in CREDENTIALS {
        if matches!(key.shape, Shape::Password) {
            let file = node.get(key.name).and_then(|node| named(node, "file"));
            credentials
                .passwords
                .extend(file.map(|file| (key.name, file)));
        } else {
            let user = owned(node, key.name);
            credentials.users.extend(user.map(|user| (key.name, user)));
        }
    }
    credentials
}

/// Whether the inventory says that one process does the work of all coordinators.
pub(super) fn mixed(root: &Node) -> Option<bool> {
    text(root, COORDINATORS.name).map(|way| way == MIXED)
}

/// Two copies on two bookies, or fewer where there are fewer; each number bounds the next.
pub(super) fn pulsar(root: &Node, bookies: u64) -> PulsarQuorum {
    let node = root.get(LEDGERS.name);
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

pub(super) fn named(node: &Node, key: &str) -> Option<NamedPath> {
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
