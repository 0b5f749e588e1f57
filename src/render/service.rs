//! What the template of a stack sees of each of its services.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::config::ConfigFile;
use super::defaults::version;
use crate::component::{Component, Data, Process, Shape};
use crate::inventory::{DataPlace, Inventory, RoleSettings};
use crate::release::Release;
use crate::system::milvus::takes_address;
use crate::topology::{Topology, member_label, role_label, zone_label};

#[derive(Serialize)]
pub(super) struct Service {
    name: String,
    /// ZooKeeper's server number.
    id: String,
    replicas: u64,
    per_host: u64,
    labels: BTreeMap<&'static str, String>,
    constraints: Vec<String>,
    spread: Vec<String>,
    limits: BTreeMap<&'static str, String>,
    reservations: BTreeMap<&'static str, String>,
    restart: &'static str,
    grace: String,
    mounts: Vec<Mount>,
    jvm: String,
    run: &'static str,
    /// What the process is told besides.
    flags: &'static [&'static str],
    secrets: Vec<&'static str>,
    ports: Vec<Port>,
    /// Whether it is on the front network besides.
    front: bool,
    /// Whether its process has to be told which of its addresses its peers use.
    pinned: bool,
    user_yaml: Vec<Value>,
}

#[derive(Serialize)]
struct Mount {
    r#type: &'static str,
    source: String,
    target: String,
}

#[derive(Serialize)]
struct Port {
    target: u16,
    published: u16,
}

impl Service {
    /// Whether it is on the front network.
    pub(super) const fn is_on_front(&self) -> bool {
        self.front
    }

    /// Keys of the volumes that it mounts, but for those without a name.
    pub(super) fn volumes(&self) -> impl Iterator<Item = &str> {
        let volumes = self.mounts.iter().filter(|mount| mount.r#type == "volume");
        let sources = volumes.map(|mount| mount.source.as_str());
        sources.filter(|source| !source.is_empty())
    }
}

/// The services of a component: one for each member, or one for all tasks.
pub(super) fn services(
    component: &Component,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    configs: &[ConfigFile],
) -> Vec<Service> {
    let arguments = component.milvus.map(|process| process.arguments(release));
    let (run, flags) = arguments.unwrap_or_default();
    let (front, pinned) = fronts(component, inventory, release);
    let service = |name: &str| Service {
        run,
        flags,
        front,
        pinned,
        secrets: component.mounts(inventory, release),
        ..bare(component, inventory, configs, name)
    };
    match component.shape {
        Shape::Members => topology
            .members(component.name)
            .iter()
            .map(|member| {
                let label = member_label(&inventory.name, &member.name);
                Service {
                    id: (member.ordinal + 1).to_string(),
                    constraints: vec![format!("node.labels.{label} == true")],
                    mounts: mounts(component, inventory, &member.name),
                    ..service(&member.name)
                }
            })
            .collect(),
        Shape::Replicas => {
            let Some(pool) = topology.pools.get(component.name) else {
                return Vec::new();
            };
            vec![Service {
                replicas: pool.replicas,
                per_host: pool.per_host,
                mounts: local(component, release),
                spread: if topology.zones {
                    vec![format!("node.labels.{}", zone_label(&inventory.name))]
                } else {
                    Vec::new()
                },
                ..service(component.name)
            }]
        }
        Shape::Task => vec![Service {
            restart: "on-failure",
            limits: BTreeMap::new(),
            reservations: BTreeMap::new(),
            ..service(component.name)
        }],
    }
}

/// What every service has, whatever its shape.
fn bare(
    component: &Component,
    inventory: &Inventory,
    configs: &[ConfigFile],
    name: &str,
) -> Service {
    let settings = inventory.settings(component.role);
    let label = role_label(&inventory.name, component.role);
    Service {
        name: name.to_owned(),
        id: String::new(),
        replicas: 1,
        per_host: 0,
        labels: BTreeMap::from([
            ("milvus-swarm.cluster", inventory.name.clone()),
            ("milvus-swarm.component", component.name.to_owned()),
        ]),
        constraints: vec![format!("node.labels.{label} == true")],
        spread: Vec::new(),
        limits: amounts(settings.cpus.limit, settings.memory.limit),
        reservations: amounts(settings.cpus.reserve, settings.memory.reserve),
        restart: "any",
        grace: format!("{}s", component.grace),
        mounts: Vec::new(),
        jvm: jvm(settings),
        run: "",
        flags: &[],
        secrets: Vec::new(),
        ports: ports(component, inventory),
        front: false,
        pinned: false,
        user_yaml: mounted(configs, component),
    }
}

/// Whether a component is on the front network, and whether its processes must be told which of their
/// addresses peers use: those that publish, that reach what is outside of the cluster, and all of a
/// Milvus that can't be told, of which each may register either address.
fn fronts(component: &Component, inventory: &Inventory, release: &Release) -> (bool, bool) {
    let is_outside = component.is_outside(inventory);
    if component.milvus.is_none() {
        return (is_outside, false);
    }
    let takes_address = takes_address(version(inventory, release));
    (is_outside || !takes_address, is_outside && takes_address)
}

/// The config that a component of Milvus mounts.
fn mounted(configs: &[ConfigFile], component: &Component) -> Vec<Value> {
    configs
        .iter()
        .filter(|file| file.readers.contains(&component.name))
        .map(|file| json!({ "key": file.key, "target": file.target }))
        .collect()
}

/// What users reach, on the hosts themselves. Nothing else is published.
fn ports(component: &Component, inventory: &Inventory) -> Vec<Port> {
    let published = component.published(inventory);
    published
        .map(|(one, published)| Port {
            target: one.port,
            published,
        })
        .collect()
}

/// Compose's `cpus` and `memory`, exact: billionths of a CPU and bytes.
fn amounts(nano_cpus: Option<i64>, bytes: Option<i64>) -> BTreeMap<&'static str, String> {
    let mut amounts = BTreeMap::new();
    if let Some(nano) = nano_cpus {
        let (whole, rest) = (nano / 1_000_000_000, nano % 1_000_000_000);
        let text = format!("{whole}.{rest:09}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        amounts.insert("cpus", text.to_owned());
    }
    if let Some(bytes) = bytes {
        amounts.insert("memory", format!("{bytes}b"));
    }
    amounts
}

/// JVM memory flags in whole MiB.
fn jvm(settings: &RoleSettings) -> String {
    const MIB: i64 = 1 << 20;
    settings.jvm.map_or_else(String::new, |jvm| {
        let heap = format!("-Xms{0}m -Xmx{0}m", jvm.heap / MIB);
        if jvm.direct == 0 {
            heap
        } else {
            format!("{heap} -XX:MaxDirectMemorySize={}m", jvm.direct / MIB)
        }
    })
}

/// What a task has for itself: a volume without a name, which comes and goes with its container
/// (moby: `daemon/cluster/executor/container/adapter.go`, `RemoveVolume`), as the chart's `emptyDir`
/// with its pod.
fn local(component: &Component, release: &Release) -> Vec<Mount> {
    let since = component.milvus.and_then(|process| process.local);
    let has_files = since.is_some_and(|since| since <= release.line);
    let mount = has_files.then(|| Mount {
        r#type: "volume",
        source: String::new(),
        target: Process::LOCAL.to_owned(),
    });
    mount.into_iter().collect()
}

/// Where a member keeps its data.
fn mounts(component: &Component, inventory: &Inventory, member: &str) -> Vec<Mount> {
    let drives: Vec<(String, String)> = match component.data {
        Data::None => Vec::new(),
        Data::Dir(target) => vec![(String::new(), target.to_owned())],
        Data::Drives(target) => (1..=inventory.settings(component.role).drives)
            .map(|drive| (format!("-data{drive}"), format!("{target}{drive}")))
            .collect(),
    };
    drives
        .into_iter()
        .map(|(suffix, target)| match &inventory.data {
            DataPlace::Volumes => Mount {
                r#type: "volume",
                source: format!("{member}{suffix}"),
                target,
            },
            DataPlace::Dir(dir) => Mount {
                r#type: "bind",
                source: format!("{dir}/{}/{member}{suffix}", inventory.name),
                target,
            },
        })
        .collect()
}
