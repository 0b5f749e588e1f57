//! The plan for people: what, where, in which order, behind which gates.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::Style;
use super::change_text::change_lines;
use super::ends_text::ends_text;
use super::made_text::made_lines;
use crate::component::Component;
use crate::count::count;
use crate::execute::sentences;
use crate::plan::{Action, Because, Plan, SecretSource, Step};
use crate::spec::{MTU, is_encrypted, ranges};
use crate::words::list;

/// The whole plan as text.
#[must_use]
pub fn plan_text(plan: &Plan, style: Style) -> String {
    let mut out = String::new();
    if plan.is_empty() && plan.refusals.is_empty() {
        let _ = writeln!(
            out,
            "cluster {}: nothing to do; every service is as wanted and every gate is open",
            style.strong(&plan.cluster)
        );
        adopted(plan, style, &mut out);
    } else {
        let _ = writeln!(out, "plan for cluster {}", style.strong(&plan.cluster));
        parts(plan, style, &mut out);
        if !plan.adopted.is_empty() {
            let _ = writeln!(out, "\n  {}", style.strong("as they are"));
            adopted(plan, style, &mut out);
        }
        meanwhile(plan, style, &mut out);
        let _ = writeln!(out, "\n{}", summary(plan));
    }
    for warning in &plan.warnings {
        let _ = writeln!(out, "{} {warning}", style.change("warning:"));
    }
    for refusal in &plan.refusals {
        let _ = writeln!(
            out,
            "\n{} {} [{}]\n  {} {}",
            style.bad("refused:"),
            refusal.reason,
            refusal.rule,
            style.faint("hint:"),
            refusal.hint
        );
    }
    out
}

fn parts(plan: &Plan, style: Style, out: &mut String) {
    let mut last = "";
    for step in &plan.steps {
        if step.part != last {
            last = &step.part;
            let before = before(plan, step);
            let _ = write!(out, "\n  {}", style.strong(last));
            if !before.is_empty() {
                let _ = write!(
                    out,
                    " {}",
                    style.faint(format!("after {}", before.join(", ")))
                );
            }
            out.push('\n');
        }
        lines(plan, step, style, out);
    }
}

/// What is taken over with nothing to do.
fn adopted(plan: &Plan, style: Style, out: &mut String) {
    for name in &plan.adopted {
        let _ = writeln!(
            out,
            "    {} adopt service {name} (made by docker stack deploy; as wanted)",
            style.faint("=")
        );
    }
}

/// What users will miss.
fn meanwhile(plan: &Plan, style: Style, out: &mut String) {
    if plan.outages.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", style.strong("meanwhile"));
    for outage in &plan.outages {
        let title = Component::named(&outage.component).map_or("", |row| row.title);
        let _ = writeln!(
            out,
            "    {} {title}: {} {}",
            style.change("!"),
            outage.effect,
            style.faint(format!("(about {} s)", outage.seconds))
        );
    }
}

/// The parts whose gates a step waits for.
fn before<'a>(plan: &'a Plan, step: &Step) -> Vec<&'a str> {
    let parts: BTreeSet<(usize, &str)> = step
        .after
        .iter()
        .map(|&id| &plan.steps[id])
        .filter(|other| {
            other.part != step.part
                && matches!(other.action, Action::Await { .. } | Action::SeedRoot { .. })
        })
        .map(|other| {
            let first = plan.steps.iter().position(|s| s.part == other.part);
            (first.unwrap_or(0), other.part.as_str())
        })
        .collect();
    parts.into_iter().map(|(_, part)| part).collect()
}

fn lines(plan: &Plan, step: &Step, style: Style, out: &mut String) {
    let sign = match &step.action {
        Action::CreateNetwork { .. }
        | Action::CreateSecret { .. }
        | Action::RenewPassword { .. }
        | Action::CreateConfig { .. }
        | Action::CreateService { .. }
        | Action::MakeDirectories { .. }
        | Action::RememberBirth { .. }
        | Action::SeedRoot { .. } => style.good("+"),
        Action::LabelNode { add, from, .. } if !from.is_empty() && from.len() == add.len() => {
            style.change("~")
        }
        Action::LabelNode { add, .. } if !add.is_empty() => style.good("+"),
        Action::UpdateService { .. }
        | Action::UpdateConfig { .. }
        | Action::UpdateSecret { .. }
        | Action::GiveVolumes { .. } => style.change("~"),
        Action::Await { .. } | Action::Smoke { .. } | Action::SkipHandOver { .. } => {
            style.faint("?")
        }
        Action::LabelNode { .. }
        | Action::RemoveService { .. }
        | Action::RemoveConfig { .. }
        | Action::RemoveSecret { .. }
        | Action::RemoveUser { .. }
        | Action::RemoveNetwork { .. }
        | Action::RemoveVolumes { .. } => style.bad("-"),
    };
    let _ = writeln!(out, "    {sign} {}", what(step));
    match &step.action {
        Action::UpdateService { .. }
        | Action::UpdateConfig { .. }
        | Action::UpdateSecret { .. } => {
            for change in change_lines(plan, step) {
                let _ = writeln!(out, "        {change}");
            }
        }
        Action::CreateService { spec } => {
            for line in made_lines(spec) {
                let _ = writeln!(out, "        {}", style.faint(line));
            }
        }
        Action::MakeDirectories { directories, .. } => {
            for directory in directories {
                let owner = format!("(owner {} where it must be made)", directory.uid);
                let _ = writeln!(out, "        {} {}", directory.path, style.faint(owner));
            }
        }
        Action::GiveVolumes { volumes, .. } => {
            for volume in volumes {
                let _ = writeln!(out, "        {volume}");
            }
        }
        Action::RememberBirth { label, nodes, .. } => {
            let hosts = nodes.values().cloned().collect();
            let _ = writeln!(
                out,
                "        {}",
                style.faint(format!("{label} on {}", list(hosts)))
            );
        }
        Action::LabelNode {
            add, from, remove, ..
        } => {
            for (key, was) in from {
                let to = add.get(key).map_or("", String::as_str);
                let was = if was.is_empty() { "\"\"" } else { was };
                let _ = writeln!(out, "        {key}: {was} -> {to}");
            }
            let labels: Vec<String> = add
                .iter()
                .filter(|(key, _)| !from.contains_key(*key))
                .map(|(key, value)| {
                    if value == "true" {
                        key.clone()
                    } else {
                        format!("{key}={value}")
                    }
                })
                .chain(remove.iter().cloned())
                .collect();
            if !labels.is_empty() {
                let _ = writeln!(out, "        {}", style.faint(labels.join(" ")));
            }
        }
        _ => {}
    }
    let later = matches!(
        &step.action,
        Action::UpdateService { turn: Some(turn), .. } if turn.nth > 1
    );
    if let Some(text) = ends_text(step) {
        let _ = writeln!(out, "        {}", style.faint(text));
    }
    if !later && let Some(note) = by_others(step) {
        let _ = writeln!(out, "        {}", style.change(note));
    }
    if let Because::Unready(why) = &step.because
        && !why.is_empty()
    {
        let _ = writeln!(out, "        {}", style.change(sentences(why)));
    }
}

/// What somebody else did to that which a step changes.
fn by_others(step: &Step) -> Option<&'static str> {
    match (&step.because, &step.action) {
        (Because::Drifted, Action::UpdateService { .. }) => {
            Some("changed by hand since this tool last made it")
        }
        (Because::Drifted, Action::LabelNode { from, .. }) if !from.is_empty() => {
            Some("changed by hand")
        }
        (Because::Paused, Action::UpdateService { .. }) => {
            Some("Swarm paused its update when a task failed; the new spec runs by now: it goes on")
        }
        (Because::Adopted, Action::UpdateService { .. }) => {
            Some("made by docker stack deploy, not by this tool: adopted and changed")
        }
        _ => None,
    }
}

fn what(step: &Step) -> String {
    match &step.action {
        Action::CreateService { spec } => {
            let replicas = spec.replicas().unwrap_or(1);
            let tasks = if replicas == 1 {
                String::new()
            } else {
                format!(" x{replicas}")
            };
            format!(
                "service {}{tasks} ({})",
                spec.name, spec.task_template.container_spec.image
            )
        }
        Action::CreateNetwork { spec } => {
            let encrypted = if is_encrypted(spec) {
                "encrypted"
            } else {
                "not encrypted"
            };
            let subnets: Vec<String> = ranges(spec).map(|range| format!(", {range}")).collect();
            let mtu = spec.options.get(MTU);
            let mtu = mtu.map_or_else(String::new, |mtu| format!(", MTU {mtu}"));
            let internal = if spec.internal { "internal, " } else { "" };
            format!(
                "network {} (overlay, {internal}{encrypted}{}{mtu})",
                spec.name,
                subnets.concat()
            )
        }
        Action::CreateSecret { name, source, .. } => {
            format!("secret {name} ({})", from(source, "up"))
        }
        Action::RenewPassword { name, source, .. } => {
            let source = from(source, "credentials set");
            format!("secret {name} ({source}), and the root password in Milvus")
        }
        Action::CreateConfig { name, data, .. } => {
            format!("config {name} ({})", count(data.len(), "byte"))
        }
        Action::UpdateConfig { name, .. } => format!("labels of config {name}"),
        Action::UpdateSecret { name, .. } => format!("labels of secret {name}"),
        Action::LabelNode { hostname, .. } => format!("labels of node {hostname}"),
        Action::MakeDirectories { hostname, .. } => format!("directories on {hostname}"),
        action => action.title(),
    }
}

/// Where the bytes of a secret come from; chance is a verb's.
fn from(source: &SecretSource, verb: &str) -> String {
    match source {
        SecretSource::Generated { length } => {
            format!("{length} random letters and digits, made by `{verb}`")
        }
        SecretSource::File { path } => format!("from {path}"),
    }
}

fn summary(plan: &Plan) -> String {
    let steps = |matches: fn(&Action) -> bool| {
        plan.steps
            .iter()
            .filter(|step| matches(&step.action))
            .count()
    };
    let create = steps(|action| {
        matches!(
            action,
            Action::CreateNetwork { .. }
                | Action::CreateSecret { .. }
                | Action::RenewPassword { .. }
                | Action::CreateConfig { .. }
                | Action::CreateService { .. }
        )
    });
    let change = steps(|action| {
        matches!(
            action,
            Action::UpdateService { .. }
                | Action::UpdateConfig { .. }
                | Action::UpdateSecret { .. }
                | Action::LabelNode { .. }
                | Action::GiveVolumes { .. }
        )
    });
    let remove = steps(|action| {
        matches!(
            action,
            Action::RemoveService { .. }
                | Action::RemoveConfig { .. }
                | Action::RemoveSecret { .. }
                | Action::RemoveUser { .. }
                | Action::RemoveNetwork { .. }
                | Action::RemoveVolumes { .. }
        )
    });
    let gates = steps(|action| matches!(action, Action::Await { .. }));
    format!(
        "{create} to create, {change} to change, {remove} to remove, {} to pass",
        count(gates, "gate")
    )
}
