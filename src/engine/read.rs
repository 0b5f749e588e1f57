//! From the wire to what the rest of the program knows: functions of their input alone.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::names::with_names;
use super::observe::{CLUSTER_LABEL, is_of};
use super::wire;
use crate::lock::Lock;
use crate::observed::{
    Config, Guest, GuestKind, Network, Node, ObjectKind, Secret, Service, TakenName, TakenPort,
    Task,
};
use crate::spec::{ConfigSpec, Ipam, IpamConfig, Labels, NetworkSpec};

/// Swarm writes it into the options of a network when it numbers it.
const VXLAN_ID: &str = "com.docker.network.driver.overlay.vxlanid_list";

/// The most of what others have on the cluster's networks that is kept.
const MOST_GUESTS: usize = 4096;

/// `docker stack deploy` labels what it makes with the name of the stack.
const NAMESPACE: &str = "com.docker.stack.namespace";

pub(super) fn service(wire: wire::Service, networks: &BTreeMap<String, String>) -> Service {
    let mut service = Service {
        id: wire.id,
        version: wire.version.index,
        spec: wire.spec,
        previous_spec: wire.previous_spec,
        update_state: wire.update_status.state,
        update_message: wire.update_status.message,
    };
    with_names(&mut service.spec, networks);
    if let Some(previous) = &mut service.previous_spec {
        with_names(previous, networks);
    }
    service
}

pub(super) fn task(wire: wire::Task) -> Task {
    let addresses = wire.networks_attachments.into_iter().filter_map(|joined| {
        let address = joined.addresses.first()?;
        let address: IpAddr = address.split('/').next()?.parse().ok()?;
        Some((joined.network.spec.name, address))
    });
    let container = wire.status.container_status;
    let ended = matches!(
        wire.status.state.as_str(),
        "complete" | "failed" | "shutdown"
    );
    Task {
        id: wire.id,
        service_id: wire.service_id,
        service: of_stack(&wire.spec).unwrap_or_default(),
        slot: wire.slot,
        node_id: wire.node_id,
        state: wire.status.state,
        desired_state: wire.desired_state,
        error: wire.status.err,
        message: wire.status.message,
        exit_code: (ended && !container.container_id.is_empty()).then_some(container.exit_code),
        container_id: container.container_id,
        created_at: sortable(&wire.created_at),
        state_at: sortable(&wire.status.timestamp),
        addresses: addresses.collect(),
        image: wire.spec.container_spec.image,
        spec_version: 0,
        reserved_cpus: wire.spec.resources.reservations.nano_cpus,
        reserved_memory: wire.spec.resources.reservations.memory_bytes,
    }
}

/// The full name of the service that a task of a stack is of. A task outlives its service, of which
/// Swarm then tells but the identifier; but `docker stack deploy` labels containers with the stack
/// and gives each service its own name as the last of its aliases (docker/cli:
/// `cli/compose/convert/service.go`), and so do we.
fn of_stack(spec: &wire::TaskSpec) -> Option<String> {
    let stack = spec.container_spec.labels.get(NAMESPACE)?;
    let alias = spec.networks.first()?.aliases.last()?;
    Some(format!("{stack}_{alias}"))
}

/// Go drops the zeros at the end of a second's fraction; with all nine digits, the order of
/// the texts is the order of the times.
fn sortable(time: &str) -> String {
    match time.parse::<Timestamp>() {
        Ok(time) => format!("{time:.9}"),
        Err(_) => time.into(),
    }
}

pub(super) fn node(wire: wire::Node) -> Node {
    let manager = wire.manager_status;
    let addr = match wire.status.addr.as_str() {
        // A manager that was not told its address knows it only as a manager.
        "" | "0.0.0.0" | "127.0.0.1" if !manager.addr.is_empty() => {
            let host = manager.addr.rsplit_once(':');
            host.map_or("", |(host, _)| host)
                .trim_matches(['[', ']'])
                .into()
        }
        _ => wire.status.addr,
    };
    Node {
        id: wire.id,
        version: wire.version.index,
        hostname: wire.description.hostname,
        labels: wire.spec.labels,
        role: wire.spec.role,
        availability: wire.spec.availability,
        state: wire.status.state,
        addr,
        leader: manager.leader,
        reachability: manager.reachability,
        nano_cpus: wire.description.resources.nano_cpus,
        memory_bytes: wire.description.resources.memory_bytes,
        engine_version: wire.description.engine.engine_version,
        os: wire.description.platform.os,
        architecture: wire.description.platform.architecture,
    }
}

/// The ports that a service publishes, its tasks being on these nodes: those that it asks for and
/// those that Swarm picked. A port of the host that Docker picks for each container is written as
/// 0 and can't be in anybody's way.
pub(super) fn ports(wire: wire::Publisher, homes: &BTreeSet<String>) -> BTreeSet<TakenPort> {
    let name = wire.spec.name;
    let asked = wire.spec.endpoint_spec.ports.into_iter();
    asked
        .chain(wire.endpoint.ports)
        .filter(|port| port.published_port > 0)
        .map(|port| TakenPort {
            port: port.published_port,
            protocol: port.protocol,
            service: name.clone(),
            nodes: (port.publish_mode == "host").then(|| homes.clone()),
        })
        .collect()
}

/// The services and containers that are on these networks, which are told by their identifiers and
/// have these names. What a container is on by hand is a task of Swarm's too, of no service (moby:
/// `TaskFromGRPC` in `daemon/cluster/convert/task.go`), and keeps its network from being removed
/// (swarmkit: `removeNetwork` in `manager/controlapi/network.go`).
pub(super) fn guests(
    networks: &BTreeMap<&str, &str>,
    services: &[wire::Publisher],
    attached: &[wire::Attached],
) -> Vec<Guest> {
    let named = |target: &str| networks.values().find(|name| **name == target).copied();
    let network = |target: &str| networks.get(target).copied().or_else(|| named(target));
    let of_services = services.iter().flat_map(|one| {
        let joined = one.spec.task_template.networks.iter();
        let joined = joined.chain(&one.spec.networks);
        joined.filter_map(|joined| {
            Some(Guest {
                network: network(&joined.target)?.to_owned(),
                is: GuestKind::Service(one.spec.name.clone()),
            })
        })
    });
    let of_containers = attached.iter().flat_map(|one| {
        let id = &one.spec.network_attachment_spec.container_id;
        let joined = one.networks_attachments.iter();
        joined.filter_map(|joined| {
            Some(Guest {
                network: named(&joined.network.spec.name)?.to_owned(),
                is: GuestKind::Container {
                    id: id.chars().take(12).collect(),
                    node: one.node_id.clone(),
                },
            })
        })
    });
    let mut guests: Vec<Guest> = of_services.chain(of_containers).collect();
    guests.sort();
    guests.dedup();
    guests.truncate(MOST_GUESTS);
    guests
}

/// A name that begins with the cluster's, if somebody else has it.
pub(super) fn taken(
    cluster: &str,
    kind: ObjectKind,
    name: &str,
    labels: &Labels,
) -> Option<TakenName> {
    // Every name of a cluster is its own name, a sign and more: `prod_net`, `prod-milvus_proxy`.
    let rest = name.strip_prefix(cluster)?;
    if !rest.starts_with(['-', '_']) || is_of(cluster, labels) {
        return None;
    }
    let owner = [CLUSTER_LABEL, NAMESPACE].into_iter().find_map(|key| {
        let value = labels.get(key).filter(|value| !value.is_empty())?;
        // Anybody wrote it, and it goes to a terminal.
        let plain = value.chars().filter(|c| !c.is_control()).take(80);
        Some(format!("{key}={}", plain.collect::<String>()))
    });
    Some(TakenName {
        kind,
        name: name.to_owned(),
        owner,
    })
}

pub(super) fn config(wire: wire::Stored) -> (String, Config) {
    let wire::Stored { id, spec, .. } = wire;
    let held = ConfigSpec {
        name: spec.name,
        labels: spec.labels,
        data: BASE64_STANDARD.decode(spec.data).unwrap_or_default(),
        template_driver: Some(spec.templating.name).filter(|name| !name.is_empty()),
    };
    let digest = Some(held.digest());
    let labels = held.labels;
    (held.name, Config { id, labels, digest })
}

/// A config that is the lock of a cluster.
pub(super) fn lock(wire: &wire::Stored) -> Option<Lock> {
    Lock::read(wire.id.clone(), wire.version.index, &wire.spec.labels)
}

pub(super) fn secret(wire: wire::Stored) -> (String, Secret) {
    let wire::Stored { id, spec, .. } = wire;
    let labels = spec.labels;
    (spec.name, Secret { id, labels })
}

pub(super) fn network(wire: wire::Network) -> (String, Network) {
    let mut options = wire.options;
    options.remove(VXLAN_ID);
    let config = wire.ipam.config.into_iter();
    let ipam = Ipam {
        driver: Some(wire.ipam.driver)
            .filter(|driver| driver != "default")
            .unwrap_or_default(),
        config: config
            .map(|part| IpamConfig {
                subnet: part.subnet,
            })
            .collect(),
    };
    let spec = NetworkSpec {
        name: wire.name,
        driver: wire.driver,
        attachable: wire.attachable,
        internal: wire.internal,
        ipam: Some(ipam).filter(|ipam| *ipam != Ipam::default()),
        labels: wire.labels,
        options,
    };
    (spec.name.clone(), Network { id: wire.id, spec })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_task_of_a_stack_tells_its_service() {
        let service = |labels: serde_json::Value, networks: serde_json::Value| {
            let wire = serde_json::from_value(json!({
                "ID": "t1",
                "ServiceID": "s1",
                "Spec": {"ContainerSpec": {"Labels": labels}, "Networks": networks}
            }));
            task(wire.unwrap()).service
        };
        let label = json!({"com.docker.stack.namespace": "prod-store"});
        let joined = json!([{"Target": "n1", "Aliases": ["first", "etcd-0"]}]);
        assert_eq!(service(label.clone(), joined.clone()), "prod-store_etcd-0");
        assert_eq!(service(json!({}), joined), "");
        assert_eq!(service(label.clone(), json!([])), "");
        assert_eq!(service(label, json!(null)), "");
    }
}
