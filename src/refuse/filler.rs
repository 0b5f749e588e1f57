//! What meets a need of Milvus keeps data: another one would not have it.

use super::No;
use super::facts::Facts;
use crate::component::{COMPONENTS, Component};
use crate::formed;
use crate::system::{Slot, System, filler, identity};
use crate::topology;

pub(super) fn moved(facts: &Facts<'_>) -> Vec<No> {
    Slot::ALL
        .into_iter()
        .filter_map(|slot| moved_from(facts, slot))
        .collect()
}

fn moved_from(facts: &Facts<'_>, slot: Slot) -> Option<No> {
    let case = facts.case;
    let system = filler(slot, case.inventory)?;
    let will = identity(slot, case.inventory);
    let labels = formed::fillers(&case.inventory.name, slot, &case.seen.nodes);
    let was = match labels.iter().find(|was| Some(**was) != will.as_deref()) {
        Some(was) => format!("`{was}`"),
        // Members may have data from the first secret on, which is made before they are.
        None if labels.is_empty() && will.is_some() && facts.has_run() => {
            former(facts, slot, system)?.title.to_owned()
        }
        None => return None,
    };
    let will = will.map_or_else(|| system.title.to_owned(), |will| format!("`{will}`"));
    Some(No {
        reason: format!("the cluster has its data in {was}, and would look for it in {will}"),
        hint: format!(
            "write `{}` as it was; to move the data, bring up a second cluster under another `name:` \
             and copy with milvus-backup",
            slot.key()
        ),
    })
}

/// What met a need before with members of its own: their services or labels are still there.
fn former(facts: &Facts<'_>, slot: Slot, now: &System) -> Option<&'static System> {
    let case = facts.case;
    let holders = topology::holders(&case.inventory.name, &case.seen.nodes);
    COMPONENTS
        .iter()
        .filter(|row| row.system().name != now.name)
        .filter(|row| row.system().fills.is_some_and(|filler| filler.slot == slot))
        .find(|row| {
            let is_its =
                |name: &&str| Component::of_service(name).is_some_and(|of| of.name == row.name);
            facts.found.keys().any(is_its)
                || holders
                    .iter()
                    .any(|holder| holder.component.name == row.name)
        })
        .map(|row| row.system())
}
