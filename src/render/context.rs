//! What the stack templates see.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::config::ConfigFile;
use super::names::{Generations, MINIO_SECRET, ROOT_SECRET, minio_user, network_name, secret_name};
use super::service::{Service, services};
use crate::component::{Component, StackName};
use crate::inventory::{Image, Inventory};
use crate::release::Release;
use crate::system::{METADATA, STORAGE, etcd, minio, pulsar};
use crate::topology::Topology;

/// Values that every stack sees.
pub(super) fn base(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
) -> Value {
    let defaults = release.images();
    let image = |name, default: &str| image(inventory, name, default);
    let names = |component: &Component| -> Vec<String> {
        topology
            .members(component.name)
            .iter()
            .map(|member| member.name.clone())
            .collect()
    };
    let with_port = |component: &Component, port: u16| -> Vec<String> {
        names(component)
            .iter()
            .map(|name| format!("{name}:{port}"))
            .collect()
    };
    let initial: Vec<String> = names(METADATA)
        .iter()
        .map(|name| format!("{name}=http://{name}:{}", etcd::PEERS))
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
        "pulsar_cluster": pulsar::cluster_name(&inventory.name),
        "zookeepers": with_port(&pulsar::ZOOKEEPER, pulsar::ZOOKEEPER_PORT).join(","),
        "broker_web_url": format!("http://{}", with_port(&pulsar::BROKER, pulsar::BROKER_HTTP).join(",")),
        "broker_url": format!("pulsar://{}", with_port(&pulsar::BROKER, pulsar::BROKER_PORT).join(",")),
        "ledger": {
            "ensemble": inventory.pulsar.ensemble,
            "write_quorum": inventory.pulsar.write_quorum,
            "ack_quorum": inventory.pulsar.ack_quorum,
        },
        "minio_secret": secret(MINIO_SECRET),
        "root_secret": secret(ROOT_SECRET),
    })
}

/// Drives as MinIO's command line takes them: a pool is `http://minio-{0...3}/data{1...2}`.
fn minio_drives(inventory: &Inventory, topology: &Topology) -> Vec<String> {
    let drives = inventory.settings(STORAGE.role).drives;
    let paths = if drives == 1 {
        "/data1".to_owned()
    } else {
        format!("/data{{1...{drives}}}")
    };
    match topology.members(STORAGE.name).len() {
        1 => vec![paths],
        hosts => vec![format!(
            "http://{}-{{0...{}}}:{}{paths}",
            STORAGE.name,
            hosts - 1,
            minio::PORT
        )],
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
    let rows = || Component::of(release).filter(|row| row.stack == stack);
    for component in rows() {
        let key = if component.milvus.is_some() {
            "milvus"
        } else {
            component.name
        };
        by_component
            .entry(key)
            .or_default()
            .extend(services(component, inventory, topology, configs));
    }
    let volumes = by_component
        .values()
        .flatten()
        .flat_map(Service::volumes)
        .map(|key| Volume {
            key: key.to_owned(),
            name: format!("{}_{key}", inventory.name),
            cluster: inventory.name.clone(),
        })
        .collect();
    StackContext {
        base,
        services: by_component,
        volumes,
        secrets: [(MINIO_SECRET, "minio_secret"), (ROOT_SECRET, "root_secret")]
            .into_iter()
            .filter(|(key, _)| rows().any(|row| row.secrets.contains(key)))
            .map(|(_, variable)| &base[variable])
            .collect(),
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
