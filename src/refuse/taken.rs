//! Names that objects of somebody else have already.

use super::No;
use super::facts::Facts;
use crate::gate::short;
use crate::observed::{ObjectKind, TakenName};
use crate::topology::{CLUSTER_LABEL, probe_name};

/// A name is given once on a Swarm. What is not of the cluster is neither changed nor taken for
/// its own: a secret that somebody else made would become the password.
pub(super) fn names(facts: &Facts<'_>) -> Vec<No> {
    let taken = facts.case.seen.others.names.iter();
    taken
        .filter(|taken| is_needed(facts, taken))
        .map(|taken| refuse(&facts.case.inventory.name, taken))
        .collect()
}

/// Whether the cluster wants an object of that name, or makes one while it is worked on.
fn is_needed(facts: &Facts<'_>, taken: &TakenName) -> bool {
    let (wanted, name) = (facts.case.wanted, &taken.name);
    let cluster = &facts.case.inventory.name;
    match taken.kind {
        // A network of this engine alone may have the name of one that is ours.
        ObjectKind::Network => {
            let mut networks = wanted.networks.iter();
            networks.any(|network| network.name == *name)
                && !facts.case.seen.networks.contains_key(name)
        }
        ObjectKind::Secret => wanted.secrets.iter().any(|secret| secret.name == *name),
        ObjectKind::Config => {
            wanted.configs.contains_key(name) || *name == crate::lock::name(cluster)
        }
        ObjectKind::Service => {
            let spec = facts.specs.get(short(name));
            spec.is_some_and(|spec| spec.name == *name) || *name == probe_name(cluster)
        }
    }
}

fn refuse(cluster: &str, taken: &TakenName) -> No {
    let TakenName { kind, name, owner } = taken;
    let whose = match owner {
        Some(label) => format!("its label is `{label}`"),
        None => format!("it has no label `{CLUSTER_LABEL}`"),
    };
    let its_own = format!("{CLUSTER_LABEL}=");
    let is_free = owner
        .as_ref()
        .is_none_or(|label| !label.starts_with(&its_own));
    // Swarm's command line has no way to label the other kinds after the fact.
    let adopt = if *kind == ObjectKind::Service && is_free {
        format!(
            "; if it is of this cluster, say so: docker service update --label-add \
             {CLUSTER_LABEL}={cluster} {name}"
        )
    } else {
        String::new()
    };
    No {
        reason: format!("the {kind} `{name}` exists and is not of this cluster: {whose}"),
        hint: format!(
            "give this cluster another `name:`, or take the other away: docker {kind} rm \
             {name}{adopt}"
        ),
    }
}
