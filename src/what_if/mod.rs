//! What would be left if hosts were lost: quorums, data, roles, and what Swarm would do.
//!
//! Pure: a function of the inventory, of what was seen of the Swarm if anything was, and of the
//! hosts that are lost. Reads and writes are judged as they stand once Swarm has started again
//! what it can start elsewhere.

mod data;
mod effect;
mod losses;
mod pool;
mod quorum;
mod spread;
mod stand;

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::Serialize;

pub use data::{Level, Risk};
pub use effect::Effect;
pub use losses::{Losses, UnknownLoss};
pub use pool::{Capacity, Move, Pending};
pub use quorum::{Guards, Quorum, Rule};

use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::topology::Topology;
use stand::Standing;

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    pub inventory: &'a Inventory,
    pub topology: &'a Topology,
    /// What was seen of the Swarm; `None` answers from the inventory alone.
    pub seen: Option<&'a Observed>,
}

/// What the answer was worked out from.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Basis {
    /// Every host is taken to be up, tasks to be spread as Swarm spreads them.
    Inventory,
    /// The nodes of a Swarm on which the cluster does not run yet.
    Nodes,
    /// The tasks that run.
    Tasks,
}

/// What would be left.
#[derive(Clone, Debug, JsonSchema, PartialEq, Serialize)]
pub struct Answer {
    pub cluster: String,
    pub basis: Basis,
    /// Hosts in the inventory.
    pub hosts: u64,
    /// The hosts that are lost.
    pub lost: Vec<String>,
    /// Hosts that were down before.
    pub already_down: Vec<String>,
    /// Reads and writes go on and no data is lost.
    pub survives: bool,
    /// The same without the loss.
    pub survives_now: bool,
    pub reads: Effect,
    pub writes: Effect,
    pub quorums: Vec<Quorum>,
    pub data: Vec<Risk>,
    pub capacity: Vec<Capacity>,
    /// Tasks that Swarm starts elsewhere.
    pub moves: Vec<Move>,
    /// Tasks that wait, and for what.
    pub pending: Vec<Pending>,
    /// What a person should know.
    pub notes: Vec<String>,
    /// What to do about it, the most urgent first.
    pub next: Vec<String>,
}

/// Answers.
#[must_use]
pub fn answer(question: &Question<'_>, losses: &Losses) -> Answer {
    let before = after(question, &BTreeSet::new());
    let mut answer = after(question, &losses.hosts);
    answer.survives_now = before.survives;
    answer
}

/// The quorums of members and drives with these hosts away, whatever runs now.
pub(crate) fn quorums_without(
    inventory: &Inventory,
    topology: &Topology,
    away: &BTreeSet<String>,
) -> Vec<Quorum> {
    let question = Question {
        inventory,
        topology,
        seen: None,
    };
    quorum::quorums(&question, &Standing::of(&question, away))
}

fn after(question: &Question<'_>, lost: &BTreeSet<String>) -> Answer {
    let mut standing = Standing::of(question, lost);
    let quorums = quorum::quorums(question, &standing);
    let swarm_works = quorums.iter().all(|row| row.rule != Rule::Raft || row.held);
    let pools = pool::reschedule(question, &mut standing, swarm_works);
    let data = data::risks(question, &standing, &quorums);
    let reads = effect::reads(question, &quorums, &pools.capacity, &data);
    let writes = effect::writes(question, &quorums, &pools.capacity);
    let survives = reads.go_on && writes.go_on && data.iter().all(|risk| risk.level != Level::Lost);
    Answer {
        cluster: question.inventory.name.clone(),
        basis: standing.basis,
        hosts: question.inventory.hosts.len() as u64,
        lost: lost.iter().cloned().collect(),
        already_down: standing.already_down(),
        survives,
        survives_now: survives,
        notes: effect::notes(&standing, &pools),
        next: effect::next(&quorums, &pools.pending, swarm_works),
        reads,
        writes,
        quorums,
        data,
        capacity: pools.capacity,
        moves: pools.moves,
        pending: pools.pending,
    }
}
