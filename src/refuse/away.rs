//! Members that have nowhere to run, or that will have nowhere once the plan has stopped them.

use super::facts::Facts;
use crate::observed::Node;
use crate::spec::{Restart, posted, restarts};
use crate::topology::Member;

/// The node of a member that does not run there once the plan is through. A paused node keeps the
/// tasks that it has and starts none: whoever restarts on it is gone.
pub(super) fn away<'a>(facts: &Facts<'a>, member: &Member) -> Option<&'a Node> {
    let node = facts.homes.get(member.host.as_str()).copied()?;
    let stays = || runs(facts, &member.name) && !changes(facts, &member.name);
    let is_away = node.state == "down"
        || node.availability == "drain"
        || (node.availability == "pause" && !stays());
    is_away.then_some(node)
}

/// Whether the plan would restart a member that runs.
pub(super) fn would_restart(facts: &Facts<'_>, member: &str) -> bool {
    changes(facts, member) && runs(facts, member)
}

/// Why nothing starts on a node.
pub(super) fn state(node: &Node) -> &'static str {
    match node.availability.as_str() {
        _ if node.state == "down" => "down",
        "pause" => "paused",
        _ => "drained",
    }
}

/// What goes on once a node is back.
pub(super) const UP: &str = "`milvus-swarm up`";

/// How a node that is away takes tasks again.
pub(super) fn bring_back(node: &Node) -> String {
    let name = &node.hostname;
    match node.state.as_str() {
        "down" => {
            format!("start `{name}` again (`docker node ls` shows it), then {UP}")
        }
        _ => format!("docker node update --availability active {name}, then {UP}"),
    }
}

fn changes(facts: &Facts<'_>, member: &str) -> bool {
    let found = facts.found.get(member);
    let wanted = facts.specs.get(member);
    found.zip(wanted).is_some_and(|(found, wanted)| {
        let to = posted(&found.spec, wanted);
        restarts(&found.spec, &to) != Restart::None
    })
}

fn runs(facts: &Facts<'_>, member: &str) -> bool {
    let Some(spec) = facts.specs.get(member) else {
        return false;
    };
    let mut tasks = facts.case.seen.tasks.iter();
    tasks.any(|task| task.service == spec.name && task.is_up())
}
