//! Taking query nodes out one at a time so that no search notices.
//!
//! Swarm stops the tasks with the highest slots; which Milvus node that is, is chance, and a
//! node that leads a shard leaves a gap in answers for seconds (measured; see
//! `docs/scaling.md`). So the leaving node is chosen: its host loses the role label, which
//! makes Swarm end that very task with its full grace, and the pending replacement is what
//! goes when the number of replicas is lowered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::adopt::because;
use super::build::{Builder, update};
use super::wanted::{Phase, Wanted};
use super::{Action, Because, Plan, StepId};
use crate::gate::{Gate, Tasks, short};
use crate::observed::{Observed, Service, Task};
use crate::spec::{ServiceSpec, diff, posted};
use crate::system::FRONT;

/// A query node that may leave.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leaver {
    pub node_id: String,
    pub hostname: String,
    /// Shards that it leads; empty is safe.
    pub leads: Vec<String>,
    /// Why it is not known what it leads. It may leave once it is seen to lead nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// The query nodes that run, in the order in which they should leave: those that lead no shard
/// first, the highest slots first among equals. `leads` says which shards that of a task
/// leads, or why nobody knows.
pub fn leavers(
    seen: &Observed,
    service: &str,
    leads: impl Fn(&Task) -> Result<Vec<String>, String>,
) -> Vec<Leaver> {
    let mut leavers: Vec<(u64, Leaver)> = seen
        .tasks
        .iter()
        .filter(|task| task.service == service && task.is_up())
        .filter_map(|task| {
            let node = seen.nodes.iter().find(|node| node.id == task.node_id)?;
            let (leads, unknown) = match leads(task) {
                Ok(leads) => (leads, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            Some((
                task.slot,
                Leaver {
                    node_id: node.id.clone(),
                    hostname: node.hostname.clone(),
                    leads,
                    unknown,
                },
            ))
        })
        .collect();
    leavers.sort_by_key(|(slot, leaver)| (leaver.leads.len(), std::cmp::Reverse(*slot)));
    leavers.into_iter().map(|(_, leaver)| leaver).collect()
}

/// How query nodes of a cluster leave.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Drain {
    pub service: String,
    /// The node label that places the service.
    pub label: String,
    /// Asks whether one leads no shard.
    pub leads: Tasks,
    /// Asks whether one has left.
    pub gone: Tasks,
}

impl Drain {
    /// Asks whether the one on a node of the Swarm leads no shard.
    #[must_use]
    pub fn leads_no_shard(&self, node: &str) -> Gate {
        Gate::Tasks(self.leads.on(node))
    }
}

/// Query nodes that must leave.
#[derive(Clone)]
pub(super) struct Draining<'a> {
    pub(super) how: &'a Drain,
    /// Those that run, in the order in which they should leave.
    leavers: Vec<&'a Leaver>,
}

/// Adds the steps that take query nodes out until `spec`'s number of replicas is left; says
/// which step is the last.
fn drain(
    plan: &mut Plan,
    found: &Service,
    spec: &ServiceSpec,
    draining: &Draining<'_>,
    hosts_leaving: &BTreeSet<&str>,
    after: &[StepId],
) -> Option<StepId> {
    let Draining { how, leavers } = draining;
    // A run that was killed may have left fewer tasks than replicas.
    let have = found.spec.replicas().unwrap_or(0).min(leavers.len() as u64);
    let want = spec.replicas().unwrap_or(0);
    let mut exit = Exit {
        plan,
        how,
        found,
        // The user asked, unless it is somebody else's doing that there are too many.
        why: match because(found) {
            Because::Changed => Because::Asked,
            other => other,
        },
    };
    // Who loses its host leaves whatever it leads.
    let must = |leaver: &&Leaver| hosts_leaving.contains(leaver.node_id.as_str());
    let go = usize::try_from(have.saturating_sub(want)).unwrap_or(usize::MAX);
    let (mut last, mut end) = (after.to_vec(), None);
    let mut from = found.spec.clone();
    let leave: Vec<&Leaver> = leavers.iter().copied().take(go).collect();
    for (replicas, leaver) in (want..have).rev().zip(&leave) {
        exit.warn(leaver, must(leaver));
        if leaver.leads.is_empty() {
            last = vec![exit.await_no_lead(leaver, last)];
        }
        let to = fewer(&from, spec, replicas);
        let gone = exit.take_out(leaver, from, &to, last);
        from = to;
        last = vec![gone];
        end = Some(gone);
    }
    // Labels come back when all have left: a host that has its label is a host that a
    // replacement may start on.
    for leaver in leave.iter().filter(|leaver| !must(leaver)) {
        let add = BTreeMap::from([(how.label.clone(), "true".to_owned())]);
        let back = exit.label(leaver, add, Vec::new());
        end = Some(exit.push(back, last.clone(), Because::Follows));
    }
    end
}

/// The spec with so many tasks: as it is while there are still too many, then as it is wanted.
fn fewer(from: &ServiceSpec, wanted: &ServiceSpec, replicas: u64) -> ServiceSpec {
    let mut to = if wanted.replicas() == Some(replicas) {
        posted(from, wanted)
    } else {
        from.clone()
    };
    if let Some(replicated) = &mut to.mode.replicated {
        replicated.replicas = Some(replicas);
    }
    to
}

/// The steps with which query nodes leave, one at a time.
struct Exit<'a> {
    plan: &'a mut Plan,
    how: &'a Drain,
    found: &'a Service,
    why: Because,
}

impl Exit<'_> {
    fn push(&mut self, action: Action, after: Vec<StepId>, because: Because) -> StepId {
        let part = short(&self.how.service);
        self.plan.push(part, action, after, because)
    }

    fn label(&self, leaver: &Leaver, add: BTreeMap<String, String>, remove: Vec<String>) -> Action {
        Action::LabelNode {
            node_id: leaver.node_id.clone(),
            hostname: leaver.hostname.clone(),
            add,
            from: BTreeMap::new(),
            remove,
        }
    }

    /// Says what searches may miss when this one leaves.
    fn warn(&mut self, leaver: &Leaver, must: bool) {
        let Leaver {
            hostname, leads, ..
        } = leaver;
        if !leads.is_empty() {
            let why = if must {
                "its host loses the role, and it leads a shard"
            } else {
                "every query node that could leave leads a shard"
            };
            let shards = leads.join(", ");
            self.plan.warnings.push(format!(
                "{why}; `{hostname}` leads {shards}: searches may miss rows for some seconds while \
                 the lead moves"
            ));
        } else if let Some(why) = &leaver.unknown {
            self.plan.warnings.push(format!(
                "nobody could say whether the query node on `{hostname}` leads a shard ({why}): it \
                 leaves once it is seen to lead none"
            ));
        }
    }

    fn await_no_lead(&mut self, leaver: &Leaver, after: Vec<StepId>) -> StepId {
        let gate = self.how.leads_no_shard(&leaver.hostname);
        self.push(Action::Await { gate }, after, self.why.clone())
    }

    /// The task on this host ends, the one that Swarm makes in its place finds no host and is
    /// taken back; the last step waits until Milvus has let the node go.
    fn take_out(
        &mut self,
        leaver: &Leaver,
        from: ServiceSpec,
        to: &ServiceSpec,
        after: Vec<StepId>,
    ) -> StepId {
        let off = self.label(leaver, BTreeMap::new(), vec![self.how.label.clone()]);
        let unlabel = self.push(off, after, self.why.clone());
        let gate = Gate::Replaced {
            service: self.how.service.clone(),
            node: leaver.hostname.clone(),
        };
        let pending = self.push(Action::Await { gate }, vec![unlabel], Because::Follows);
        let changes = diff(&from, to);
        let lower = update(self.found, Arc::new(from), to.clone(), changes);
        let lower = self.push(lower, vec![pending], self.why.clone());
        let gate = Gate::Tasks(self.how.gone.on(&leaver.hostname));
        self.push(Action::Await { gate }, vec![lower], Because::Follows)
    }
}

/// Which query nodes leave, if there are more of them than wanted: in this order, but those first
/// whose hosts have the role no more, as their tasks end in any case.
pub(super) fn draining<'a>(
    wanted: &'a Wanted,
    seen: &Observed,
    leavers: &'a [Leaver],
) -> Option<Draining<'a>> {
    let how = wanted.shrinks(seen)?;
    let may_stay = |leaver: &&Leaver| {
        let labels = wanted.labels.of.get(&leaver.hostname);
        labels.is_some_and(|labels| labels.contains_key(&how.label))
    };
    let mut leavers: Vec<&Leaver> = leavers.iter().collect();
    leavers.sort_by_key(may_stay);
    Some(Draining { how, leavers })
}

impl Builder<'_> {
    /// Query nodes that must leave do so one at a time.
    pub(super) fn drained(
        &mut self,
        phase: &Phase,
        spec: &ServiceSpec,
        needs: &[StepId],
    ) -> Option<StepId> {
        let draining = self.draining.as_ref();
        let draining = draining.filter(|one| one.how.service == spec.name)?.clone();
        let how = draining.how;
        let found = self.seen.services.get(&spec.name)?;
        let mut after = self.waits_for(spec);
        after.extend(needs);
        // A proxy tells who leads a shard: one that is about to restart tells nothing for long.
        after.extend(self.opens.get(FRONT.name).into_iter().flatten());
        let after: Vec<StepId> = after.into_iter().collect();
        let losers = self.labels.iter();
        let hosts_leaving = losers
            .filter(|labels| labels.remove.contains(&how.label))
            .map(|labels| labels.node_id.as_str())
            .collect();
        let last = match drain(self.plan, found, spec, &draining, &hosts_leaving, &after) {
            Some(last) => last,
            // A run that was killed turned them all away: what is left is to say so.
            None => self.at_once(phase, found, (found.spec.clone(), spec), &after)?,
        };
        for labels in self.labels {
            if let Some(value) = labels.add.get(&how.label) {
                let add = BTreeMap::from([(how.label.clone(), value.clone())]);
                self.label(labels, add, Vec::new(), vec![last]);
            }
        }
        Some(last)
    }
}
