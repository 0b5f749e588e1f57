//! Root's password on the network: what a plan says of it before it is agreed to.

use crate::constraint::meets;
use crate::observed::{Node, Observed};
use crate::plan::{Action, Plan, Wanted};
use crate::spec::is_encrypted;
use crate::words::names;

/// Says so if root's password will go from host to host in a network that is not encrypted: somebody
/// is asked or told something as root, and no proxy runs on the manager that this goes through.
pub(super) fn warning(wanted: &Wanted, seen: &Observed, plan: &Plan) -> Option<String> {
    let mut actions = plan.steps.iter().map(|step| &step.action);
    let is_needed =
        |action: &Action| matches!(action, Action::Smoke { .. } | Action::RenewPassword { .. });
    let network = wanted.networks.first()?;
    let found = seen.networks.get(&network.name);
    let stays = found.filter(|_| !wanted.renewed.contains(&network.name));
    let network = stays.map_or(network, |found| &found.spec);
    if is_encrypted(network) || !actions.any(is_needed) {
        return None;
    }
    let this = seen.nodes.iter().find(|node| node.id == seen.this_node)?;
    let hosts: Vec<Node> = hosts(wanted, seen, plan);
    let wants = wanted.services().find(|spec| spec.name == wanted.proxy);
    let replicas = wants.and_then(|spec| spec.replicas()).unwrap_or_default();
    // Where there are fewer than hosts, a new task may be on another one.
    let stay = !plan.steps.iter().any(|step| match &step.action {
        Action::UpdateService { name, .. } | Action::RemoveService { name, .. } => {
            *name == wanted.proxy
        }
        _ => false,
    });
    let is_sure = |node: &&Node| {
        let mut tasks = seen.tasks_of(&wanted.proxy);
        let has_one = tasks.any(|task| task.node_id == node.id && task.is_up());
        replicas >= hosts.len() as u64 || stay && has_one
    };
    let managers = hosts.iter().filter(|node| node.role == "manager");
    let sure: Vec<&Node> = managers.filter(is_sure).collect();
    if sure.iter().any(|node| node.id == this.id) {
        return None;
    }
    let way_out = if sure.is_empty() {
        "a proxy on each manager would keep it within one host".to_owned()
    } else {
        let named = names(sure.iter().map(|node| &node.hostname));
        format!("asked through {named}, with `--host`, it stays within one host")
    };
    Some(format!(
        "no proxy is sure to run on `{}`, the manager that is asked: root's password crosses the cluster's \
         network, which is not encrypted; {way_out}",
        this.hostname
    ))
}

/// The nodes that may run a proxy once the labels of the plan are there.
fn hosts(wanted: &Wanted, seen: &Observed, plan: &Plan) -> Vec<Node> {
    let spec = wanted.services().find(|spec| spec.name == wanted.proxy);
    let Some(spec) = spec else {
        return Vec::new();
    };
    let constraints = &spec.task_template.placement.constraints;
    let nodes = seen.nodes.iter().map(|node| {
        let mut node = node.clone();
        for step in &plan.steps {
            if let Action::LabelNode {
                node_id,
                add,
                remove,
                ..
            } = &step.action
                && *node_id == node.id
            {
                node.labels.extend(add.clone());
                node.labels.retain(|key, _| !remove.contains(key));
            }
        }
        node
    });
    nodes
        .filter(|node| node.takes_tasks() && meets(constraints, node))
        .collect()
}
