//! What the stack templates see.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::config::ConfigFile;
use crate::component::{Component, Shape, StackName};
use crate::inventory::{DataPlace, Image, Inventory, RoleSettings};
use crate::observed::Observed;
use crate::release::Release;
use crate::role::Role;
use crate::topology::{Topology, member_label, role_label, zone_label};

/// Key of the secret that holds MinIO's root password.
pub const MINIO_SECRET: &str = "minio-root";
/// Key of the secret that holds the password of Milvus' user `root`.
pub const ROOT_SECRET: &str = "milvus-root";
/// MinIO's root user where the inventory names none.
pub const DEFAULT_MINIO_USER: &str = "milvus";

/// The generation of each credential: a new generation is a new secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Generations(BTreeMap<String, u32>);

impl Generations {
    /// The highest generation of each credential that exists in a Swarm.
    #[must_use]
    pub fn of(cluster: &str, seen: &Observed) -> Self {
        let mut generations = BTreeMap::new();
        for key in [MINIO_SECRET, ROOT_SECRET] {
            let prefix = format!("{cluster}-{key}-v");
            let highest = seen
                .secrets
                .keys()
                .filter_map(|name| name.strip_prefix(&prefix)?.parse::<u32>().ok())
                .max();
            if let Some(highest) = highest {
                generations.insert(key.to_owned(), highest);
            }
        }
        Self(generations)
    }

    fn get(&self, key: &str) -> u32 {
        self.0.get(key).copied().unwrap_or(1)
    }
}

/// The Swarm object of a credential: `prod-minio-root-v1`.
#[must_use]
pub fn secret_name(cluster: &str, key: &str, generations: &Generations) -> String {
    format!("{cluster}-{key}-v{}", generations.get(key))
}

pub(super) fn minio_user(inventory: &Inventory) -> String {
    inventory
        .credentials
        .minio_user
        .clone()
        .unwrap_or_else(|| DEFAULT_MINIO_USER.to_owned())
}

/// Bucket names have at least three characters.
pub(super) fn bucket(inventory: &Inventory) -> String {
    format!("milvus-{}", inventory.name)
}

/// The reference that is run: the inventory's own, else the release's below the inventory's
/// registry.
fn image(inventory: &Inventory, image: Image, default: &str) -> String {
    let images = &inventory.images;
    match (images.overrides.get(&image), &images.registry) {
        (Some(own), _) => own.clone(),
        (None, Some(registry)) => format!("{registry}/{}", below_registry(default)),
        (None, None) => default.to_owned(),
    }
}

/// The repository without its registry: `coreos/etcd:v3` of `quay.io/coreos/etcd:v3`.
fn below_registry(reference: &str) -> &str {
    match reference.split_once('/') {
        Some((host, rest)) if host.contains(['.', ':']) || host == "localhost" => rest,
        _ => reference,
    }
}

#[derive(Serialize)]
struct Service {
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
    secrets: Vec<&'static str>,
    ports: Vec<Port>,
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

/// Values that every stack sees.
pub(super) fn base(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
) -> Value {
    let defaults = release.images();
    let image = |name, default: &str| image(inventory, name, default);
    let names = |component: &str| -> Vec<String> {
        topology
            .members(component)
            .iter()
            .map(|member| member.name.clone())
            .collect()
    };
    let with_port = |component: &str, port: u16| -> Vec<String> {
        names(component)
            .iter()
            .map(|name| format!("{name}:{port}"))
            .collect()
    };
    let initial: Vec<String> = names("etcd")
        .iter()
        .map(|name| format!("{name}=http://{name}:2380"))
        .collect();
    let secret = |key: &'static str| json!({ "key": key, "name": secret_name(&inventory.name, key, generations) });
    json!({
        "cluster": inventory.name,
        "network": network_name(&inventory.name),
        "images": {
            "milvus": image(Image::Milvus, &release.milvus_image()),
            "etcd": image(Image::Etcd, defaults.etcd),
            "minio": image(Image::Minio, defaults.minio),
            "pulsar": image(Image::Pulsar, defaults.pulsar),
        },
        "etcd_initial_cluster": initial.join(","),
        "minio_user": minio_user(inventory),
        "minio_drives": minio_drives(inventory, topology),
        "pulsar_cluster": pulsar_cluster(&inventory.name),
        "zookeepers": with_port("zookeeper", 2181).join(","),
        "broker_web_url": format!("http://{}", with_port("broker", 8080).join(",")),
        "broker_url": format!("pulsar://{}", with_port("broker", 6650).join(",")),
        "ledger": {
            "ensemble": inventory.pulsar.ensemble,
            "write_quorum": inventory.pulsar.write_quorum,
            "ack_quorum": inventory.pulsar.ack_quorum,
        },
        "minio_secret": secret(MINIO_SECRET),
        "root_secret": secret(ROOT_SECRET),
    })
}

/// The overlay network of a cluster.
#[must_use]
pub(crate) fn network_name(cluster: &str) -> String {
    format!("{cluster}_net")
}

/// Pulsar's name for its cluster.
#[must_use]
pub(crate) fn pulsar_cluster(cluster: &str) -> String {
    format!("{cluster}-pulsar")
}

/// Drives as MinIO's command line takes them: a pool is `http://minio-{0...3}/data{1...2}`.
fn minio_drives(inventory: &Inventory, topology: &Topology) -> Vec<String> {
    let drives = inventory.settings(Role::Minio).drives;
    let paths = if drives == 1 {
        "/data1".to_owned()
    } else {
        format!("/data{{1...{drives}}}")
    };
    match topology.members("minio").len() {
        1 => vec![paths],
        hosts => vec![format!("http://minio-{{0...{}}}:9000{paths}", hosts - 1)],
    }
}

/// What the template of one stack sees.
#[derive(Serialize)]
pub(super) struct StackContext<'a> {
    #[serde(flatten)]
    base: &'a Value,
    services: BTreeMap<&'static str, Vec<Service>>,
    volumes: Vec<Volume>,
    secrets: Vec<&'a Value>,
    /// By the name of the variable: where each file is mounted.
    config: BTreeMap<&'static str, Value>,
    configs: Vec<Value>,
}

#[derive(Serialize)]
struct Volume {
    key: String,
    name: String,
    cluster: String,
}

/// The context of one stack's template.
pub(super) fn of_stack<'a>(
    stack: StackName,
    base: &'a Value,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    configs: &[ConfigFile],
) -> StackContext<'a> {
    let mut by_component: BTreeMap<&'static str, Vec<Service>> = BTreeMap::new();
    for component in Component::of(release).filter(|row| row.stack == stack) {
        let key = if component.milvus.is_some() {
            "milvus"
        } else {
            component.name
        };
        by_component.entry(key).or_default().extend(
            services(component, inventory, topology)
                .into_iter()
                .map(|service| Service {
                    user_yaml: mounted(configs, component),
                    ..service
                }),
        );
    }
    let volumes = by_component
        .values()
        .flatten()
        .flat_map(|service| &service.mounts)
        .filter(|mount| mount.r#type == "volume")
        .map(|mount| Volume {
            key: mount.source.clone(),
            name: format!("{}_{}", inventory.name, mount.source),
            cluster: inventory.name.clone(),
        })
        .collect();
    StackContext {
        base,
        services: by_component,
        volumes,
        secrets: match stack {
            StackName::Store => vec![&base["minio_secret"]],
            StackName::Pulsar => Vec::new(),
            StackName::Milvus => vec![&base["minio_secret"], &base["root_secret"]],
        },
        config: configs
            .iter()
            .filter_map(|file| {
                let place = json!({ "key": file.key, "target": file.target });
                Some((file.variable?, place))
            })
            .collect(),
        configs: configs
            .iter()
            .map(|file| {
                json!({
                    "key": file.key,
                    "name": file.name,
                    "file": format!("./{}", file.file),
                    "templated": file.templated,
                    "cluster": inventory.name,
                })
            })
            .collect(),
    }
}

/// The config that a component of Milvus mounts.
fn mounted(configs: &[ConfigFile], component: &Component) -> Vec<Value> {
    configs
        .iter()
        .filter(|file| file.readers.contains(&component.name))
        .map(|file| json!({ "key": file.key, "target": file.target }))
        .collect()
}

fn services(component: &Component, inventory: &Inventory, topology: &Topology) -> Vec<Service> {
    let settings = inventory.settings(component.role);
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
                    ..service(component, inventory, settings, member.name.clone())
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
                spread: if topology.zones {
                    vec![format!("node.labels.{}", zone_label(&inventory.name))]
                } else {
                    Vec::new()
                },
                ..service(component, inventory, settings, component.name.to_owned())
            }]
        }
        Shape::Task => vec![Service {
            restart: "on-failure",
            limits: BTreeMap::new(),
            reservations: BTreeMap::new(),
            ..service(component, inventory, settings, component.name.to_owned())
        }],
    }
}

fn service(
    component: &Component,
    inventory: &Inventory,
    settings: &RoleSettings,
    name: String,
) -> Service {
    let label = role_label(&inventory.name, component.role);
    let is_proxy = component.role == Role::Proxy;
    Service {
        name,
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
        run: component.milvus.map_or("", |process| process.run),
        secrets: if is_proxy {
            vec![MINIO_SECRET, ROOT_SECRET]
        } else {
            vec![MINIO_SECRET]
        },
        ports: ports(component, inventory),
        user_yaml: Vec::new(),
    }
}

/// What users reach, on the hosts themselves. Nothing else is published.
fn ports(component: &Component, inventory: &Inventory) -> Vec<Port> {
    let publish = &inventory.publish;
    let wanted: &[(u16, Option<u16>)] = match component.name {
        "proxy" => &[(19530, publish.proxy), (9091, publish.metrics)],
        "minio" => &[(9000, publish.minio), (9001, publish.console)],
        _ => &[],
    };
    wanted
        .iter()
        .filter_map(|&(target, published)| {
            Some(Port {
                target,
                published: published?,
            })
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

/// Where a member keeps its data.
fn mounts(component: &Component, inventory: &Inventory, member: &str) -> Vec<Mount> {
    let drives: Vec<(String, String)> = match component.name {
        "etcd" => vec![(String::new(), "/var/lib/etcd".to_owned())],
        "zookeeper" | "bookie" => vec![(String::new(), "/pulsar/data".to_owned())],
        "minio" => (1..=inventory.settings(Role::Minio).drives)
            .map(|drive| (format!("-data{drive}"), format!("/data{drive}")))
            .collect(),
        _ => Vec::new(),
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
