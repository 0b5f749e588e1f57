//! What is known to let strangers in is no release to bring up, unless the inventory says so.

use super::No;
use super::facts::Facts;
use crate::hole::{Hole, holes};
use crate::inventory::Inventory;
use crate::plan::Wanted;
use crate::release::Release;

pub(super) fn open(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    of(case.wanted, case.inventory, case.release)
}

/// The same of specs for whatever Swarm.
pub(super) fn of(wanted: &Wanted, inventory: &Inventory, release: &Release) -> Vec<No> {
    let found = holes(wanted.services(), inventory, release).into_iter();
    let open: Vec<Hole> = found.filter(|hole| !hole.is_accepted(inventory)).collect();
    let names = open.iter().map(|hole| hole.advisory.name).collect();
    let refused = open.iter().map(|hole| No {
        reason: hole.told(),
        hint: hole.way_out(inventory, &names),
    });
    refused.collect()
}
