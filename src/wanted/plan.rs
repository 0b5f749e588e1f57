//! From a cluster to the plan that brings it about on a Swarm.

use super::{Cluster, crossing};
use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::plan::{self, Heard, Plan, Refusal};
use crate::refuse;

impl Cluster {
    /// Every reason not to bring this about on what was seen.
    #[must_use]
    pub fn refusals(&self, inventory: &Inventory, seen: &Observed) -> Vec<Refusal> {
        refuse::refusals(&refuse::Case {
            inventory,
            release: &self.release,
            topology: &self.topology,
            wanted: &self.wanted,
            seen,
        })
    }

    /// The known holes that forbid it on whatever Swarm.
    #[must_use]
    pub fn holes(&self, inventory: &Inventory) -> Vec<Refusal> {
        refuse::holes(&self.wanted, inventory, &self.release)
    }

    /// What a user should know of it, whatever else is asked.
    pub fn warnings(&self) -> impl Iterator<Item = &String> {
        self.topology.warnings.iter().chain(&self.wanted.warnings)
    }

    /// The plan that turns what was seen into what is wanted.
    #[must_use]
    pub fn plan(&self, inventory: &Inventory, seen: &Observed, heard: &Heard) -> Plan {
        self.plan_with(self.refusals(inventory, seen), seen, heard)
    }

    /// As [`plan`](Self::plan), where its refusals are known already: to look for them is work.
    pub(crate) fn plan_with(&self, refusals: Vec<Refusal>, seen: &Observed, heard: &Heard) -> Plan {
        let mut plan = plan::up(&self.wanted, seen, heard);
        plan.warnings
            .splice(0..0, self.topology.warnings.iter().cloned());
        plan.warnings
            .extend(crossing::warning(&self.wanted, seen, &plan));
        plan.refusals = refusals;
        plan.refusals.extend(refuse::births(&heard.verdicts));
        plan
    }
}
