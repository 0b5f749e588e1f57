//! The difference of two networks.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Change, NetworkSpec, Range};

/// The overlay driver looks whether the option is there, not at its value (moby
/// `libnetwork/drivers/overlay`).
const ENCRYPTED: &str = "encrypted";

/// The MTU of the hosts' network, from which the overlay driver takes what its own headers need
/// (moby `daemon/libnetwork/netlabel/labels.go`, `DriverMTU`, and `maxMTU` in
/// `daemon/libnetwork/drivers/overlay/encryption.go`).
pub const MTU: &str = "com.docker.network.driver.mtu";

/// Whether what goes from one host to another over it is encrypted.
#[must_use]
pub fn is_encrypted(spec: &NetworkSpec) -> bool {
    spec.options.contains_key(ENCRYPTED)
}

/// What is wanted of a network and is otherwise in the one that exists; empty when they mean the
/// same.
///
/// What the engine fills in by itself is left out of it: the driver and the gateways of its
/// address management, the numbers of its tunnels, and subnet and MTU where none is asked for.
/// Labels and other options change nothing for who is on the network.
#[must_use]
pub fn network_diff(found: &NetworkSpec, wanted: &NetworkSpec) -> Vec<Change> {
    let mut pairs: Vec<(&str, Value, Value)> = vec![
        (
            "attachable",
            json!(found.attachable),
            json!(wanted.attachable),
        ),
        ("driver", json!(found.driver), json!(wanted.driver)),
        (
            "encrypted",
            json!(is_encrypted(found)),
            json!(is_encrypted(wanted)),
        ),
        ("internal", json!(found.internal), json!(wanted.internal)),
    ];
    let mtu = |spec: &NetworkSpec| spec.options.get(MTU).cloned();
    if let Some(asked) = mtu(wanted) {
        pairs.push(("mtu", mtu(found).into(), asked.into()));
    }
    let asked = subnets(wanted);
    if !asked.is_empty() {
        let list = |subnets: BTreeSet<String>| Vec::from_iter(subnets).join(", ");
        pairs.push(("subnet", list(subnets(found)).into(), list(asked).into()));
    }
    let changed = pairs.into_iter().filter(|(_, from, to)| from != to);
    changed
        .map(|(path, from, to)| Change {
            path: path.to_owned(),
            from: Some(from),
            to: Some(to),
        })
        .collect()
}

/// The IPv4 subnets of a network.
pub fn ranges(spec: &NetworkSpec) -> impl Iterator<Item = Range> {
    let parts = spec.ipam.iter().flat_map(|ipam| &ipam.config);
    parts.filter_map(|part| Range::parse(&part.subnet))
}

fn subnets(spec: &NetworkSpec) -> BTreeSet<String> {
    let parts = spec.ipam.iter().flat_map(|ipam| &ipam.config);
    parts
        .filter(|part| !part.subnet.is_empty())
        .map(|part| {
            Range::parse(&part.subnet)
                .map_or_else(|| part.subnet.clone(), |range| range.to_string())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::{Ipam, IpamConfig};

    fn network(subnets: &[&str]) -> NetworkSpec {
        let config = subnets.iter().map(|subnet| IpamConfig {
            subnet: (*subnet).to_owned(),
        });
        NetworkSpec {
            driver: "overlay".to_owned(),
            attachable: true,
            ipam: Some(Ipam {
                driver: String::new(),
                config: config.collect(),
            }),
            ..NetworkSpec::default()
        }
    }

    fn shown(found: &NetworkSpec, wanted: &NetworkSpec) -> Vec<String> {
        let changes = network_diff(found, wanted);
        changes.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_the_engine_fills_in_is_no_change() {
        let mut found = network(&["10.0.7.0/24"]);
        let list = "com.docker.network.driver.overlay.vxlanid_list";
        found.options.insert(list.to_owned(), "4097".to_owned());
        found.labels.insert("by".to_owned(), "hand".to_owned());
        assert_eq!(shown(&found, &network(&[])), [""; 0]);
        found.options.insert(MTU.to_owned(), "1400".to_owned());
        assert_eq!(shown(&found, &network(&[])), [""; 0]);
        let asked = network(&["10.20.0.0/16"]);
        assert_eq!(shown(&network(&["10.20.3.4/16"]), &asked), [""; 0]);
    }

    #[test]
    fn each_field_is_told_with_both_sides() {
        let mut wanted = network(&["10.20.0.0/16"]);
        wanted.options.insert(ENCRYPTED.to_owned(), String::new());
        wanted.options.insert(MTU.to_owned(), "1400".to_owned());
        wanted.internal = true;
        let mut found = network(&["10.0.7.0/24", "10.0.6.0/24"]);
        found.attachable = false;
        "bridge".clone_into(&mut found.driver);
        assert_eq!(
            shown(&found, &wanted),
            [
                "attachable: false -> true",
                "driver: bridge -> overlay",
                "encrypted: false -> true",
                "internal: false -> true",
                "mtu: null -> 1400",
                "subnet: 10.0.6.0/24, 10.0.7.0/24 -> 10.20.0.0/16",
            ]
        );
    }
}
