//! What an update changes, in lines.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::plan::{Action, Plan, Step, is_pause};
use crate::spec::{Change, Labels, ServiceSpec, diff};

/// A line for each change of an update. Where a service is renewed task by task, the first turn
/// tells what all of them change together and the others nothing: the pause between two of them
/// is there for as long as they last.
pub(super) fn change_lines(plan: &Plan, step: &Step) -> Vec<String> {
    match &step.action {
        Action::UpdateService {
            name,
            from,
            changes,
            turn,
            ..
        } => match turn {
            Some(turn) if turn.nth > 1 => Vec::new(),
            Some(_) => match renewed(plan, name) {
                Some(spec) => diff(from, spec).iter().map(line).collect(),
                None => changes.iter().map(line).collect(),
            },
            None => changes.iter().map(line).collect(),
        },
        Action::UpdateConfig { from, labels, .. } | Action::UpdateSecret { from, labels, .. } => {
            label_lines(from, labels)
        }
        _ => Vec::new(),
    }
}

fn label_lines(from: &Labels, to: &Labels) -> Vec<String> {
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let value = |labels: &Labels, key| labels.get(key).cloned().map(Value::String);
    keys.into_iter()
        .map(|key| Change {
            path: format!("labels.{key}"),
            from: value(from, key),
            to: value(to, key),
        })
        .filter(|change| change.from != change.to)
        .map(|change| change.to_string())
        .collect()
}

/// The spec of a service after its last turn.
fn renewed<'p>(plan: &'p Plan, service: &str) -> Option<&'p ServiceSpec> {
    plan.steps.iter().find_map(|step| match &step.action {
        Action::UpdateService {
            name,
            spec,
            turn: Some(turn),
            ..
        } if name == service && turn.nth == turn.of => Some(&**spec),
        _ => None,
    })
}

/// A pause that a run left behind is a number that nobody chose.
fn line(change: &Change) -> String {
    let left = change.from.as_ref().and_then(Value::as_i64);
    if change.path == "update_config.delay" && left.is_some_and(is_pause) {
        let to = change.to_words();
        return format!("{}: (paused between two tasks) -> {to}", change.path);
    }
    change.to_string()
}
