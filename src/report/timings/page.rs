//! The page: head, the critical path, a chart, a table.

use std::fmt::Write;
use std::time::Duration;

use super::{State, Timings, chart};
use crate::count::count;
use crate::gate::short;
use crate::plan::{Action, StepId};
use crate::report::mark::{escape, shorten};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");
const LETTERS: usize = 48;

pub(super) fn page(timings: &Timings<'_>) -> String {
    let axis = timings.took.as_secs_f64().max(0.001);
    let cluster = escape(&timings.plan.cluster);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; \
         style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{cluster}: timings</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
    );
    head(timings, &cluster, &mut out);
    path(timings, &mut out);
    chart::chart(timings, axis, &mut out);
    table(timings, &mut out);
    let _ = write!(
        out,
        "<div id=\"tip\" hidden></div>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
    out
}

/// A step in few words.
pub(super) fn name(timings: &Timings<'_>, id: StepId) -> String {
    let text = match &timings.plan.steps[id].action {
        Action::Await { gate } => gate.to_string(),
        Action::CreateService { spec } => short(&spec.name).to_owned(),
        Action::UpdateService { name, .. } => format!("update {}", short(name)),
        action => action.title(),
    };
    shorten(&text, LETTERS)
}

pub(super) fn seconds(time: Duration) -> String {
    let seconds = time.as_secs_f64();
    if seconds < 0.0995 {
        format!("{:.0} ms", seconds * 1000.0)
    } else if seconds < 99.95 {
        format!("{seconds:.1} s")
    } else {
        let whole = time.as_secs();
        format!("{} min {:02} s", whole / 60, whole % 60)
    }
}

fn head(timings: &Timings<'_>, cluster: &str, out: &mut String) {
    let bars = |state: State| timings.bars.iter().filter(|bar| bar.state == state).count();
    let all = timings.bars.len();
    let gates = (0..all).filter(|&id| timings.is_gate(id)).count();
    let class = if timings.done { "good" } else { "bad" };
    let _ = writeln!(
        out,
        "<header><h1>cluster {cluster}</h1><p class=\"{class}\">{}</p></header>",
        escape(&timings.ended)
    );
    let total: Duration = timings.bars.iter().map(super::Bar::length).sum();
    let took = timings.took.as_secs_f64().max(0.001);
    let longest = (0..all)
        .filter(|&id| timings.is_gate(id))
        .max_by_key(|&id| timings.bars[id].length());
    let mut cards = vec![
        ("wall time", seconds(timings.took), String::new()),
        (
            "on the critical path",
            seconds(timings.critical_time()),
            format!(
                "{} of {}, {:.0} % of the time",
                timings.critical.len(),
                count(all, "step"),
                100.0 * timings.critical_time().as_secs_f64() / took
            ),
        ),
        (
            "at once, on average",
            format!("{:.1}", total.as_secs_f64() / took),
            format!("{} of steps in {}", seconds(total), seconds(timings.took)),
        ),
        (
            "steps",
            format!("{} of {all}", bars(State::Passed)),
            format!("{}, {}", count(all - gates, "action"), count(gates, "gate")),
        ),
    ];
    if let Some(id) = longest {
        cards.push((
            "longest gate",
            seconds(timings.bars[id].length()),
            name(timings, id),
        ));
    }
    out.push_str("<section class=\"cards\">\n");
    for (title, number, detail) in cards {
        let _ = writeln!(
            out,
            "<div><b>{}</b><span>{title}</span><small>{}</small></div>",
            escape(&number),
            escape(&detail)
        );
    }
    out.push_str("</section>\n");
}

/// The critical path as one bar: who had the time.
fn path(timings: &Timings<'_>, out: &mut String) {
    if timings.critical.is_empty() {
        out.push_str("<p class=\"none\">no step was started</p>\n");
        return;
    }
    out.push_str("<h2>The critical path</h2>\n<p class=\"lead\">Each of these steps waited for the one before it: only what shortens one of them makes the run shorter.</p>\n<div class=\"path\">\n");
    for &id in &timings.critical {
        let bar = &timings.bars[id];
        let share = bar.length().as_secs_f64() / timings.took.as_secs_f64().max(0.001);
        if share < 0.002 {
            continue;
        }
        let text = if share > 0.05 {
            name(timings, id)
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "<i class=\"{}\" data-step=\"{id}\" style=\"flex:{:.4} 1 0\"><em>{}</em><small>{}</small></i>",
            if timings.is_gate(id) { "gate" } else { "act" },
            share * 100.0,
            escape(&text),
            if share > 0.03 {
                seconds(bar.length())
            } else {
                String::new()
            }
        );
    }
    out.push_str("</div>\n");
}

/// What a step is, for the style sheet.
pub(super) fn classes(timings: &Timings<'_>, id: StepId) -> String {
    let mut classes = vec![if timings.is_gate(id) { "gate" } else { "act" }];
    if timings.critical.contains(&id) {
        classes.push("critical");
    }
    match timings.bars[id].state {
        State::Failed => classes.push("failed"),
        State::Unfinished => classes.push("unfinished"),
        State::Passed | State::NotStarted => {}
    }
    classes.join(" ")
}

fn table(timings: &Timings<'_>, out: &mut String) {
    out.push_str(
        "<h2>Table</h2>\n<table><thead><tr><th data-by=\"n\">#</th><th>part</th><th>step</th>\
         <th data-by=\"n\">began</th><th data-by=\"n\">took</th><th>critical</th><th>state</th>\
         <th>last waited for</th><th>saw</th></tr></thead>\n<tbody>\n",
    );
    for bar in &timings.bars {
        let step = &timings.plan.steps[bar.step];
        let ran = bar.state != State::NotStarted;
        let last = step
            .after
            .iter()
            .copied()
            .filter(|&before| timings.bars[before].state == State::Passed)
            .max_by_key(|&before| (timings.bars[before].end, before));
        let (began, took) = if ran {
            (seconds(bar.start), seconds(bar.length()))
        } else {
            (String::new(), String::new())
        };
        let _ = writeln!(
            out,
            "<tr class=\"{}\" data-step=\"{}\"><td>{}</td><td>{}</td><td>{}</td>\
             <td data-n=\"{}\">{began}</td><td data-n=\"{}\">{took}</td><td>{}</td><td>{}</td>\
             <td>{}</td><td>{}</td></tr>",
            classes(timings, bar.step),
            bar.step,
            bar.step + 1,
            escape(&step.part),
            escape(&step.action.title()),
            if ran { bar.start.as_secs_f64() } else { -1.0 },
            if ran {
                bar.length().as_secs_f64()
            } else {
                -1.0
            },
            if timings.critical.contains(&bar.step) {
                "yes"
            } else {
                ""
            },
            match bar.state {
                State::Passed => "passed",
                State::Failed => "failed",
                State::Unfinished => "under way",
                State::NotStarted => "not started",
            },
            escape(&last.map_or_else(String::new, |id| timings.plan.steps[id].action.title())),
            escape(&bar.saw)
        );
    }
    out.push_str("</tbody></table>\n");
}
