//! Arrows: between boxes, inside them, and through junctions.

use std::fmt::Write;

use super::super::mark::escape;
use super::group::{Group, Model};
use super::layer::{GUTTER, Layout};
use super::sizes::{DOT, PAD, Sizes, label};
use crate::plan::Plan;

/// An arrow between boxes: through the gutters in curves, through columns straight.
pub(super) fn arrow(
    plan: &Plan,
    model: &Model,
    (from, to): (usize, usize),
    heights: &[f64],
    layout: &Layout,
    out: &mut String,
) {
    let first = layout.groups[model.group_of[from]].0;
    let joins = model.items[to].is_junction();
    let inset = |item: usize, group: f64| {
        if model.items[item].is_junction() {
            group
        } else {
            PAD
        }
    };
    let (left, width) = layout.columns[first];
    // A junction has no edge of its own: arrows go from and to its middle.
    let start = left + width - inset(from, width - DOT / 2.0);
    let mut path = format!("M{start:.1} {:.1} H{:.1}", heights[0], left + width);
    for (at, pair) in heights.windows(2).enumerate() {
        let (x, width) = layout.columns[first + at];
        let start = x + width;
        let (goal, across) = layout.columns[first + at + 1];
        let bend = GUTTER * 0.55;
        let _ = write!(
            path,
            " C{:.1} {:.1} {:.1} {:.1} {goal:.1} {:.1}",
            start + bend,
            pair[0],
            goal - bend,
            pair[1],
            pair[1]
        );
        let last = at + 2 == heights.len();
        let end = if last {
            goal + inset(to, DOT / 2.0) - if joins { 0.0 } else { 1.0 }
        } else {
            goal + across
        };
        let _ = write!(path, " H{end:.1}");
    }
    let opens = model.items[from].is_gate;
    let tip = if joins {
        ""
    } else {
        " marker-end=\"url(#tip)\""
    };
    let _ = writeln!(
        out,
        "<path class=\"arrow{}\" d=\"{path}\"{tip}><title>{} → {}</title></path>",
        if opens { " opens" } else { "" },
        escape(&names(plan, model, from, Side::From)),
        escape(&names(plan, model, to, Side::To))
    );
}

/// The end of an arrow that is looked at.
#[derive(Clone, Copy)]
enum Side {
    From,
    To,
}

/// What an arrow comes from or leads to; through a junction, all of it.
fn names(plan: &Plan, model: &Model, item: usize, side: Side) -> String {
    let steps = &model.items[item].steps;
    let Some(&first) = steps.first() else {
        let ends = model.edges.iter().filter_map(|&(from, to)| match side {
            Side::From => (to == item).then_some(from),
            Side::To => (from == item).then_some(to),
        });
        let ends: Vec<String> = ends.map(|end| names(plan, model, end, side)).collect();
        return ends.join(", ");
    };
    match steps.len() {
        1 => label(plan, first),
        more => format!("{} and {} more", label(plan, first), more - 1),
    }
}

/// An arrow inside a box: straight down to the next item, else along the edge.
pub(super) fn inner(
    group: &Group,
    sizes: &Sizes,
    from: usize,
    to: usize,
    width: f64,
    out: &mut String,
) {
    let place = |item: usize| group.items.iter().position(|&other| other == item);
    let (top, height) = sizes.items[from];
    let (goal, goal_height) = sizes.items[to];
    let path = if place(from).map(|at| at + 1) == place(to) {
        let x = width / 2.0;
        format!("M{x:.1} {:.1} V{:.1}", top + height, goal - 1.0)
    } else {
        let (start, end) = (top + height / 2.0, goal + goal_height / 2.0);
        let x = PAD / 2.0;
        format!("M{PAD} {start:.1} H{x:.1} V{end:.1} H{:.1}", PAD - 1.0)
    };
    let _ = writeln!(
        out,
        "<path class=\"arrow inner\" d=\"{path}\" marker-end=\"url(#tip)\"/>"
    );
}
