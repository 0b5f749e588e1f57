//! What tells that Pulsar's parts are ready.

use super::{ZOOKEEPER, cluster_name};
use crate::component::{Component, Gates, Site};
use crate::gate::Gate;

pub(super) fn zookeeper(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::ZookeeperQuorum {
        members: site.members(component),
    })
}

pub(super) fn init(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::PulsarMetadata {
        service: site.service(component),
        zookeepers: site.members(&ZOOKEEPER),
        cluster: cluster_name(site.cluster),
    })
}

pub(super) fn bookies(site: &Site<'_>, component: &Component) -> Gates {
    let members = site.members(component);
    let count = members.len();
    let bookies = |at_least| Gate::BookiesWritable {
        members: members.clone(),
        zookeepers: site.members(&ZOOKEEPER),
        at_least,
    };
    Gates::of(bookies, site.ensemble.min(count), count)
}

/// Milvus needs one broker to start; the others join while it does.
pub(super) fn brokers(site: &Site<'_>, component: &Component) -> Gates {
    let members = site.members(component);
    let brokers = |at_least| Gate::BrokersHealthy {
        members: members.clone(),
        at_least,
    };
    Gates::of(brokers, 1, members.len())
}
