//! As many tasks as there is room for.

use super::No;
use super::facts::Facts;
use super::words::count;
use crate::component::Kind;

pub(super) fn too_many(facts: &Facts<'_>) -> Vec<No> {
    facts
        .spreads()
        .filter_map(|spread| {
            let hosts = spread.pool.hosts.len();
            let room = spread.per_host?.saturating_mul(hosts as u64);
            let (role, wanted) = (spread.component.role, spread.replicas);
            (wanted > room).then(|| No {
                reason: format!(
                    "`{}` wants {wanted} tasks, but the role `{role}` has {} with at most {} on each: \
                     room for {room}",
                    spread.component.name,
                    count(hosts, "host"),
                    spread.per_host.unwrap_or(0),
                ),
                hint: if spread.component.kind() == Some(Kind::Coordinator) {
                    format!("give the role `{role}` to more hosts, or lower `roles.{role}.replicas`")
                } else {
                    format!(
                        "milvus-swarm scale {role}={wanted} --on HOST,... gives the role to more \
                         hosts; or raise `roles.{role}.per_host`"
                    )
                },
            })
        })
        .collect()
}
