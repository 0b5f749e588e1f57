//! What the stack templates see.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::config::ConfigFile;
use super::service::{Service, services};
use crate::component::{Component, Secret, Stack};
use crate::inventory::{Image, Inventory};
use crate::network;
use crate::release::Release;
use crate::system::{Plot, System};
use crate::topology::Topology;

/// Values that every stack sees: of the cluster, and of each system.
pub(super) fn base(plot: &Plot<'_>) -> Value {
    let inventory = plot.inventory;
    let images = Image::all().map(|image| {
        let default = (image.of)(plot.release);
        (image.name, reference(inventory, image, &default))
    });
    let own = [
        ("cluster", json!(inventory.name)),
        // Folders of earlier versions ask for it.
        ("network", json!(network::backend(&inventory.name))),
        ("images", json!(BTreeMap::from_iter(images))),
        // Of Milvus' processes; what meets its needs may have some.
        ("milvus_environment", json!({})),
    ];
    let systems = System::all_of(inventory).flat_map(|system| (system.values)(plot));
    let all = own.into_iter().chain(systems);
    Value::Object(all.map(|(key, value)| (key.to_owned(), value)).collect())
}

/// What the template of one stack sees.
#[derive(Serialize)]
pub(super) struct StackContext<'a> {
    #[serde(flatten)]
    base: &'a Value,
    services: BTreeMap<&'static str, Vec<Service>>,
    networks: Vec<Value>,
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
    stack: Stack,
    base: &'a Value,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    configs: &[ConfigFile],
) -> StackContext<'a> {
    let mut by_component: BTreeMap<&'static str, Vec<Service>> = BTreeMap::new();
    let rows = || Component::of(inventory, release).filter(|row| row.stack == stack);
    for component in rows() {
        let key = if component.milvus.is_some() {
            stack.name
        } else {
            component.name
        };
        by_component
            .entry(key)
            .or_default()
            .extend(services(component, inventory, release, topology, configs));
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
    let is_on_front = by_component.values().flatten().any(Service::is_on_front);
    let both = [
        ("cluster", network::backend(&inventory.name), true),
        ("front", network::front(&inventory.name), is_on_front),
    ];
    StackContext {
        base,
        networks: both
            .into_iter()
            .filter(|(_, _, is_used)| *is_used)
            .map(|(key, name, _)| json!({ "key": key, "name": name }))
            .collect(),
        services: by_component,
        volumes,
        secrets: Secret::all_of(inventory)
            .flat_map(|secret| [Some((secret.key, secret.variable)), secret.first])
            .flatten()
            .filter(|(key, _)| rows().any(|row| row.mounts(inventory, release).contains(key)))
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
fn reference(inventory: &Inventory, image: Image, default: &str) -> String {
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
