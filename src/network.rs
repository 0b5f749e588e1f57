//! The two networks of a cluster, by their names.
//!
//! Everything is on the backend, which is internal: Docker gives a task on nothing else no way to its
//! host, and local users there none to it (moby: `needDefaultGW` in `libnetwork/default_gateway.go`).
//! What publishes a port, or needs something outside of the cluster, is on the front besides.

use std::collections::BTreeMap;
use std::net::IpAddr;

/// How the name of the backend ends.
const BACKEND: &str = "_net";

/// The network that all tasks of a cluster are on.
#[must_use]
pub fn backend(cluster: &str) -> String {
    format!("{cluster}{BACKEND}")
}

/// The network of those tasks that are reached from outside, or reach what is there.
#[must_use]
pub fn front(cluster: &str) -> String {
    format!("{cluster}_front")
}

/// Of a task's addresses by network, the one at which its peers and gates reach it.
#[must_use]
pub fn inside(addresses: &BTreeMap<String, IpAddr>) -> Option<IpAddr> {
    let backend = addresses.iter().find(|(name, _)| name.ends_with(BACKEND));
    let found = backend.or_else(|| addresses.iter().next());
    found.map(|(_, address)| *address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_reached_on_the_backend() {
        let [inner, outer]: [IpAddr; 2] = [[10, 0, 1, 2].into(), [10, 0, 0, 2].into()];
        let both = BTreeMap::from([(backend("prod"), inner), (front("prod"), outer)]);
        assert_eq!(inside(&both), Some(inner));
        assert_eq!(inside(&[(front("prod"), outer)].into()), Some(outer));
        assert_eq!(inside(&BTreeMap::new()), None);
    }
}
