//! Restarting what runs, so that a quorum is always left and no search notices.

use std::sync::Arc;

use super::adopt::because;
use super::build::{Builder, update};
use super::surplus::surplus;
use super::wanted::Phase;
use super::working::works;
use super::{Action, Because, StepId, Turn};
use crate::gate::{Gate, Tasks};
use crate::observed::{Service, Task};
use crate::spec::{Restart, ServiceSpec, diff, posted};

/// Between two tasks of one update Swarm waits this long, in nanoseconds: a day, so that the
/// next task is replaced when the tool posts the spec again and not before. SwarmKit's updater
/// replaces `parallelism` tasks, then sleeps for the delay; a changed spec starts it anew
/// (swarmkit: `manager/orchestrator/update/updater.go`).
const PAUSE: i64 = 24 * 3600 * 1_000_000_000;

impl Builder<'_> {
    /// Members that do not run are seen to first and all at once. Then those that run restart
    /// one after the other, each once the whole is healthy, so that a quorum is always left.
    pub(super) fn members(&mut self, phase: &Phase, needs: &[StepId]) -> Vec<StepId> {
        let (restart, rest): (Vec<_>, Vec<_>) = phase
            .services
            .iter()
            .partition(|spec| self.ends_a_process(spec));
        let mut acted: Vec<StepId> = rest
            .into_iter()
            .filter_map(|spec| self.service(phase, spec, needs))
            .collect();
        // That somebody is let in says nothing of each member.
        let is_of_members = |gate: &&Gate| !matches!(gate, Gate::Elsewhere(_));
        let opens = phase.opens.iter().rev().find(is_of_members);
        let Some(whole) = phase.settles.last().or(opens) else {
            return acted;
        };
        for spec in restart {
            let mut after = needs.to_vec();
            // Open at planning time and nothing done yet: no step is needed.
            if let Some(healthy) = self.gate(phase, whole, &acted, needs) {
                after.push(healthy);
            }
            acted.extend(self.service(phase, spec, &after));
        }
        acted
    }

    /// Whether bringing a service to its spec ends a process that runs now. Of a service that has
    /// been told to have no task, what still runs goes whatever is done.
    fn ends_a_process(&self, spec: &ServiceSpec) -> bool {
        let found = self.seen.services.get(&spec.name);
        let stays = found.is_some_and(|found| found.spec.replicas() != Some(0));
        stays && self.changes.contains_key(spec.name.as_str()) && self.stale(spec) > 0
    }

    /// What bringing a service to its spec does to the tasks that run.
    fn restart(&self, spec: &ServiceSpec) -> Restart {
        let changed = self.changes.get(spec.name.as_str());
        changed.map_or(Restart::None, |changed| Restart::of(&changed.how, spec))
    }

    fn running(&self, service: &str) -> &[&Task] {
        self.running.get(service).map_or(&[], Vec::as_slice)
    }

    /// How many running tasks of a service bringing it to its spec replaces.
    fn stale(&self, spec: &ServiceSpec) -> usize {
        let running = self.running(&spec.name);
        running
            .iter()
            .filter(|task| self.is_stale(spec, task))
            .count()
    }

    fn is_stale(&self, spec: &ServiceSpec, task: &Task) -> bool {
        let restart = self.restart(spec);
        self.nodes.replaces(restart, spec, task, self.seen)
    }

    /// How many of the tasks that Swarm wants are replaced and stay: what is too many just goes.
    /// One that does not run yet takes a turn as any other (swarmkit: `updater.go`, `Run`).
    fn stale_that_stay(&self, spec: &ServiceSpec) -> usize {
        let left = usize::try_from(spec.replicas().unwrap_or(1)).unwrap_or(usize::MAX);
        let tasks = self.seen.tasks_of(&spec.name);
        let slots: Vec<&Task> = tasks.filter(|task| task.is_wanted()).collect();
        let gone = match &self.draining {
            // Who leaves is chosen in another way.
            Some(draining) if draining.how.service == spec.name => Vec::new(),
            _ => surplus(&slots, left).unwrap_or_default(),
        };
        let stay = |task: &&&Task| !gone.iter().any(|other| other.id == task.id);
        let stale = slots.iter().filter(|task| self.is_stale(spec, task));
        stale.filter(stay).count().min(left)
    }

    /// Whether the tasks that are made from the present spec satisfy the wanted one too.
    fn keeps_renewed(&self, spec: &ServiceSpec) -> bool {
        let restart = self.restart(spec);
        let mut renewed = self
            .running(&spec.name)
            .iter()
            .filter(|task| self.seen.is_current(task));
        !matches!(restart, Restart::All | Restart::JobReruns)
            && renewed.all(|task| !self.nodes.replaces(restart, spec, task, self.seen))
    }

    /// Whether a part of Milvus is about to be restarted while it works: that happens after all
    /// else, in upstream's upgrade order. Where it does not work, or what it needs or what needs
    /// it, it is brought to its spec at once, in the order of starting: the new spec may be what
    /// mends it.
    pub(super) fn rolls_later(&self, phase: &Phase) -> bool {
        let mut services = phase.services.iter();
        let restarts = services.any(|spec| self.ends_a_process(spec));
        let works = || works(phase, self.wanted, self.seen, self.verdicts);
        phase.is_milvus && restarts && (works() || self.a_roll_is_under_way())
    }

    /// Whether a run that renewed a service task by task ended in the middle of it.
    fn a_roll_is_under_way(&self) -> bool {
        self.wanted.services().any(|spec| {
            let found = self.seen.services.get(&spec.name);
            found.is_some_and(|found| paused_at(&found.spec).is_some())
        })
    }

    /// What waits for a part that rolls later may start now: the part works.
    pub(super) fn defer(&mut self, phase: &Phase) {
        let needs = self.needs(phase);
        self.opens.insert(phase.name.clone(), needs);
    }

    /// Restarts a part of Milvus that works.
    pub(super) fn roll(&mut self, phase: &Phase) {
        // Nothing restarts before all else is well.
        let mut needs = self.ends.clone();
        needs.extend(self.give_ports(phase, &needs.clone()));
        let mut acted = Vec::new();
        for spec in &phase.services {
            let Some(found) = self.seen.services.get(&spec.name) else {
                acted.extend(self.service(phase, spec, &needs));
                continue;
            };
            let mut fewer = found.spec.clone();
            if let Some(replicated) = &mut fewer.mode.replicated {
                replicated.replicas = spec.replicas();
            }
            let (from, after) = match self.drained(phase, &fewer, &needs) {
                Some(last) => (fewer, vec![last]),
                None => (found.spec.clone(), needs.clone()),
            };
            let stale = self.stale_that_stay(spec);
            acted = match &phase.renewal {
                Some(renewal) if self.running(&spec.name).len() > 1 && stale > 0 => {
                    self.renew(phase, renewal, (&from, spec), stale, &after)
                }
                _ => {
                    let step = self.at_once(phase, found, (from, spec), &after);
                    step.into_iter().collect()
                }
            };
        }
        for gates in [&phase.opens, &phase.settles] {
            let mut open: Vec<StepId> = Vec::new();
            for gate in gates {
                let step = self.gate(phase, gate, &acted, &needs);
                self.awaited(gate, step);
                open.extend(step);
            }
            // A gate that settles starts to be asked once the phase is open.
            if !open.is_empty() {
                acted = open;
            }
        }
    }

    /// Brings a service that was brought to `from` so far to its spec in one step.
    pub(super) fn at_once(
        &mut self,
        phase: &Phase,
        found: &Service,
        (from, to): (ServiceSpec, &ServiceSpec),
        needs: &[StepId],
    ) -> Option<StepId> {
        let to = posted(&found.spec, to);
        let changes = diff(&from, &to);
        if changes.is_empty() {
            return None;
        }
        let mut after = self.waits_for(&to);
        after.extend(needs);
        let after = after.into_iter().collect();
        let action = update(found, Arc::new(from), to, changes);
        Some(self.plan.push(&phase.name, action, after, because(found)))
    }

    /// Replaces one task after the other: each once the one before has taken over.
    fn renew(
        &mut self,
        phase: &Phase,
        renewal: &Tasks,
        (from, to): (&ServiceSpec, &ServiceSpec),
        stale: usize,
        after: &[StepId],
    ) -> Vec<StepId> {
        let Some(found) = self.seen.services.get(&to.name) else {
            return Vec::new();
        };
        let tasks = to.replicas().unwrap_or(1);
        let taken_over = |renewed| Action::Await {
            gate: Gate::Tasks(Tasks {
                tasks,
                renewed: Some(renewed),
                ..renewal.clone()
            }),
        };
        let mut from = Arc::new(from.clone());
        let mut after = after.to_vec();
        after.extend(self.waits_for(to));
        let mut of = stale as u64;
        if let Some(renewed) = paused_at(&found.spec)
            && self.keeps_renewed(to)
        {
            // A run died: the task whose turn it was may still be on its way, or about to go.
            after = vec![
                self.plan
                    .push(&phase.name, taken_over(renewed), after, Because::Follows),
            ];
            of = tasks.saturating_sub(renewed);
        }
        let to = posted(&found.spec, to);
        let why = because(found);
        for nth in 1..=of {
            let mut spec = to.clone();
            let renewed = tasks.saturating_sub(of) + nth;
            if nth < of {
                pause(&mut spec, renewed);
            }
            let changes = match nth {
                1 => diff(&from, &spec),
                _ => diff(&pace(&from), &pace(&spec)),
            };
            debug_assert_eq!(changes, diff(&from, &spec), "turns differ in their pace");
            let mut action = update(found, from.clone(), spec, changes);
            if let Action::UpdateService { turn, spec, .. } = &mut action {
                *turn = Some(Turn { nth, of });
                from = spec.clone();
            }
            let update = self.plan.push(&phase.name, action, after, why.clone());
            let action = taken_over(renewed);
            after = vec![
                self.plan
                    .push(&phase.name, action, vec![update], Because::Follows),
            ];
        }
        after
    }
}

/// One task at a time, and a different pause for each turn: an equal spec would start nothing.
/// The pause says how many tasks are renewed once this turn is over.
fn pause(spec: &mut ServiceSpec, renewed: u64) {
    let config = spec.update_config.get_or_insert_default();
    config.parallelism = 1;
    config.delay = PAUSE.saturating_add(i64::try_from(renewed).unwrap_or(0));
}

/// What is another one in each turn: to compare the whole spec thousands of times takes seconds.
fn pace(spec: &ServiceSpec) -> ServiceSpec {
    ServiceSpec {
        update_config: spec.update_config.clone(),
        ..ServiceSpec::default()
    }
}

/// Whether a delay in nanoseconds is the pause of an update in turns, and not one that a user
/// chose: a day and as many nanoseconds as tasks are renewed.
#[must_use]
pub const fn is_pause(delay: i64) -> bool {
    delay > PAUSE && delay < PAUSE + 1_000_000_000
}

/// How many tasks are renewed once the turn that a run of the tool posted last is over; `None`
/// where none stopped in the middle.
fn paused_at(spec: &ServiceSpec) -> Option<u64> {
    let delay = spec.update_config.as_ref()?.delay;
    let renewed = is_pause(delay).then(|| delay - PAUSE)?;
    u64::try_from(renewed).ok()
}
