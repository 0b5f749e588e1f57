//! The chart: every step as a bar on a time axis, by part, and the line along the critical path.

use std::fmt::Write;

use super::Timings;
use super::lane::{CHART, Label, Placed, Row, rows};
use super::page::{classes, name, seconds};
use crate::count::count;
use crate::plan::StepId;
use crate::report::mark::escape;

fn percent(part: f64) -> String {
    format!("{:.3}%", part * 100.0)
}

/// Seconds between two marks of the axis, so that there are about ten.
fn tick(axis: f64) -> f64 {
    let mut unit = 0.001;
    loop {
        for factor in [1.0, 2.0, 5.0] {
            if axis / (unit * factor) <= 12.0 {
                return unit * factor;
            }
        }
        unit *= 10.0;
    }
}

pub(super) fn chart(timings: &Timings<'_>, axis: f64, out: &mut String) {
    let rows = rows(timings, axis);
    let _ = writeln!(
        out,
        "<h2>Every step</h2>\n<p class=\"keys\"><i class=\"act\"></i> action <i class=\"gate\"></i> \
         gate, until it opened <i class=\"act critical\"></i><i class=\"gate critical\"></i> on the \
         critical path <i class=\"failed\"></i> failed <i class=\"unfinished\"></i> under way at the \
         end. Point at a step to see what it waited for and what waited for it.</p>\n\
         <div class=\"scroll\"><div class=\"chart\" style=\"min-width:{:.0}px\">",
        CHART + 150.0
    );
    let _ = writeln!(out, "<div class=\"plot axis\">");
    let step = tick(axis);
    let mut at = 0.0;
    while at <= axis * 0.97 {
        let text = if step < 1.0 {
            format!("{at:.1} s")
        } else {
            format!("{at:.0} s")
        };
        let _ = writeln!(
            out,
            "<u style=\"left:{}\"><b>{text}</b></u>",
            percent(at / axis)
        );
        at += step;
    }
    out.push_str("</div>\n");
    // Under the bars and their labels.
    thread(timings, &rows, out);
    for row in &rows {
        part(timings, row, step / axis, out);
    }
    out.push_str("</div></div>\n");
}

/// A line along the critical path: from the end of each of its steps down to the next.
fn thread(timings: &Timings<'_>, rows: &[Row], out: &mut String) {
    let mut top = 0;
    let mut ends: Vec<(StepId, f64, f64, usize)> = Vec::new();
    for row in rows {
        for bar in &row.bars {
            let middle = top + bar.top + if bar.thin { 2 } else { 8 };
            ends.push((bar.step, bar.left, bar.left + bar.width, middle));
        }
        top += row.height + 1;
    }
    let end = |id: StepId| ends.iter().find(|end| end.0 == id);
    let mut line = String::new();
    for pair in timings.critical.windows(2) {
        if let (Some(from), Some(to)) = (end(pair[0]), end(pair[1])) {
            let _ = write!(
                line,
                "M{:.2} {} V{} H{:.2}",
                from.2 * 1000.0,
                from.3,
                to.3,
                to.1 * 1000.0
            );
        }
    }
    let _ = writeln!(
        out,
        "<svg class=\"thread\" viewBox=\"0 0 1000 {top}\" preserveAspectRatio=\"none\" \
         style=\"height:{top}px\"><path d=\"{line}\"/></svg>"
    );
}

fn part(timings: &Timings<'_>, row: &Row, grid: f64, out: &mut String) {
    let bars = row.bars.iter().map(|placed| &timings.bars[placed.step]);
    let start = bars.clone().map(|bar| bar.start).min().unwrap_or_default();
    let end = bars.map(|bar| bar.end).max().unwrap_or_default();
    let _ = writeln!(
        out,
        "<div class=\"part\"><div class=\"name\"><b>{}</b><small>{} · {}</small></div>\
         <div class=\"plot\" style=\"height:{}px;--grid:{}\">",
        escape(&row.part),
        count(row.bars.len(), "step"),
        seconds(end.saturating_sub(start)),
        row.height,
        percent(grid)
    );
    for placed in &row.bars {
        bar(timings, placed, out);
    }
    out.push_str("</div></div>\n");
}

fn bar(timings: &Timings<'_>, placed: &Placed, out: &mut String) {
    let id = placed.step;
    let label = match placed.label {
        Label::None => "",
        Label::Inside => "in",
        Label::After => "after",
        Label::Before => "before",
    };
    let text = if placed.label == Label::None {
        String::new()
    } else {
        format!(
            "<span class=\"{label}\">{}</span>",
            escape(&name(timings, id))
        )
    };
    let after: Vec<String> = timings.plan.steps[id]
        .after
        .iter()
        .map(ToString::to_string)
        .collect();
    let _ = writeln!(
        out,
        "<i class=\"bar {}{}\" data-step=\"{id}\" data-after=\"{}\" \
         style=\"left:{};width:{};top:{}px\">{text}</i>",
        classes(timings, id),
        if placed.thin { " thin" } else { "" },
        after.join(" "),
        percent(placed.left),
        percent(placed.width),
        placed.top
    );
}
