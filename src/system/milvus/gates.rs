//! What tells that processes of Milvus are ready.

use crate::component::{Component, Gates, Site};
use crate::gate::Gate;
use crate::system::METADATA;

/// Standbys say OK on their health port.
pub(super) fn coordinator(site: &Site<'_>, component: &Component) -> Gates {
    let healthy = Gate::MilvusHealthy {
        service: site.service(component),
        tasks: site.tasks,
    };
    let leads = Gate::CoordinatorLeads {
        etcd: site.members(METADATA),
        root_path: site.cluster.to_owned(),
        service: site.service(component),
        role: session(component),
    };
    Gates {
        opens: vec![leads],
        settles: vec![healthy],
    }
}

pub(super) fn worker(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::SessionsRegistered {
        etcd: site.members(METADATA),
        root_path: site.cluster.to_owned(),
        service: site.service(component),
        role: session(component),
        tasks: site.tasks,
    })
}

pub(super) fn front(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::ProxiesServe {
        service: site.service(component),
        tasks: site.tasks,
    })
}

fn session(component: &Component) -> String {
    let session = component.milvus.map(|process| process.session);
    session.unwrap_or(component.name).to_owned()
}
