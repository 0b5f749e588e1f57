//! The difference of two networks.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use serde_json::{Value, json};

use super::{Change, NetworkSpec};

/// The overlay driver looks whether the option is there, not at its value (moby
/// `libnetwork/drivers/overlay`).
const ENCRYPTED: &str = "encrypted";

/// What is wanted of a network and is otherwise in the one that exists; empty when they mean the
/// same.
///
/// What the engine fills in by itself is left out of it: the driver and the gateways of its
/// address management, the numbers of its tunnels, and the subnet where none is asked for.
/// Labels and other options change nothing for who is on the network.
#[must_use]
pub fn network_diff(found: &NetworkSpec, wanted: &NetworkSpec) -> Vec<Change> {
    let encrypted = |spec: &NetworkSpec| spec.options.contains_key(ENCRYPTED);
    let mut pairs: Vec<(&str, Value, Value)> = vec![
        (
            "attachable",
            json!(found.attachable),
            json!(wanted.attachable),
        ),
        ("driver", json!(found.driver), json!(wanted.driver)),
        (
            "encrypted",
            json!(encrypted(found)),
            json!(encrypted(wanted)),
        ),
        ("internal", json!(found.internal), json!(wanted.internal)),
    ];
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

fn subnets(spec: &NetworkSpec) -> BTreeSet<String> {
    let parts = spec.ipam.iter().flat_map(|ipam| &ipam.config);
    parts
        .filter(|part| !part.subnet.is_empty())
        .map(|part| first(&part.subnet).unwrap_or_else(|| part.subnet.clone()))
        .collect()
}

/// `10.1.0.0/16` of `10.1.2.3/16`: the engine keeps the text that it was given.
fn first(subnet: &str) -> Option<String> {
    let (address, prefix) = subnet.split_once('/')?;
    let (address, prefix): (Ipv4Addr, u32) = (address.parse().ok()?, prefix.parse().ok()?);
    let mask = u32::MAX
        .checked_shl(32_u32.checked_sub(prefix)?)
        .unwrap_or(0);
    Some(format!(
        "{}/{prefix}",
        Ipv4Addr::from(address.to_bits() & mask)
    ))
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
        let asked = network(&["10.20.0.0/16"]);
        assert_eq!(shown(&network(&["10.20.3.4/16"]), &asked), [""; 0]);
    }

    #[test]
    fn each_field_is_told_with_both_sides() {
        let mut wanted = network(&["10.20.0.0/16"]);
        wanted.options.insert(ENCRYPTED.to_owned(), String::new());
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
                "subnet: 10.0.6.0/24, 10.0.7.0/24 -> 10.20.0.0/16",
            ]
        );
    }

    #[test]
    fn odd_subnets_are_compared_as_text() {
        for (subnet, expected) in [
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.1.2.3/32", Some("10.1.2.3/32")),
            ("10.1.2.3/33", None),
            ("fd00::/64", None),
            ("x", None),
        ] {
            assert_eq!(first(subnet).as_deref(), expected);
        }
    }
}
