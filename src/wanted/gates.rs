//! The phases in which services start, and the gates between them.

use std::collections::BTreeMap;

use crate::component::{Agreement, Component, Gates, Kind, Shape, Site};
use crate::inventory::Inventory;
use crate::plan::{Phase, Renewal};
use crate::release::Release;
use crate::spec::ServiceSpec;
use crate::system::{FRONT, METADATA};
use crate::topology::Topology;

/// Makes phases whose gates name services in full.
pub(super) struct Phases<'a> {
    inventory: &'a Inventory,
    release: &'a Release,
    members: BTreeMap<&'static str, Vec<String>>,
}

impl<'a> Phases<'a> {
    pub(super) fn new(
        inventory: &'a Inventory,
        release: &'a Release,
        topology: &'a Topology,
    ) -> Self {
        let named = |component: &'static Component| {
            let members = topology.members(component.name).iter();
            let services = members.map(|member| component.service(&inventory.name, &member.name));
            (component.name, services.collect())
        };
        Self {
            inventory,
            release,
            members: Component::of(release).map(named).collect(),
        }
    }

    pub(super) fn site(&self) -> Site<'_> {
        self.site_of(&[])
    }

    fn site_of(&self, services: &[ServiceSpec]) -> Site<'_> {
        Site {
            cluster: &self.inventory.name,
            members: &self.members,
            tasks: services.iter().filter_map(ServiceSpec::replicas).sum(),
            ensemble: usize::try_from(self.inventory.pulsar.ensemble).unwrap_or(usize::MAX),
        }
    }

    pub(super) fn phase(&self, component: &Component, services: Vec<ServiceSpec>) -> Phase {
        let Gates { opens, settles } = (component.gates)(&self.site_of(&services), component);
        Phase {
            name: component.name.to_owned(),
            services,
            needs: component
                .needs
                .iter()
                .filter(|need| Component::named(need).is_some_and(|row| row.is_in(self.release)))
                .map(|need| (*need).to_owned())
                .collect(),
            opens,
            settles,
            runs_once: component.shape == Shape::Task,
            rolls: component.shape == Shape::Members && component.agreement != Agreement::Erasure,
            closed: component.agreement.is_closed(),
            is_milvus: component.milvus.is_some(),
            upgrade_rank: component.upgrade_rank(),
            renewal: self.renewal(component),
        }
    }

    /// Workers and proxies are renewed one at a time behind a gate. Of coordinators one leads
    /// and the others stand by unregistered: Swarm's own rolling update takes turns with them.
    fn renewal(&self, component: &Component) -> Option<Renewal> {
        let process = component.milvus?;
        let site = self.site();
        (process.kind != Kind::Coordinator).then(|| Renewal {
            etcd: site.members(METADATA),
            root_path: self.inventory.name.clone(),
            role: process.session.to_owned(),
            proxy: (process.kind == Kind::Leader).then(|| site.service(FRONT)),
        })
    }
}
