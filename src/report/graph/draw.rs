//! The SVG itself.

use std::fmt::Write;

use super::super::mark::escape;
use super::arrow::{arrow, inner};
use super::group::Model;
use super::layer::Layout;
use super::sizes::{PAD, POINT, ROW, Sizes, rows};
use crate::count::count;
use crate::plan::{Action, Plan};

const MARGIN: f64 = 36.0;
const TITLE: f64 = 64.0;

const STYLE: &str = include_str!("graph.css");

pub(super) fn document(plan: &Plan, model: &Model, sizes: &Sizes, layout: &Layout) -> String {
    let width = (layout.width + 2.0 * MARGIN).max(760.0);
    let height = TITLE + layout.height + 2.0 * MARGIN;
    let mut out = String::new();
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" \
         width=\"{width:.0}\" height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n\
         <style>{STYLE}</style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        escape(&headline(plan))
    );
    title(plan, width, &mut out);
    let _ = writeln!(
        out,
        "<defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" \
         markerHeight=\"7\" orient=\"auto\"><path class=\"tip\" d=\"M0 0.5 L8 4 L0 7.5 z\"/>\
         </marker></defs>\n<g transform=\"translate({MARGIN:.0} {:.0})\">",
        TITLE + MARGIN
    );
    // Arrows lie over the boxes, which they enter, and under what they lead to.
    let drawn = (0..model.groups.len()).filter(|&at| !model.groups[at].part.is_empty());
    for at in drawn.clone() {
        frame(model, sizes, layout, at, &mut out);
    }
    for (edge, heights) in &layout.ways {
        arrow(plan, model, *edge, heights, layout, &mut out);
    }
    for at in drawn {
        group(plan, model, sizes, layout, at, &mut out);
    }
    out.push_str("</g>\n</svg>\n");
    out
}

fn headline(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("cluster {}: nothing to do", plan.cluster);
    }
    let gates = plan
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::Await { .. }))
        .count();
    let refused = match plan.refusals.len() {
        0 => String::new(),
        reasons => format!(", refused for {}", count(reasons, "reason")),
    };
    format!(
        "plan for cluster {}: {}, {}{refused}",
        plan.cluster,
        count(plan.steps.len() - gates, "action"),
        count(gates, "gate")
    )
}

fn title(plan: &Plan, width: f64, out: &mut String) {
    let _ = writeln!(
        out,
        "<text class=\"headline\" x=\"{MARGIN:.0}\" y=\"46\">{}</text>",
        escape(&headline(plan))
    );
    let _ = writeln!(
        out,
        "<text class=\"legend\" x=\"{MARGIN:.0}\" y=\"68\">+ create   ~ change   - remove   \
         <tspan class=\"mark\">⬡</tspan> gate: what waits goes on when it opens   \
         → must have passed before</text>"
    );
    let _ = writeln!(
        out,
        "<line class=\"rule\" x1=\"{MARGIN:.0}\" x2=\"{:.0}\" y1=\"82\" y2=\"82\"/>",
        width - MARGIN
    );
}

/// The box of a part.
fn frame(model: &Model, sizes: &Sizes, layout: &Layout, at: usize, out: &mut String) {
    let (column, y) = layout.groups[at];
    let (x, width) = layout.columns[column];
    let height = sizes.groups[at].1;
    let group = &model.groups[at];
    let steps = group
        .items
        .iter()
        .map(|&item| model.items[item].steps.len());
    let _ = writeln!(
        out,
        "<g class=\"part\" transform=\"translate({x:.1} {y:.1})\">\
         <rect class=\"box\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"9\"/>\
         <text class=\"name\" x=\"{PAD}\" y=\"20\">{}</text>\
         <text class=\"count\" x=\"{:.1}\" y=\"20\">{}</text></g>",
        escape(&group.part),
        width - PAD,
        steps.sum::<usize>()
    );
}

fn group(plan: &Plan, model: &Model, sizes: &Sizes, layout: &Layout, at: usize, out: &mut String) {
    let (column, y) = layout.groups[at];
    let (x, width) = layout.columns[column];
    let group = &model.groups[at];
    let _ = writeln!(out, "<g transform=\"translate({x:.1} {y:.1})\">");
    for &(from, to) in &model.edges {
        if model.group_of[from] == at && model.group_of[to] == at {
            inner(group, sizes, from, to, width, out);
        }
    }
    for &item in &group.items {
        draw_item(plan, model, sizes, item, width, out);
    }
    out.push_str("</g>\n");
}

fn draw_item(plan: &Plan, model: &Model, sizes: &Sizes, item: usize, width: f64, out: &mut String) {
    let (top, height) = sizes.items[item];
    let all: Vec<String> = model.items[item]
        .steps
        .iter()
        .map(|&id| plan.steps[id].action.title())
        .collect();
    let _ = write!(out, "<g><title>{}</title>", escape(&all.join("\n")));
    let (left, right) = (PAD, width - PAD);
    if model.items[item].is_gate {
        let middle = top + height / 2.0;
        let _ = write!(
            out,
            "<polygon class=\"gate\" points=\"{left:.1},{middle:.1} {:.1},{top:.1} {:.1},{top:.1} \
             {right:.1},{middle:.1} {:.1},{:.1} {:.1},{:.1}\"/>",
            left + POINT,
            right - POINT,
            right - POINT,
            top + height,
            left + POINT,
            top + height
        );
        for row in rows(plan, model, item) {
            let _ = write!(
                out,
                "<text class=\"row asks\" x=\"{:.1}\" y=\"{:.1}\">{}</text>",
                width / 2.0,
                middle + 4.0,
                escape(&row)
            );
        }
    } else {
        let _ = write!(
            out,
            "<rect class=\"list\" x=\"{left:.1}\" y=\"{top:.1}\" width=\"{:.1}\" \
             height=\"{height:.1}\" rx=\"5\"/>",
            right - left
        );
        let mut y = top + ROW;
        for row in rows(plan, model, item) {
            let class = match row.as_bytes().first() {
                Some(b'+') => "row add",
                Some(b'~') => "row change",
                Some(b'-') => "row remove",
                Some(b' ') => "row more",
                _ => "row",
            };
            let _ = write!(
                out,
                "<text class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\">{}</text>",
                left + 9.0,
                escape(&row)
            );
            y += ROW;
        }
    }
    out.push_str("</g>\n");
}
