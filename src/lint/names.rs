//! Names that would never resolve.

use super::Fault;
use crate::component::Component;
use crate::compose::Stack;
use crate::spec::ServiceSpec;

/// Components whose members serve only once most of them have found each other by name.
const BY_NAME: [&str; 3] = ["etcd", "minio", "zookeeper"];

/// Health checks of members that wait for each other: Swarm publishes a task's names once it is
/// healthy (moby issues 35451 and 36737), and a member that finds no other is not.
pub(super) fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let component = |name: &str| Component::of_service(name).map(|row| row.name);
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
            if theirs.is_some_and(is_checked) {
                let why = "Swarm publishes a member's name once it is healthy, and these members \
                           serve once they have found each other by name; `up` asks them itself";
                let fault = Fault::new("healthcheck", "is set", why);
                faults.push((member.clone(), fault));
            }
        }
    }
    faults
}

fn is_checked(spec: &ServiceSpec) -> bool {
    let check = &spec.task_template.container_spec.healthcheck;
    check
        .as_ref()
        .is_some_and(|check| !matches!(check.test.first().map(String::as_str), None | Some("NONE")))
}
