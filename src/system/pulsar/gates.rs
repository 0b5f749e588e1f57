//! What tells that Pulsar's parts are ready.

use super::{ask, zookeeper};
use crate::component::{Component, Gates, Site};
use crate::gate::Gate;

pub(super) fn zookeeper(site: &Site<'_>, component: &Component) -> Gates {
    let members = site.members(component).len();
    Gates::one(site.of_members(component, &zookeeper::QUORUM, members))
}

pub(super) fn init(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::Tasks(site.of_tasks(component, &ask::METADATA, 1)))
}

pub(super) fn bookies(site: &Site<'_>, component: &Component) -> Gates {
    let count = site.members(component).len();
    let bookies = |at_least| site.of_members(component, &ask::WRITABLE, at_least);
    Gates::of(bookies, site.ensemble.min(count), count)
}

/// Milvus needs one broker to start; the others join while it does.
pub(super) fn brokers(site: &Site<'_>, component: &Component) -> Gates {
    let count = site.members(component).len();
    let brokers = |at_least| site.of_members(component, &ask::HEALTHY, at_least);
    Gates::of(brokers, 1, count)
}
