//! Which query nodes leave, where fewer are wanted than there are.

use super::Cluster;
use crate::observed::Observed;
use crate::plan::{Drain, Leaver};
use crate::system::SEARCH;
use crate::topology::role_label;

impl Cluster {
    /// Full name of the service of query nodes.
    #[must_use]
    pub fn query_service(&self) -> Option<&str> {
        let mut phases = self.wanted.phases.iter();
        let phase = phases.find(|phase| phase.name == SEARCH.name)?;
        phase.services.first().map(|spec| spec.name.as_str())
    }

    /// The service of query nodes, if it has more of them than are wanted.
    #[must_use]
    pub fn shrinks(&self, seen: &Observed) -> Option<String> {
        let mut specs = self.wanted.phases.iter().flat_map(|phase| &phase.services);
        let wanted = specs.find(|spec| Some(spec.name.as_str()) == self.query_service())?;
        let found = seen.services.get(&wanted.name)?;
        (found.spec.replicas() > wanted.replicas()).then(|| wanted.name.clone())
    }

    /// Lets query nodes leave in this order, those first whose hosts have the role no more: their
    /// tasks end in any case.
    pub fn drain(&mut self, service: String, mut leavers: Vec<Leaver>) {
        if let Some(pool) = self.topology.pools.get(SEARCH.name) {
            leavers.sort_by_key(|leaver| pool.hosts.contains(&leaver.hostname));
        }
        let seed = &self.wanted.seed;
        self.wanted.drain = Some(Drain {
            label: role_label(&self.wanted.cluster, SEARCH.role),
            etcd: seed.etcd.clone(),
            root_path: seed.root_path.clone(),
            proxy: self.wanted.proxy.clone(),
            leavers,
            service,
        });
    }
}
