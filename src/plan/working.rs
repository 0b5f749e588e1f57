//! Whether a part of Milvus works, or will without anybody's doing: then what must restart does so
//! one after the other, else at once.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::wanted::{Phase, Verdicts, Wanted};
use crate::component::Component;
use crate::formed;
use crate::gate::Verdict;
use crate::observed::{Observed, Task};
use crate::tag::Version;

/// A Milvus process serves within this many seconds of its start or does not work. A coordinator
/// of 2.3.5 takes over 30 s where the one before it left its lease in etcd.
const STARTS_WITHIN: i64 = 60;

/// Whether neither a part of Milvus, nor one that it needs or that needs it, is missing or known
/// not to work. One that could not be asked may work, one of which more is wanted than there is
/// works as well as it does now, so does one of which some tasks are gone, and one
/// that a run was killed over, or that Swarm restarts, works in a moment. A part by
/// itself says too little: a coordinator that crashes again and again registers
/// and calls itself healthy each time, and only those who need it tell that it is not. But a dead
/// index node is no reason to restart query nodes together.
pub(super) fn works(part: &Phase, wanted: &Wanted, seen: &Observed, verdicts: &Verdicts) -> bool {
    let is_needed = |phase: &Phase| {
        let mut phases = wanted.phases.iter();
        phases.any(|other| other.needs.contains(&phase.name))
    };
    // Coordinators need each other, whatever the order in which they are started.
    let is_related = |phase: &&Phase| {
        phase.name == part.name
            || part.needs.contains(&phase.name)
            || phase.needs.contains(&part.name)
            || (is_needed(part) && is_needed(phase))
    };
    let milvus = || {
        let phases = wanted.phases.iter().filter(|phase| phase.is_milvus);
        phases.filter(|phase| !comes(phase, wanted, seen))
    };
    let parts = || milvus().filter(is_related);
    let exists = |phase: &Phase| {
        let mut services = phase.services.iter();
        services.all(|spec| seen.services.contains_key(&spec.name))
    };
    let stands_open = |phase: &Phase| {
        let gates = phase.opens.iter().chain(&phase.settles);
        gates.filter(|gate| !gate.is_guard()).all(|gate| {
            let verdict = verdicts.get(&gate.standing(seen));
            verdict.is_none_or(|verdict| matches!(verdict, Verdict::Open(_) | Verdict::Partly(_)))
        })
    };
    if !parts().all(exists) {
        return false;
    }
    let mut shut = parts().filter(|phase| !stands_open(phase)).peekable();
    // Most clusters are well: tasks are gone through for the others.
    if shut.peek().is_none() {
        return true;
    }
    let starts = Starts::of(seen);
    // Who needs a part that has only begun takes a moment longer.
    let mut needed = wanted.phases.iter().filter(|phase| is_needed(phase));
    needed.any(|phase| starts.has(phase)) || shut.all(|phase| starts.has(phase))
}

/// Whether a part comes with the wanted release, and what runs of Milvus is all older or in part: it
/// may not work before that is renewed (milvus-operator#446: a streaming node of 2.6 beside
/// coordinators of 2.5).
pub(super) fn comes(part: &Phase, wanted: &Wanted, seen: &Observed) -> bool {
    let Some(row) = Component::named(&part.name).filter(|row| row.milvus.is_some()) else {
        return false;
    };
    let phases = wanted.phases.iter().filter(|phase| phase.is_milvus);
    let services = phases.flat_map(|phase| &phase.services);
    let found = services.filter_map(|spec| seen.services.get(&spec.name));
    let images = found.map(|found| &found.spec.task_template.container_spec.image);
    let known = formed::versions(&wanted.cluster, &seen.nodes);
    let versions = images.filter_map(|image| {
        let tag = Version::of_image(image);
        tag.or_else(|| known.first().copied())
    });
    // What may run in one process for all parts came with the minor in which it first could.
    let process = row.milvus.filter(|process| process.before.is_some());
    let mixed = process.and_then(|process| process.mixed);
    let (first, _) = mixed.unwrap_or(row.releases);
    versions.min().is_some_and(|oldest| oldest.line() < first)
}

/// Services by what their tasks do.
struct Starts<'a> {
    /// Some task is on its way.
    begun: BTreeSet<&'a str>,
    /// Some task of the present spec has failed.
    failed: BTreeSet<&'a str>,
}

impl<'a> Starts<'a> {
    fn of(seen: &'a Observed) -> Self {
        let now = time(&seen.seen_at);
        let mut starts = Self {
            begun: BTreeSet::new(),
            failed: BTreeSet::new(),
        };
        for task in &seen.tasks {
            if is_on_its_way(task, now) {
                starts.begun.insert(&task.service);
            }
            if task.state == "failed" && seen.is_current(task) {
                starts.failed.insert(&task.service);
            }
        }
        starts
    }

    /// Whether some task of a part is on its way, and none of its present spec has failed.
    fn has(&self, phase: &Phase) -> bool {
        let any = |of: &BTreeSet<&str>| {
            let mut services = phase.services.iter();
            services.any(|spec| of.contains(spec.name.as_str()))
        };
        any(&self.begun) && !any(&self.failed)
    }
}

fn is_on_its_way(task: &Task, now: Option<Timestamp>) -> bool {
    let starts = match task.state.as_str() {
        "pending" => task.error.is_empty(),
        "running" => has_just_started(task, now),
        state => matches!(
            state,
            "new" | "allocated" | "assigned" | "accepted" | "preparing" | "ready" | "starting"
        ),
    };
    task.is_wanted() && starts
}

fn has_just_started(task: &Task, now: Option<Timestamp>) -> bool {
    let (Some(now), Some(since)) = (now, time(&task.state_at)) else {
        return false;
    };
    (now - since).get_seconds() < STARTS_WITHIN
}

fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}
