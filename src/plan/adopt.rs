//! Services of the cluster that were not posted by this tool, or not last: `docker stack deploy`
//! of the rendered files makes them, and takes the mark of the spec last applied away.
//!
//! They are the cluster's by name and label, so they are taken over. Where nothing is to be
//! changed nothing is posted either, not even the mark: an update would run jobs again, and say
//! nothing that the comparison of specs does not.

use std::collections::BTreeMap;

use super::Because;
use super::build::Changed;
use super::wanted::Wanted;
use crate::observed::{Observed, Service, Task};
use crate::spec::drifted;

/// Names of services that are taken over as they are.
pub(super) fn adopted(
    wanted: &Wanted,
    seen: &Observed,
    changes: &BTreeMap<&str, Changed>,
) -> Vec<String> {
    wanted
        .services()
        .filter(|spec| !changes.contains_key(spec.name.as_str()))
        .filter(|spec| {
            let found = seen.services.get(&spec.name);
            found.is_some_and(|found| drifted(&found.spec).is_none())
        })
        .map(|spec| spec.name.clone())
        .collect()
}

/// Why a service that is not as wanted is changed.
pub(super) fn because(found: &Service) -> Because {
    match drifted(&found.spec) {
        None => Because::Adopted,
        Some(true) => Because::Drifted,
        // An earlier spec carries the mark that it was posted with.
        Some(false) if found.update_state.starts_with("rollback") => Because::Drifted,
        Some(false) => Because::Changed,
    }
}

/// Whether Swarm paused an update that has tasks left to replace, and those that are replaced are
/// well by now: whatever is posted starts it anew (swarmkit: `manager/controlapi/service.go` clears
/// its state). Where one still fails the update would only take the next one with it.
pub(super) fn is_paused_halfway(found: &Service, seen: &Observed) -> bool {
    if found.update_state != "paused" {
        return false;
    }
    let tasks = seen
        .tasks_of(&found.spec.name)
        .filter(|task| task.is_wanted());
    let (renewed, stale): (Vec<&Task>, Vec<&Task>) = tasks.partition(|task| seen.is_current(task));
    // What has only begun to start may fail as the one before it did.
    !stale.is_empty() && !renewed.is_empty() && renewed.iter().all(|task| task.state == "running")
}

/// Why labels are set that a node has not, or has with other values, or else only taken away.
/// Labels carry no mark; but this tool never gives one that says `true` another value.
pub(super) fn labelled(add: &BTreeMap<String, String>, from: &BTreeMap<String, String>) -> Because {
    if add.is_empty() {
        Because::Orphan
    } else if from.is_empty() {
        Because::Missing
    } else if from
        .keys()
        .any(|label| add.get(label).is_some_and(|to| to == "true"))
    {
        Because::Drifted
    } else {
        Because::Changed
    }
}
