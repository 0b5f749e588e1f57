//! Status for people: a row per component, its tasks, and what is wrong.

use std::fmt::Write;

use super::Style;
use crate::observed::has_process;
use crate::status::{Health, Impact, Row, Status};

/// The whole status as text.
#[must_use]
pub fn status_text(status: &Status, style: Style) -> String {
    text(status, style, true)
}

/// The same without the tasks: a line for each component.
#[must_use]
pub fn status_brief(status: &Status, style: Style) -> String {
    text(status, style, false)
}

fn text(status: &Status, style: Style, with_tasks: bool) -> String {
    let mut out = String::new();
    let verdict = if status.healthy {
        style.good("healthy")
    } else if status.is_degraded() {
        style.change("degraded")
    } else {
        style.bad("not healthy")
    };
    let _ = writeln!(
        out,
        "cluster {}  Milvus {}  {} of {} nodes ready  {verdict}",
        style.strong(&status.cluster),
        status.milvus,
        status.nodes.ready,
        status.nodes.total
    );
    if let Some(impact) = &status.impact {
        felt(impact, style, &mut out);
    }
    out.push('\n');
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
        if with_tasks {
            running(row, style, &mut out);
            ailing(row, style, &mut out);
        }
    }
    problems(status, style, &mut out);
    if let Some(holder) = &status.lock {
        let _ = writeln!(out, "{} locked: {holder}", style.change("note:"));
    }
    for note in &status.notes {
        let _ = writeln!(out, "{} {note}", style.change("note:"));
    }
    out
}

/// What users feel, and the one thing that it follows from.
fn felt(impact: &Impact, style: Style, out: &mut String) {
    let since = impact.since.as_ref().map_or_else(String::new, |since| {
        // Nobody reads nanoseconds.
        let seconds = since.split(['.', 'Z']).next().unwrap_or(since);
        format!(" since {} UTC", seconds.replace('T', " "))
    });
    for (what, works, soon) in [
        ("searches", impact.reads, impact.soon.reads),
        ("inserts", impact.writes, impact.soon.writes),
    ] {
        let is = if works {
            style.good("work")
        } else {
            let then = if soon {
                "; they come back by themselves once others have taken over"
            } else {
                ""
            };
            style.bad(format!("do not work{since}{then}"))
        };
        let _ = writeln!(out, "  {what:<9} {is}");
    }
    let _ = writeln!(out, "  {:<9} {}", "because", impact.cause);
}

/// What is wrong; that nothing is there is one thing, not one for each component.
fn problems(status: &Status, style: Style, out: &mut String) {
    let mut problems: Vec<&str> = Vec::new();
    if status.is_absent() {
        problems.push("nothing of the cluster is there; `milvus-swarm up` makes it");
        problems.extend(status.other_problems().map(String::as_str));
    } else {
        // The cause stands above.
        let cause = status.impact.as_ref().map(|impact| &impact.cause);
        let others = status.problems.iter();
        problems.extend(others.filter(|one| Some(*one) != cause).map(String::as_str));
    }
    if problems.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n{}", style.bad("problems"));
    for problem in problems {
        let _ = writeln!(out, "  {problem}");
    }
}

/// A component. What is wrong is told once, below.
fn line(row: &Row, style: Style, out: &mut String) {
    let saw = match row.health {
        Health::Healthy => row.saw.as_str(),
        _ => "",
    };
    let health = match row.health {
        Health::Healthy => style.good("healthy  "),
        Health::Degraded => style.change("degraded "),
        Health::Unhealthy => style.bad("unhealthy"),
        Health::Unknown => style.change("unknown  "),
        Health::Absent => style.bad("absent   "),
    };
    let text = format!(
        "  {:<18} {:>7}  {health}  {saw}",
        row.title,
        if row.desired == 0 && row.running == 0 {
            // It is not the cluster's.
            "-".to_owned()
        } else {
            format!("{}/{}", row.running, row.desired)
        },
    );
    let _ = writeln!(out, "{}", text.trim_end());
}

/// The tasks that run, and where.
fn running(row: &Row, style: Style, out: &mut String) {
    let tasks = row.tasks.iter();
    let tasks = tasks.filter(|task| has_process(&task.state) && task.waits_for.is_none());
    let nodes: Vec<String> = tasks
        .map(|task| format!("{} on {}", task.name, task.node))
        .collect();
    for chunk in nodes.chunks(4) {
        let _ = writeln!(out, "    {}", style.faint(chunk.join(", ")));
    }
}

/// Nowhere, before Swarm has found a node for a task.
fn place(node: &str) -> String {
    match node {
        "-" => String::new(),
        node => format!(" on {node}"),
    }
}

/// The tasks that should run and do not. Those without their node are told with it, below.
fn ailing(row: &Row, style: Style, out: &mut String) {
    let tasks = row.tasks.iter();
    for task in tasks.filter(|task| !has_process(&task.state) && task.waits_for.is_none()) {
        let error = if row.saw.contains(&task.error) {
            String::new()
        } else {
            format!(": {}", task.error)
        };
        let _ = writeln!(
            out,
            "    {}",
            style.change(format!(
                "{}{} is {}{error}",
                task.name,
                place(&task.node),
                task.state
            ))
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::{Soon, TaskRow};

    const ABSENT: &str = "is not there; `milvus-swarm up` makes it";

    fn row(title: &str, health: Health, saw: &str) -> Row {
        Row {
            title: title.to_owned(),
            desired: 3,
            health,
            saw: saw.to_owned(),
            ..Row::default()
        }
    }

    fn text(components: Vec<Row>, problems: &[&str]) -> String {
        let status = Status {
            components,
            problems: problems.iter().map(ToString::to_string).collect(),
            ..Status::default()
        };
        status_text(&status, Style::default())
    }

    #[test]
    fn that_nothing_is_there_is_one_problem() {
        let rows = ["etcd", "MinIO"].map(|title| row(title, Health::Absent, ABSENT));
        let all = ["etcd", "MinIO"].map(|title| format!("{title}: {ABSENT}"));
        let text = text(
            rows.to_vec(),
            &[all[0].as_str(), &all[1], "node node02 is down"],
        );
        assert!(
            text.contains("  etcd                   0/3  absent\n"),
            "{text}"
        );
        assert!(
            text.ends_with(
                "\nproblems\n  nothing of the cluster is there; `milvus-swarm up` makes it\n  node \
                 node02 is down\n"
            ),
            "{text}"
        );
        assert_eq!(text.matches("`milvus-swarm up`").count(), 1, "{text}");
    }

    #[test]
    fn what_is_wrong_is_told_once() {
        let error = "no suitable node (1 node not available for new tasks)";
        let mut etcd = row(
            "etcd",
            Health::Unhealthy,
            &format!("`etcd-2` is pending: {error}"),
        );
        etcd.tasks = [
            ("etcd-1", ""),
            ("etcd-2", error),
            ("etcd-3", "no such image"),
        ]
        .map(|(name, error)| TaskRow {
            name: name.to_owned(),
            node: "-".to_owned(),
            state: "pending".to_owned(),
            error: error.to_owned(),
            ..TaskRow::default()
        })
        .to_vec();
        let text = text(
            vec![etcd],
            &[&format!("etcd: `etcd-2` is pending: {error}")],
        );
        assert_eq!(text.matches(error).count(), 1, "{text}");
        assert!(text.contains("    etcd-2 is pending\n"), "{text}");
        assert!(
            text.contains("    etcd-3 is pending: no such image\n"),
            "{text}"
        );
    }

    #[test]
    fn what_users_feel_and_why_comes_first() {
        let cause = "node node02 is down: `etcd-1` and `minio-1` wait for it";
        let mut etcd = row("etcd", Health::Degraded, "");
        etcd.tasks = vec![TaskRow {
            name: "etcd-1".to_owned(),
            state: "pending".to_owned(),
            waits_for: Some("node02".to_owned()),
            ..TaskRow::default()
        }];
        let status = Status {
            cluster: "prod".to_owned(),
            components: vec![etcd],
            problems: vec![cause.to_owned(), "proxy: is slow".to_owned()],
            impact: Some(Impact {
                reads: true,
                since: Some("2026-01-01T10:00:00.123Z".to_owned()),
                cause: cause.to_owned(),
                soon: Soon {
                    reads: true,
                    writes: true,
                },
                ..Impact::default()
            }),
            ..Status::default()
        };
        let text = status_text(&status, Style::default());
        let first: Vec<&str> = text.lines().skip(1).take(4).collect();
        let inserts = "  inserts   do not work since 2026-01-01 10:00:00 UTC; they come back by \
                       themselves once others have taken over";
        let because = format!("  because   {cause}");
        assert_eq!(first, ["  searches  work", inserts, &because, ""], "{text}");
        assert!(text.ends_with("\nproblems\n  proxy: is slow\n"), "{text}");
        assert_eq!(text.matches("etcd-1").count(), 1, "{text}");
    }

    #[test]
    fn in_brief_a_task_is_a_number() {
        let mut etcd = row("etcd", Health::Degraded, "`etcd-1` is pending");
        etcd.running = 1;
        etcd.tasks = [("etcd-0", "running"), ("etcd-1", "pending")]
            .map(|(name, state)| TaskRow {
                name: name.to_owned(),
                node: "node01".to_owned(),
                state: state.to_owned(),
                ..TaskRow::default()
            })
            .to_vec();
        let status = Status {
            components: vec![etcd],
            ..Status::default()
        };
        let (full, brief) = (
            status_text(&status, Style::default()),
            status_brief(&status, Style::default()),
        );
        assert!(full.contains("etcd-0 on node01\n"), "{full}");
        assert!(full.contains("etcd-1 on node01 is pending\n"), "{full}");
        assert!(brief.contains("1/3  degraded\n"), "{brief}");
        assert!(!brief.contains("on node01"), "{brief}");
    }

    #[test]
    fn what_is_absent_beside_others_is_told_by_name() {
        let rows = vec![
            row("etcd", Health::Healthy, "3 of 3 healthy"),
            row("MinIO", Health::Absent, ABSENT),
        ];
        let problem = format!("MinIO: {ABSENT}");
        let text = text(rows, &[&problem]);
        assert!(text.contains(&format!("problems\n  {problem}\n")), "{text}");
    }
}
