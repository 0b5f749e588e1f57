//! Configs are found by their label, and one name is not theirs to have.

use super::Fault;
use crate::compose::Stack;
use crate::lock;
use crate::topology::CLUSTER_LABEL;

/// What is wrong with the configs of a stack, each with the first service that mounts it.
pub(super) fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let mut services = shipped.services.values();
    let Some(cluster) = services.find_map(|spec| spec.labels.get(CLUSTER_LABEL)) else {
        return Vec::new();
    };
    let mut faults = Vec::new();
    for config in edited.configs.values() {
        let name = &config.name;
        let user = edited.services.iter().find(|(_, spec)| {
            let mut mounted = spec.task_template.container_spec.configs.iter();
            mounted.any(|one| one.name == *name)
        });
        let user = user.or_else(|| edited.services.iter().next());
        let Some((user, _)) = user else { continue };
        if config.labels.get(CLUSTER_LABEL) != Some(cluster) {
            let found = format!("has `{name}` without the label `{CLUSTER_LABEL}: {cluster}`");
            let why = "the tool finds what is its own by this label; without it the config would be \
                       a stranger's, and its name taken";
            faults.push((user.clone(), Fault::new("configs", found, why)));
        }
        if *name == lock::name(cluster) {
            let found = format!("has `{name}`");
            let why = "a config of this name is the lock of the cluster";
            faults.push((user.clone(), Fault::new("configs", found, why)));
        }
    }
    faults
}
