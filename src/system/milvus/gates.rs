//! What processes of Milvus can be asked, and which of that tells that they are ready.

use super::{ask, guarded, renewed, session};
use crate::component::{Component, Gates, Site};
use crate::gate::{Checks, Gate};

pub(super) const OF_COORDINATORS: Checks = Checks::Tasks(&[
    &session::LEADS,
    &ask::HEALTHY,
    &session::GONE,
    &session::ENDED,
]);

pub(super) const OF_WORKERS: Checks =
    Checks::Tasks(&[&session::REGISTERED, &renewed::RENEWED, &session::GONE]);

/// Of streaming nodes, which lead the shards where there are any.
pub(super) const OF_STREAMS: Checks = Checks::Tasks(&[
    &session::REGISTERED,
    &renewed::RENEWED_AND_LED,
    &session::GONE,
]);

/// Of query nodes, which lead shards where there are no streaming nodes.
pub(super) const OF_LEADERS: Checks = Checks::Tasks(&[
    &session::REGISTERED,
    &renewed::RENEWED_AND_LED,
    &session::GONE,
    &session::LEADS_NO_SHARD,
]);

pub(super) const OF_FRONT: Checks = Checks::Tasks(&[
    &ask::SERVES,
    &guarded::GUARDED,
    &renewed::RENEWED_AND_NAMED,
    &session::GONE,
]);

/// Standbys say OK on their health port.
pub(super) fn coordinator(site: &Site<'_>, component: &Component) -> Gates {
    Gates {
        opens: vec![Gate::Tasks(site.of_tasks(component, &session::LEADS, 1))],
        settles: vec![Gate::Tasks(site.of_tasks(
            component,
            &ask::HEALTHY,
            site.tasks,
        ))],
    }
}

pub(super) fn worker(site: &Site<'_>, component: &Component) -> Gates {
    let registered = site.of_tasks(component, &session::REGISTERED, site.tasks);
    Gates::one(Gate::Tasks(registered))
}

pub(super) fn front(site: &Site<'_>, component: &Component) -> Gates {
    let serves = site.of_tasks(component, &ask::SERVES, site.tasks);
    let guarded = site.of_tasks(component, &guarded::GUARDED, site.tasks);
    Gates {
        opens: vec![Gate::Tasks(serves)],
        settles: vec![Gate::Tasks(guarded)],
    }
}
