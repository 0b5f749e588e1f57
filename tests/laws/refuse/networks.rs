//! A network that exists and is not the wanted one.

use milvus_swarm::inventory::Subnet;
use milvus_swarm::spec::{Ipam, IpamConfig};

use super::{THREE, allowed, fresh, running, says, stopped};

const HINT: &str = "write `network:` in the inventory as the network is; or make it anew while \
                    everything stands still: `milvus-swarm down`, then `milvus-swarm up` (the data \
                    stays)";

#[test]
fn encryption_and_subnet_are_for_good() {
    let (mut inventory, mut seen) = running(THREE);
    let network = seen.networks.values_mut().next().expect("a network");
    // As the engine tells it: the subnet that Swarm gave.
    network.spec.ipam = Some(Ipam {
        driver: String::new(),
        config: vec![IpamConfig {
            subnet: "10.0.1.0/24".to_owned(),
        }],
    });
    allowed(&inventory, &seen);
    inventory.network.encrypted = !inventory.network.encrypted;
    let (was, is) = (!inventory.network.encrypted, inventory.network.encrypted);
    inventory.network.subnet = Some(Subnet {
        address: [10, 20, 0, 0].into(),
        prefix: 16,
    });
    let name = format!("{}_net", inventory.name);
    let reason = format!(
        "network `{name}` is not as wanted, and Swarm can't change a network: encrypted: {was} \
             -> {is}; subnet: 10.0.1.0/24 -> 10.20.0.0/16"
    );
    says(&inventory, &seen, &[("network-changes", &reason, HINT)]);
}

#[test]
fn without_the_network_it_may_be_any() {
    for (mut inventory, seen) in [fresh(THREE), stopped(THREE)] {
        inventory.network.encrypted = !inventory.network.encrypted;
        allowed(&inventory, &seen);
    }
}
