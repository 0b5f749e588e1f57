//! What is written where, and the room that it takes.

use super::super::mark::shorten;
use super::group::Model;
use crate::gate::short;
use crate::plan::{Action, Plan, StepId};

/// Width of a letter of the monospaced 12 px type, in pixels.
const LETTER: f64 = 7.25;
/// Height of a row of text.
pub(super) const ROW: f64 = 18.0;
/// The most letters of a row, and rows of a list.
const LETTERS: usize = 46;
const ROWS: usize = 8;
const HEADER: f64 = 30.0;
pub(super) const PAD: f64 = 14.0;
/// Between items of a box.
const BETWEEN: f64 = 16.0;
const GATE: f64 = 32.0;
/// Room of the points of a hexagon.
pub(super) const POINT: f64 = 12.0;
/// A junction of arrows.
pub(super) const DOT: f64 = 8.0;

/// Sizes of what is drawn, in pixels.
#[derive(Debug)]
pub(super) struct Sizes {
    /// Width and height of each group.
    pub groups: Vec<(f64, f64)>,
    /// Top, below the group's own, and height of each item.
    pub items: Vec<(f64, f64)>,
}

impl Sizes {
    /// Where arrows meet an item, below the top of its group.
    pub fn middle(&self, item: usize) -> f64 {
        let (top, height) = self.items[item];
        top + height / 2.0
    }
}

#[expect(clippy::cast_precision_loss, reason = "letters and rows are few")]
fn wide(letters: usize) -> f64 {
    letters as f64 * LETTER
}

pub(super) fn sizes(plan: &Plan, model: &Model) -> Sizes {
    let mut items = vec![(0.0, 0.0); model.items.len()];
    let groups = model
        .groups
        .iter()
        .map(|group| {
            if let [item] = group.items[..]
                && model.items[item].is_junction()
            {
                items[item] = (0.0, DOT);
                return (DOT, DOT);
            }
            let mut width = wide(group.part.chars().count() + 12);
            let mut y = HEADER;
            for (at, &item) in group.items.iter().enumerate() {
                if at > 0 {
                    y += BETWEEN;
                }
                let rows = rows(plan, model, item);
                let letters = rows
                    .iter()
                    .map(|row| row.chars().count())
                    .max()
                    .unwrap_or(0);
                let (height, room) = if model.items[item].is_gate {
                    (GATE, 2.0 * POINT + 8.0)
                } else {
                    (wide(rows.len()) / LETTER * ROW + 10.0, 20.0)
                };
                items[item] = (y, height);
                width = width.max(wide(letters) + room);
                y += height;
            }
            (width + 2.0 * PAD, y + PAD)
        })
        .collect();
    Sizes { groups, items }
}

/// What is written in an item.
pub(super) fn rows(plan: &Plan, model: &Model, item: usize) -> Vec<String> {
    let item = &model.items[item];
    let shown = if item.steps.len() > ROWS {
        ROWS - 1
    } else {
        ROWS
    };
    let mut rows: Vec<String> = item
        .steps
        .iter()
        .take(shown)
        .map(|&id| shorten(&label(plan, id), LETTERS))
        .collect();
    if item.steps.len() > shown {
        rows.push(format!("  and {} more", item.steps.len() - shown));
    }
    rows
}

/// A step in few words: its box names the part, its sign what is done.
pub(super) fn label(plan: &Plan, id: StepId) -> String {
    match &plan.steps[id].action {
        Action::Await { gate } => gate.to_string(),
        Action::LabelNode { hostname, .. } => format!("{} node {hostname}", sign(plan, id)),
        Action::CreateNetwork { spec } => format!("+ network {}", spec.name),
        Action::CreateSecret { name, .. } => format!("+ secret {name}"),
        Action::RenewPassword { name, .. } => format!("+ secret {name}, told"),
        Action::RemoveUser { of } => format!("- user {}", of.former().0),
        Action::CreateConfig { name, .. } => format!("+ config {name}"),
        Action::UpdateConfig { name, .. } => format!("~ config {name}"),
        Action::UpdateSecret { name, .. } => format!("~ secret {name}"),
        Action::CreateService { spec } => match spec.replicas() {
            Some(replicas) if replicas != 1 => format!("+ {} x{replicas}", short(&spec.name)),
            _ => format!("+ {}", short(&spec.name)),
        },
        Action::UpdateService { name, spec, .. } => match spec.replicas() {
            Some(0) => format!("~ {} x0", short(name)),
            _ => format!("~ {}", short(name)),
        },
        Action::GiveVolumes { service, .. } => format!("~ owner of {}'s data", short(service)),
        Action::RemoveService { name, .. } => format!("- {}", short(name)),
        Action::RemoveConfig { name, .. } => format!("- config {name}"),
        Action::RemoveSecret { name, .. } => format!("- secret {name}"),
        Action::RemoveNetwork { name, .. } => format!("- network {name}"),
        Action::RemoveVolumes { hostname, .. } => format!("- data in volumes on {hostname}"),
        action => action.title(),
    }
}

fn sign(plan: &Plan, id: StepId) -> &'static str {
    match &plan.steps[id].action {
        Action::LabelNode {
            add, from, remove, ..
        } => match (add.is_empty(), remove.is_empty()) {
            _ if !from.is_empty() => "~",
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "~",
        },
        _ => "",
    }
}
