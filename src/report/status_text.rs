//! Status for people: a row per component, its tasks, and what is wrong.

use std::fmt::Write;

use super::Style;
use crate::status::{Health, Row, Status};

/// The whole status as text.
#[must_use]
pub fn status_text(status: &Status, style: Style) -> String {
    let mut out = String::new();
    let verdict = if status.healthy {
        style.good("healthy")
    } else {
        style.bad("not healthy")
    };
    let _ = writeln!(
        out,
        "cluster {}  Milvus {}  {} of {} nodes ready  {verdict}\n",
        style.strong(&status.cluster),
        status.milvus,
        status.nodes.ready,
        status.nodes.total
    );
    let _ = writeln!(
        out,
        "  {}",
        style.faint(format!(
            "{:<18} {:>7}  {:<9}  {}",
            "COMPONENT", "RUNNING", "HEALTH", "SEEN"
        ))
    );
    for row in &status.components {
        line(row, style, &mut out);
    }
    if !status.problems.is_empty() {
        let _ = writeln!(out, "\n{}", style.bad("problems"));
        for problem in &status.problems {
            let _ = writeln!(out, "  {problem}");
        }
    }
    if let Some(holder) = &status.lock {
        let _ = writeln!(out, "{} locked: {holder}", style.change("note:"));
    }
    for note in &status.notes {
        let _ = writeln!(out, "{} {note}", style.change("note:"));
    }
    out
}

fn line(row: &Row, style: Style, out: &mut String) {
    let health = match row.health {
        Health::Healthy => style.good("healthy  "),
        Health::Unhealthy => style.bad("unhealthy"),
        Health::Unknown => style.change("unknown  "),
        Health::Absent => style.bad("absent   "),
    };
    let _ = writeln!(
        out,
        "  {:<18} {:>7}  {health}  {}",
        row.title,
        format!("{}/{}", row.running, row.desired),
        row.saw
    );
    let mut nodes: Vec<String> = Vec::new();
    for task in &row.tasks {
        if task.state == "running" {
            nodes.push(format!("{} on {}", task.name, task.node));
        }
    }
    if !nodes.is_empty() {
        for chunk in nodes.chunks(4) {
            let _ = writeln!(out, "    {}", style.faint(chunk.join(", ")));
        }
    }
    for task in row.tasks.iter().filter(|task| task.state != "running") {
        let error = if task.error.is_empty() {
            String::new()
        } else {
            format!(": {}", task.error)
        };
        let _ = writeln!(
            out,
            "    {}",
            style.change(format!(
                "{} on {} is {}{error}",
                task.name, task.node, task.state
            ))
        );
    }
}
