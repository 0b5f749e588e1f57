//! Whether a node satisfies placement constraints, as SwarmKit reads them
//! (swarmkit: `manager/constraint/constraint.go`).

use std::net::IpAddr;

use crate::observed::Node;
use crate::spec::ServiceSpec;

/// The node labels that say where a service's tasks may or should be.
pub(crate) fn labels(spec: &ServiceSpec) -> impl Iterator<Item = &str> {
    let placement = &spec.task_template.placement;
    let constraints = placement.constraints.iter().map(String::as_str);
    let spreads = placement
        .preferences
        .iter()
        .filter_map(|preference| preference["Spread"]["SpreadDescriptor"].as_str());
    constraints
        .chain(spreads)
        .filter_map(|text| text.strip_prefix(LABELS))
        .filter_map(|text| text.split([' ', '=', '!']).next())
}

/// Whether a task with these constraints may stay on a node. What nobody tells of a node, the
/// labels of its engine, is taken to be satisfied: a task that runs there was put there.
pub(crate) fn meets(constraints: &[String], node: &Node) -> bool {
    first_unmet(constraints, node).is_none()
}

/// The first constraint that a node does not satisfy.
pub(crate) fn first_unmet<'a>(constraints: &'a [String], node: &Node) -> Option<&'a str> {
    let mut unmet = constraints.iter().filter(|text| !holds(text, node));
    unmet.next().map(String::as_str)
}

fn holds(text: &str, node: &Node) -> bool {
    // `==` is looked for first, as in SwarmKit's own list of operators.
    let (key, value, equal) = match (text.split_once("=="), text.split_once("!=")) {
        (Some((key, value)), _) => (key.trim(), value.trim(), true),
        (None, Some((key, value))) => (key.trim(), value.trim(), false),
        (None, None) => return false,
    };
    let is = |have: &str| have.to_lowercase() == value.to_lowercase();
    let found = match key.to_ascii_lowercase().as_str() {
        "node.id" => is(&node.id),
        "node.hostname" => is(&node.hostname),
        "node.role" => is(&node.role),
        "node.platform.os" => is(&node.os),
        "node.platform.arch" => is(&node.architecture),
        "node.ip" => {
            let both = (value.parse::<IpAddr>(), node.addr.parse::<IpAddr>());
            match both {
                (Ok(value), Ok(have)) => value == have,
                // A range of addresses.
                _ => return true,
            }
        }
        lower if lower.starts_with("engine.labels.") => return true,
        lower if lower.starts_with(LABELS) => {
            // The key of a label keeps its case; a label that is not there is empty.
            let label = key.get(LABELS.len()..).unwrap_or_default();
            is(node.labels.get(label).map_or("", String::as_str))
        }
        _ => return false,
    };
    found == equal
}

const LABELS: &str = "node.labels.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constraints_are_read_as_swarm_reads_them() {
        let node = Node {
            id: "abc".to_owned(),
            hostname: "Node01".to_owned(),
            role: "worker".to_owned(),
            addr: "10.0.0.7".to_owned(),
            labels: [("role.Etcd".to_owned(), "True".to_owned())].into(),
            ..Node::default()
        };
        let case = |text: &str, expected: bool| {
            assert_eq!(meets(&[text.to_owned()], &node), expected, "{text}");
        };
        case("node.labels.role.Etcd == true", true);
        case("node.labels.role.Etcd==true", true);
        case("node.labels.role.etcd == true", false);
        case("node.labels.role.Etcd != true", false);
        case("node.labels.zone != a", true);
        case("node.labels.zone == a", false);
        case("node.hostname == node01", true);
        case("NODE.ROLE == worker", true);
        case("node.role != manager", true);
        case("node.id == abd", false);
        case("node.ip == 10.0.0.7", true);
        case("node.ip != 10.0.0.7", false);
        case("engine.labels.disk == ssd", true);
        case("node.nonsense == 1", false);
        case("nonsense", false);
        assert!(meets(&[], &node));
    }
}
