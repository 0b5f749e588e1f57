//! Where roles run that nobody was given.

use std::collections::BTreeSet;

use crate::role::Role;

use super::model::Host;

/// The roles that have a place without being given, and the role beside which that is.
pub(super) const DEFAULT_PLACES: [(Role, Role); 3] = [
    (Role::Data, Role::Coord),
    (Role::Proxy, Role::Manager),
    (Role::Zookeeper, Role::Etcd),
];

/// Gives the roles that nobody was given to where they run by default, and returns those roles.
pub(super) fn apply_defaults(hosts: &mut [Host]) -> BTreeSet<Role> {
    let mut defaulted = BTreeSet::new();
    for (role, beside) in DEFAULT_PLACES {
        if hosts.iter().any(|host| host.roles.contains(&role)) {
            continue;
        }
        defaulted.insert(role);
        for host in hosts.iter_mut().filter(|host| host.roles.contains(&beside)) {
            host.roles.insert(role);
        }
    }
    defaulted
}
