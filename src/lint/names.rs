//! Names that would never resolve, or not to whom they are of.

use std::collections::BTreeSet;

use super::{Fault, component};
use crate::component::{COMPONENTS, Component};
use crate::compose::Stack;
use crate::spec::ServiceSpec;

/// Components whose members serve only once most of them have found each other by name, in the
/// order of roles.
fn by_name() -> Vec<&'static Component> {
    let rows = COMPONENTS.iter().filter(|row| row.agreement.is_closed());
    let mut rows: Vec<&Component> = rows.collect();
    rows.sort_by_key(|row| row.role);
    rows
}

/// Whether a component or all of its members are reached under a name.
fn is_public(word: &str) -> bool {
    let mut rows = COMPONENTS.iter();
    Component::of_service(word).is_some() || rows.any(|row| row.alias == Some(word))
}

/// Members that wait for each other must have no health check: Swarm publishes a task's names once
/// it is healthy (moby issues 35451 and 36737), and a member that finds no other is not. One that
/// the image has counts unless it is disabled.
pub(super) fn faults(edited: &Stack, shipped: &Stack) -> Vec<(String, Fault)> {
    let mut faults = Vec::new();
    for row in by_name() {
        let members = shipped.services.keys();
        let members: Vec<&String> = members
            .filter(|member| component(member) == Some(row.name))
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

/// Names of others that a service takes for itself: Swarm's DNS answers for hostnames and aliases
/// alike, so their clients would reach it.
pub(super) fn taken(name: &str, theirs: &ServiceSpec, ours: &ServiceSpec) -> Vec<Fault> {
    let is_another_s = |word: &&str| *word != name && is_public(word);
    let why = "clients of that component would reach this service";
    let mut faults = Vec::new();
    let hostname = |spec: &ServiceSpec| spec.task_template.container_spec.hostname.clone();
    let theirs_hostname = hostname(theirs);
    if hostname(ours).is_empty() && is_another_s(&theirs_hostname.as_str()) {
        let found = format!("is `{theirs_hostname}`");
        faults.push(Fault::new("hostname", found, why));
    }
    let aliases = |spec: &ServiceSpec| {
        let networks = spec.task_template.networks.iter();
        networks
            .flat_map(|network| network.aliases.clone())
            .collect::<BTreeSet<String>>()
    };
    for alias in aliases(theirs).difference(&aliases(ours)) {
        if is_another_s(&alias.as_str()) {
            let found = format!("has the alias `{alias}`");
            faults.push(Fault::new("networks", found, why));
        }
    }
    faults
}

fn is_unchecked(spec: &ServiceSpec) -> bool {
    let check = &spec.task_template.container_spec.healthcheck;
    check.as_ref().is_some_and(|check| check.test == ["NONE"])
}
