//! Asking for what a plan hangs on besides what was seen: components by their gates, registries by
//! the images that are new.
//!
//! What cannot be asked counts as not well, so that a plan made deaf waits for more than one that
//! hears.

use std::collections::{BTreeMap, BTreeSet};

use crate::drive::Swarm;
use crate::gate::{Asked, leads};
use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::plan::{self, Drain, Heard, Images, Leaver, Plan, Registries, Verdicts, Wanted};
use crate::question::Answer;
use crate::system::milvus::within::{WOULD_CROSS, crosses};
use crate::wanted::Cluster;

/// A Swarm with whom a plan is made.
pub trait Hearing: Swarm {
    /// Whether components can be asked as things are, or why not. Nothing is started for it.
    fn can_ask(&self) -> impl Future<Output = Result<(), String>>;
    /// Makes sure that components can be asked, where anything of the cluster is there to ask, or
    /// says why they cannot be.
    fn reach(&self, seen: &Observed) -> impl Future<Output = Result<(), String>>;
    /// What registries say of images; one that is missing from the answer was not asked for.
    fn registries(&self, images: &BTreeSet<String>) -> impl Future<Output = Registries>;
    /// Warns of images that are not what their names say.
    fn stand_ins(&self, wanted: &Wanted) -> impl Future<Output = Option<String>>;
}

/// What `up` would do about what was seen, by what is heard without root's password crossing the network.
pub async fn plan_up<S: Hearing>(
    swarm: &S,
    cluster: &Cluster,
    inventory: &Inventory,
    seen: &Observed,
) -> Plan {
    plan_by(swarm, cluster, inventory, seen, false).await
}

/// The same once somebody agreed to it, and so to what it says of the password.
pub async fn plan_agreed<S: Hearing>(
    swarm: &S,
    cluster: &Cluster,
    inventory: &Inventory,
    seen: &Observed,
) -> Plan {
    plan_by(swarm, cluster, inventory, seen, true).await
}

/// Whether a plan is made without an answer that it has a use for, since root's password would cross the
/// network for it.
#[must_use]
pub fn withholds(wanted: &Wanted, seen: &Observed) -> bool {
    let drain = wanted.shrinks(seen);
    let asked = drain.map(|drain| drain.leads_no_shard("").questions(seen));
    let mut asked = asked.iter().flatten();
    asked.any(|asked| crosses(&asked.question, seen))
}

async fn plan_by<S: Hearing>(
    swarm: &S,
    cluster: &Cluster,
    inventory: &Inventory,
    seen: &Observed,
    may_cross: bool,
) -> Plan {
    let refusals = cluster.refusals(inventory, seen);
    let mut heard = Heard {
        warnings: swarm.stand_ins(&cluster.wanted).await.into_iter().collect(),
        ..Heard::default()
    };
    let images = images(swarm, &cluster.wanted, inventory, seen).await;
    heard.warnings.extend(images.warnings());
    heard.images = Some(images);
    // What is refused needs no probe.
    if refusals.is_empty()
        && let Err(why) = swarm.reach(seen).await
    {
        heard.warnings.push(format!(
            "no component could be asked, so the plan waits for each: {why}"
        ));
    }
    if let Some(drain) = cluster.wanted.shrinks(seen) {
        heard.leavers = leavers(swarm, drain, seen, may_cross).await;
    }
    heard.verdicts = verdicts(swarm, &cluster.wanted, seen).await;
    cluster.plan_with(refusals, seen, &heard)
}

async fn images<S: Hearing>(
    swarm: &S,
    wanted: &Wanted,
    inventory: &Inventory,
    seen: &Observed,
) -> Images {
    let mode = inventory.images.resolve;
    let asked = wanted.to_resolve(seen, mode);
    Images {
        mode,
        registries: swarm.registries(&asked).await,
    }
}

/// The query nodes that run, in the order in which they should leave: in another one they may not get away
/// at all. For who leads shards root's password may have to cross the network.
pub async fn leavers<S: Hearing>(
    swarm: &S,
    drain: &Drain,
    seen: &Observed,
    may_cross: bool,
) -> Vec<Leaver> {
    let answers = if swarm.can_ask().await.is_ok() {
        let asked = drain.leads_no_shard("").questions(seen);
        if may_cross {
            swarm.ask(&asked).await
        } else {
            ask(swarm, &asked, seen).await
        }
    } else {
        Vec::new()
    };
    plan::leavers(seen, &drain.service, |task| leads(task, &answers))
}

/// Asks what root's password does not cross the network for.
async fn ask<S: Hearing>(swarm: &S, asked: &[Asked], seen: &Observed) -> Vec<Answer> {
    let stays = |asked: &&Asked| !crosses(&asked.question, seen);
    let put: Vec<Asked> = asked.iter().filter(stays).cloned().collect();
    let mut answers = swarm.ask(&put).await.into_iter();
    let unasked = || Answer::Failed(WOULD_CROSS.to_owned());
    let each = asked.iter().map(|asked| {
        let answer = stays(&asked).then(|| answers.next()).flatten();
        answer.unwrap_or_else(unasked)
    });
    each.collect()
}

/// Asks every gate of what is there, all at once. Where nobody can be asked all are unknown.
pub async fn verdicts<S: Hearing>(swarm: &S, wanted: &Wanted, seen: &Observed) -> Verdicts {
    // Before anything runs, even what ran once and is gone has nobody to ask about it.
    if seen.services.is_empty() {
        return Verdicts::new();
    }
    let is_there = |name: &str| seen.services.contains_key(name);
    let phases = wanted.phases.iter().filter(|phase| {
        phase.runs_once
            || phase.is_elsewhere()
            || phase.services.iter().any(|spec| is_there(&spec.name))
    });
    let gates: Vec<_> = phases.flat_map(|phase| phase.gates(seen)).collect();
    if gates.is_empty() || swarm.can_ask().await.is_err() {
        return Verdicts::new();
    }
    // Gates share questions, and a broker's health check does not like company: each question is
    // asked once.
    let asked: Vec<Vec<Asked>> = gates.iter().map(|gate| gate.questions(seen)).collect();
    let distinct: BTreeSet<&Asked> = asked.iter().flatten().collect();
    let distinct: Vec<Asked> = distinct.into_iter().cloned().collect();
    let answers = ask(swarm, &distinct, seen).await;
    let answers: BTreeMap<&Asked, Answer> = distinct.iter().zip(answers).collect();
    let answer = |question: &Asked| {
        let unasked = || Answer::Failed("was not asked".to_owned());
        answers.get(question).cloned().unwrap_or_else(unasked)
    };
    gates
        .into_iter()
        .zip(&asked)
        .map(|(gate, asked)| {
            let answers: Vec<Answer> = asked.iter().map(answer).collect();
            let verdict = gate.judge(seen, asked, &answers);
            (gate, verdict)
        })
        .collect()
}
