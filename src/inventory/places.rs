//! Where roles run that nobody was given.

use std::collections::BTreeSet;

use crate::release::Line;
use crate::role::Role;

use super::model::Host;

/// The role beside which one runs without being given.
pub(super) fn beside(role: Role) -> Option<Role> {
    let (beside, _) = role.duty()?.beside?;
    Some(beside)
}

/// Whether a line of Milvus has a role not yet.
pub(super) fn is_early(role: Role, line: Line) -> bool {
    let since = role.duty().and_then(|duty| duty.since);
    since.is_some_and(|since| line < since)
}

/// Gives the roles that nobody was given to where they run by default, and returns those roles.
pub(super) fn apply_defaults(hosts: &mut [Host], line: Line) -> BTreeSet<Role> {
    let mut defaulted = BTreeSet::new();
    for role in Role::ALL {
        let Some(beside) = beside(role).filter(|_| !is_early(role, line)) else {
            continue;
        };
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
