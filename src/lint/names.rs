//! Names that would never resolve.

use super::{Fault, component};
use crate::compose::Stack;
use crate::spec::ServiceSpec;

/// Components whose members serve only once most of them have found each other by name.
const BY_NAME: [&str; 3] = ["etcd", "minio", "zookeeper"];

/// Members that wait for each other must have no health check: Swarm publishes a task's names once
/// it is healthy (moby issues 35451 and 36737), and a member that finds no other is not. One that
/// the image has counts unless it is disabled.
pub(super) fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let mut faults = Vec::new();
    for name in BY_NAME {
        let members = shipped.services.keys();
        let members: Vec<&String> = members
            .filter(|member| component(member) == Some(name))
            .collect();
        if members.len() < 2 {
            continue;
        }
        for member in members {
            let theirs = edited.services.get(member);
            if theirs.is_some_and(|spec| !is_unchecked(spec)) {
                let found = "must be `disable: true`";
                let why = "Swarm publishes a member's name once it is healthy, and these members \
                           serve once they have found each other by name; `up` asks them itself";
                faults.push((member.clone(), Fault::new("healthcheck", found, why)));
            }
        }
    }
    faults
}

fn is_unchecked(spec: &ServiceSpec) -> bool {
    let check = &spec.task_template.container_spec.healthcheck;
    check.as_ref().is_some_and(|check| check.test == ["NONE"])
}
