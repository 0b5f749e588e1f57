//! A network that would have to be another one.

use super::No;
use super::facts::Facts;
use crate::spec::{Change, network_diff};

/// Swarm has no call that changes a network, and none can be removed while tasks are on it.
pub(super) fn changes(facts: &Facts<'_>) -> Vec<No> {
    let wanted = &facts.case.wanted.network;
    let found = facts.case.seen.networks.get(&wanted.name);
    let changes = found.map(|found| network_diff(&found.spec, wanted));
    changes
        .filter(|changes| !changes.is_empty())
        .map(|changes| refuse(&wanted.name, &changes))
        .into_iter()
        .collect()
}

fn refuse(name: &str, changes: &[Change]) -> No {
    let fields: Vec<String> = changes.iter().map(ToString::to_string).collect();
    No {
        reason: format!(
            "network `{name}` is not as wanted, and Swarm can't change a network: {}",
            fields.join("; ")
        ),
        hint: "write `network:` in the inventory as the network is; or make it anew while \
               everything stands still: `milvus-swarm down`, then `milvus-swarm up` (the data stays)"
            .to_owned(),
    }
}
