//! Whether reads and writes go on, why not, and what to do.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use super::Basis;
use super::Question;
use super::data::{Level, Risk};
use super::pool::{Capacity, Pending, Pools};
use super::quorum::{Quorum, Rule};
use super::stand::Standing;
use crate::component::{Component, Kind, Stops};
use crate::system::{METADATA, SEARCH, Striping, striping};

/// Whether something goes on.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Effect {
    pub go_on: bool,
    /// Why not, or what is worse than before.
    pub why: Vec<String>,
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.go_on {
            return f.write_str("go on");
        }
        write!(f, "stop ({})", self.why.join("; "))
    }
}

pub(super) fn reads(
    question: &Question<'_>,
    quorums: &[Quorum],
    capacity: &[Capacity],
    data: &[Risk],
) -> Effect {
    let mut effect = judge(
        question,
        quorums,
        capacity,
        |g| g.reads,
        |stops| stops.reads,
    );
    if effect.go_on {
        let lost = data.iter().filter(|risk| risk.level == Level::Lost);
        effect.why.extend(lost.map(|risk| {
            let title = title(risk.of);
            format!("answers miss what {title} lost")
        }));
        let query = capacity.iter().find(|row| row.component == SEARCH.name);
        if let Some(row) = query.filter(|row| row.after < row.had) {
            effect.why.push(format!(
                "{} of {} query nodes {} every segment",
                row.after,
                row.had,
                if row.after == 1 { "carries" } else { "carry" }
            ));
        }
    }
    effect
}

pub(super) fn writes(question: &Question<'_>, quorums: &[Quorum], capacity: &[Capacity]) -> Effect {
    judge(
        question,
        quorums,
        capacity,
        |g| g.writes,
        |stops| stops.writes,
    )
}

fn judge(
    question: &Question<'_>,
    quorums: &[Quorum],
    capacity: &[Capacity],
    guards: fn(&super::Guards) -> bool,
    stops: fn(Stops) -> bool,
) -> Effect {
    let mut why: Vec<String> = Vec::new();
    let lost: Vec<&Quorum> = quorums
        .iter()
        .filter(|row| !row.held && guards(&row.guards))
        .collect();
    for row in &lost {
        // One erasure set tells for all, and its write quorum goes first.
        let first = |other: &&&Quorum| other.of == row.of;
        if lost.iter().find(first).is_some_and(|other| other == row) {
            why.push(shortage(row, question));
        }
    }
    for row in capacity.iter().filter(|row| row.after == 0) {
        let component = Component::named(row.component);
        if let Some(component) = component.filter(|component| stops(component.stops)) {
            let had = match row.had {
                0 => "none ran before".to_owned(),
                1 => "the only one is lost".to_owned(),
                had => format!("all {had} are lost"),
            };
            why.push(format!("no {} left: {had}", component.one));
        }
    }
    Effect {
        go_on: why.is_empty(),
        why,
    }
}

/// A lost quorum as a sentence.
fn shortage(row: &Quorum, question: &Question<'_>) -> String {
    let (left, total, needs) = (row.left, row.total, row.needs);
    match row.rule {
        Rule::Raft | Rule::Majority => format!(
            "{} has no majority: {left} of {total} left, {needs} needed",
            title(row.of)
        ),
        Rule::ErasureRead => format!(
            "{} cannot read{}: {left} of {total} drives left, {needs} needed",
            title(row.of),
            in_set(row)
        ),
        Rule::ErasureWrite => format!(
            "{} cannot write{}: {left} of {total} drives left, {needs} needed",
            title(row.of),
            in_set(row)
        ),
        Rule::Ensemble => ensemble(row, question),
    }
}

fn ensemble(row: &Quorum, question: &Question<'_>) -> String {
    let component = Component::named(row.of);
    let striped = component.and_then(|component| Some((component, striping(component.role)?)));
    let Some((component, Striping { one, of, .. })) = striped else {
        return String::new();
    };
    let quorum = of(question.inventory);
    format!(
        "{} cannot open a {one}: {} of {} {} left, each {one} goes to {} (write quorum {}, ack quorum {})",
        component.whole,
        row.left,
        row.total,
        component.title,
        quorum.ensemble,
        quorum.write_quorum,
        quorum.ack_quorum,
    )
}

fn in_set(row: &Quorum) -> String {
    row.set
        .map_or_else(String::new, |number| format!(" in erasure set {number}"))
}

/// How people write it.
pub(super) fn title(of: &str) -> &str {
    match of {
        "swarm" => "the Swarm",
        of => Component::named(of).map_or(of, |row| row.whole),
    }
}

/// The first names of many.
pub(super) fn few(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    if names.len() <= SHOWN + 1 {
        return names.join(", ");
    }
    format!(
        "{} and {} more",
        names[..SHOWN].join(", "),
        names.len() - SHOWN
    )
}

pub(super) fn notes(standing: &Standing<'_>, pools: &Pools) -> Vec<String> {
    let mut notes = Vec::new();
    match standing.basis {
        Basis::Inventory => notes.push(
            "answered from the inventory alone: every host is taken to be up, tasks to be spread \
             evenly, and what hosts have room for is not known"
                .to_owned(),
        ),
        Basis::Nodes => notes.push(
            "the cluster does not run on this Swarm yet: tasks are taken to be spread evenly"
                .to_owned(),
        ),
        Basis::Tasks => {}
    }
    let coords = pools
        .capacity
        .iter()
        .filter(|row| is_led(row) && row.left < row.had);
    let (standby, gap): (Vec<_>, Vec<_>) = coords
        .filter(|row| row.after > 0)
        .partition(|row| row.left > 0);
    if !standby.is_empty() {
        notes.push(format!(
            "{}: if the one that leads is lost, the other takes over when its lease in {} ends, \
             30 to 60 s later",
            titles(&standby),
            METADATA.title
        ));
    }
    if !gap.is_empty() {
        notes.push(format!(
            "{}: none until Swarm has started one elsewhere",
            titles(&gap)
        ));
    }
    notes
}

/// Whether one leads and the others stand by.
fn is_led(row: &Capacity) -> bool {
    let component = Component::named(row.component);
    component.and_then(Component::kind) == Some(Kind::Coordinator)
}

fn titles(rows: &[&Capacity]) -> String {
    let titles: Vec<&str> = rows.iter().map(|row| row.title).collect();
    titles.join(", ")
}

/// Erasure sets can be many; a person starts with the first.
const MOST_NEXT: usize = 6;

/// What to do first.
pub(super) fn next(quorums: &[Quorum], pending: &[Pending], swarm_works: bool) -> Vec<String> {
    let mut next = Vec::new();
    if !swarm_works {
        next.push(
            "on a manager that is left: `docker swarm init --force-new-cluster`, then `docker \
             node promote` two others"
                .to_owned(),
        );
    }
    // A write needs at least what a read needs, so its row tells how many must come back.
    let mut short: Vec<&Quorum> = quorums
        .iter()
        .filter(|row| !row.held && row.rule != Rule::Raft)
        .collect();
    short.reverse();
    short.dedup_by_key(|row| (row.of, row.set));
    short.reverse();
    for row in short.iter().take(MOST_NEXT) {
        let hosts: Vec<&str> = row.away.iter().map(String::as_str).collect();
        let which = if row.bring_back < hosts.len() as u64 {
            format!("{} of {}", row.bring_back, few(&hosts))
        } else {
            few(&hosts)
        };
        next.push(format!(
            "bring back {which}: {}{} needs it",
            title(row.of),
            in_set(row)
        ));
    }
    let mut roles: Vec<String> = pending
        .iter()
        .filter(|task| !task.pinned && swarm_works)
        .filter_map(|task| Some(format!("`{}`", Component::named(task.component)?.role)))
        .collect();
    roles.dedup();
    if !roles.is_empty() {
        let (role, of) = if roles.len() == 1 {
            ("role", "another host")
        } else {
            ("roles", "other hosts")
        };
        next.push(format!(
            "for as many as before, give {of} the {role} {}, then `milvus-swarm up`",
            roles.join(", ")
        ));
    }
    next
}
