//! The phases of a cluster in the order in which they are seen to.

use super::StepId;
use super::build::Builder;
use super::wanted::Phase;
use super::working::comes;

impl Builder<'_> {
    /// What does not run yet, or not well, in the order of starting; then what works, in upstream's
    /// upgrade order, and after it what stands before Milvus.
    pub(super) fn phases(&mut self) {
        let (mut later, mut planted): (Vec<&Phase>, Vec<_>) = (Vec::new(), Vec::new());
        let mut before_users = Vec::new();
        let wanted = self.wanted;
        for phase in &wanted.phases {
            let needs_one = |later: &[&Phase]| {
                let mut later = later.iter();
                later.any(|other| phase.needs.contains(&other.name))
            };
            if self.rolls_later(phase) {
                self.defer(phase);
                later.push(phase);
            } else if self.stands_before_milvus(phase) && !self.creates(phase) {
                before_users.push(phase);
            } else if needs_one(&later)
                && (self.stands_before_milvus(phase) || comes(phase, wanted, self.seen))
            {
                // What stands before Milvus takes each port over as soon as it is free.
                planted.push((phase, self.plant(phase)));
            } else {
                self.phase(phase);
            }
        }
        later.sort_by_key(|phase| phase.upgrade_rank);
        for (at, phase) in later.iter().enumerate() {
            self.roll(phase);
            let waits = |planted: &Phase| {
                let mut rest = later[at + 1..].iter();
                rest.any(|other| planted.needs.contains(&other.name))
            };
            let (rest, grown) = planted.into_iter().partition(|(phase, _)| waits(phase));
            planted = rest;
            let grown: Vec<(&Phase, Vec<StepId>)> = grown;
            for (phase, acted) in grown {
                self.grow(phase, acted);
            }
        }
        // One after the other too, and after all that they give requests to.
        for phase in before_users {
            self.roll(phase);
        }
    }

    /// Whether it gives users' requests to Milvus, and so comes after it.
    fn stands_before_milvus(&self, phase: &Phase) -> bool {
        let mut milvus = self.wanted.phases.iter().filter(|other| other.is_milvus);
        !phase.is_milvus && milvus.any(|other| phase.needs.contains(&other.name))
    }

    /// Starts what comes with another release before what it needs is renewed, and waits for nothing
    /// of it.
    fn plant(&mut self, phase: &Phase) -> Vec<StepId> {
        let needs = self.needs(phase);
        let services = phase.services.iter();
        let acted = services.filter_map(|spec| self.service(phase, spec, &needs));
        let acted = acted.collect();
        self.opens.insert(phase.name.clone(), needs);
        acted
    }

    /// Waits for what was started so, once what it needs is renewed.
    fn grow(&mut self, phase: &Phase, mut acted: Vec<StepId>) {
        let needs = self.ends.clone();
        if !acted.is_empty() {
            acted.extend(&needs);
        }
        for gate in phase.opens.iter().chain(&phase.settles) {
            let open = self.gate(phase, gate, &acted, &needs);
            self.awaited(gate, open);
        }
    }
}
