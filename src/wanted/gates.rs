//! The phases in which services start, and the gates between them.

use std::collections::BTreeMap;

use crate::component::{Agreement, COMPONENTS, Component, Gates, Shape, Site};
use crate::formed;
use crate::gate::{ENDED, Elsewhere, GONE, Gate, RENEWED, Tasks};
use crate::inventory::Inventory;
use crate::plan::Phase;
use crate::release::Release;
use crate::render::Generations;
use crate::spec::ServiceSpec;
use crate::system::{Elsewhere as Talked, SEARCH, Slot, System, striping};
use crate::topology::Topology;

/// Makes phases whose gates name services in full.
pub(super) struct Phases<'a> {
    inventory: &'a Inventory,
    release: &'a Release,
    generations: &'a Generations,
    members: BTreeMap<&'static str, Vec<String>>,
}

impl<'a> Phases<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        release: &'a Release,
        topology: &'a Topology,
        generations: &'a Generations,
    ) -> Self {
        let named = |component: &'static Component| {
            let members = topology.members(component.name).iter();
            let services = members.map(|member| component.service(&inventory.name, &member.name));
            (component.name, services.collect())
        };
        Self {
            inventory,
            release,
            generations,
            members: Component::of(inventory, release).map(named).collect(),
        }
    }

    pub(super) fn site(&self) -> Site<'_> {
        self.site_of(SEARCH, &[])
    }

    fn site_of(&self, component: &Component, services: &[ServiceSpec]) -> Site<'_> {
        let striping = striping(component.role);
        let ensemble = striping.map_or(0, |striping| (striping.of)(self.inventory).ensemble);
        Site {
            cluster: &self.inventory.name,
            members: &self.members,
            tasks: services.iter().filter_map(ServiceSpec::replicas).sum(),
            ensemble: usize::try_from(ensemble).unwrap_or(usize::MAX),
        }
    }

    /// What a cluster uses and does not run: nothing starts, and a gate says whether it is ready,
    /// where it can be asked.
    pub(super) fn chosen(&self) -> impl Iterator<Item = Phase> {
        let systems = System::all_of(self.inventory).filter(|system| system.runs.is_none());
        systems.map(|system| {
            let slot = system.fills.map(|filler| filler.slot);
            let choice = system.fills.and_then(|filler| filler.choice);
            let opens = system.elsewhere.map(|row| self.asked(system, row, slot));
            Phase {
                name: system.name.to_owned(),
                needs: self.phases_of(choice.map_or(&[], |choice| choice.needs)),
                opens: Vec::from_iter(opens),
                remembered: slot.map(|slot| formed::filler_label(&self.inventory.name, slot)),
                ..Phase::default()
            }
        })
    }

    /// The gate of a system that is talked with: what the inventory says of it, and what others want
    /// of it.
    fn asked(&self, system: &System, row: Talked, slot: Option<Slot>) -> Gate {
        let filling = slot.and_then(|slot| self.inventory.fillers.get(&slot));
        let said = filling.map(|filling| filling.settings.iter());
        let said = said.into_iter().flatten();
        let demands = System::all_of(self.inventory)
            .filter_map(|other| other.fills?.choice)
            .flat_map(|choice| choice.demands)
            .filter(|(of, _)| Some(*of) == slot)
            .map(|(_, setting)| ((*setting).to_owned(), "true".to_owned()));
        // One that runs here is not asked with all that it has: it has the keys of its master too.
        let secrets = system.secrets_of(self.inventory);
        let secrets = secrets.filter(|_| system.runs.is_none());
        let says = (row.says)(self.inventory, self.generations);
        let says = says.into_iter().map(|(key, text)| (key.to_owned(), text));
        Gate::Elsewhere(Elsewhere {
            system: system.name.to_owned(),
            cluster: self.inventory.name.clone(),
            settings: said
                .map(|(key, text)| ((*key).to_owned(), text.clone()))
                .chain(demands)
                .chain(says)
                .collect(),
            secrets: secrets.map(|secret| secret.key.to_owned()).collect(),
        })
    }

    /// The phases of components: what was chosen in place of one stands for it.
    fn phases_of(&self, components: &[&str]) -> Vec<String> {
        let rows = components.iter().filter_map(|name| Component::named(name));
        let mut needs: Vec<String> = Vec::new();
        for row in rows {
            let names = if row.is_of(self.inventory, self.release) {
                vec![row.name]
            } else {
                let slot = row.system().fills.map(|filler| filler.slot);
                let filling = slot.and_then(|slot| self.inventory.fillers.get(&slot));
                filling.map_or_else(Vec::new, |filling| phases_of_system(filling.system))
            };
            let names = names.into_iter().map(str::to_owned);
            for name in names {
                if !needs.contains(&name) {
                    needs.push(name);
                }
            }
        }
        needs
    }

    pub(super) fn phase(&self, component: &Component, services: Vec<ServiceSpec>) -> Phase {
        let Gates { mut opens, settles } =
            (component.gates)(&self.site_of(component, &services), component);
        let system = component.system();
        opens.extend(system.elsewhere.map(|row| self.asked(system, row, None)));
        Phase {
            name: component.name.to_owned(),
            services,
            needs: self.phases_of(component.needs),
            opens,
            settles,
            runs_once: component.shape == Shape::Task,
            rolls: component.shape == Shape::Members && component.agreement != Agreement::Erasure,
            closed: component.agreement.is_closed(),
            is_milvus: component.milvus.is_some(),
            upgrade_rank: component.upgrade_rank(),
            birth: component.birth,
            remembered: self.remembered(system),
            renewal: self.check(component, RENEWED),
            gone: self.check(component, GONE),
            replaces: COMPONENTS
                .iter()
                .filter(|row| component.replaces(row))
                .filter_map(|row| self.check(row, ENDED))
                .collect(),
        }
    }

    /// The label that tells that a system was chosen for what the cluster runs.
    fn remembered(&self, system: &System) -> Option<String> {
        let filler = system.fills.filter(|filler| filler.choice.is_some())?;
        Some(formed::filler_label(&self.inventory.name, filler.slot))
    }

    /// A check of a component's tasks, if it has one of this name.
    pub(super) fn check(&self, component: &Component, name: &str) -> Option<Tasks> {
        let check = component.checks.of_tasks(name)?;
        Some(self.site().of_tasks(component, check, 0))
    }
}

/// The phases of a system that was chosen: those of what it runs, else one of its own.
fn phases_of_system(system: &'static str) -> Vec<&'static str> {
    let rows = COMPONENTS.iter().filter(|row| row.system().name == system);
    let names: Vec<&str> = rows.map(|row| row.name).collect();
    if names.is_empty() {
        vec![system]
    } else {
        names
    }
}
