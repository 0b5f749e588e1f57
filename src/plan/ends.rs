//! Which of the tasks that run now each step of a plan ends, by SwarmKit's rules.
//!
//! The steps are gone through in their order, with the labels and the constraints that hold
//! then. A task is told of once, by the step that ends it; tasks that start meanwhile have no
//! name yet and are not told of.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::surplus::surplus;
use super::{Action, Plan, Turn};
use crate::constraint::meets;
use crate::gate::task_name;
use crate::observed::{Node, Observed, Task};
use crate::spec::{Restart, ServiceSpec};

/// Tasks that a step ends.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Ends {
    /// How many of those below end.
    pub tasks: u64,
    /// Those that end; where these are more than `tasks`, Swarm chooses among them. None where an
    /// update takes turns and this one chooses among the same tasks as the turn before.
    pub among: Vec<Ended>,
}

/// A task, and where it runs.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Ended {
    /// `querynode.2`.
    pub task: String,
    /// Hostname of its node.
    pub node: String,
}

/// The tasks that are up, by service.
pub(super) fn running(seen: &Observed) -> BTreeMap<&str, Vec<&Task>> {
    let mut running: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
    for task in seen.tasks.iter().filter(|task| task.is_up()) {
        running.entry(&task.service).or_default().push(task);
    }
    running
}

/// Nodes by identifier; a node is copied only where its labels change.
pub(super) struct Nodes<'a>(BTreeMap<&'a str, Cow<'a, Node>>);

impl<'a> Nodes<'a> {
    pub(super) fn of(seen: &'a Observed) -> Self {
        let nodes = seen.nodes.iter();
        Self(
            nodes
                .map(|node| (node.id.as_str(), Cow::Borrowed(node)))
                .collect(),
        )
    }

    pub(super) fn label(&mut self, id: &str, add: &BTreeMap<String, String>, remove: &[String]) {
        if let Some(node) = self.0.get_mut(id) {
            let labels = &mut node.to_mut().labels;
            labels.extend(add.iter().map(|(key, value)| (key.clone(), value.clone())));
            labels.retain(|key, _| !remove.contains(key));
        }
    }

    /// Whether posting `to` replaces a task (swarmkit: `orchestrator.IsTaskDirty`): one that an
    /// update left over is replaced by the next, whatever that changes.
    pub(super) fn replaces(
        &self,
        restart: Restart,
        to: &ServiceSpec,
        task: &Task,
        seen: &Observed,
    ) -> bool {
        let all = match restart {
            Restart::All | Restart::JobReruns => true,
            Restart::None => false,
            Restart::OnlyWhereConstraintsFail => {
                !self.meets(&to.task_template.placement.constraints, task)
            }
        };
        all || !seen.is_current(task)
    }

    fn meets(&self, constraints: &[String], task: &Task) -> bool {
        let node = self.0.get(task.node_id.as_str());
        node.is_some_and(|node| meets(constraints, node))
    }

    /// The one node that a member may run on, which has its data. One that joined the Swarm anew may
    /// have its former self beside it, which is down.
    pub(super) fn home(&self, spec: &ServiceSpec) -> Option<&Node> {
        let constraints = &spec.task_template.placement.constraints;
        let nodes = self.0.values().map(AsRef::as_ref);
        let homes: Vec<&Node> = nodes.filter(|node| meets(constraints, node)).collect();
        let live = homes.iter().copied().filter(|node| node.state != "down");
        match (homes.as_slice(), live.collect::<Vec<_>>().as_slice()) {
            ([one], _) | (_, [one]) => Some(one),
            _ => None,
        }
    }

    fn ended(&self, task: &Task) -> Ended {
        let node = self.0.get(task.node_id.as_str());
        Ended {
            task: task_name(task),
            node: node.map_or_else(|| task.node_id.clone(), |node| node.hostname.clone()),
        }
    }
}

/// Writes into each step which tasks it ends.
pub(super) fn foretell(plan: &mut Plan, seen: &Observed) {
    let mut forecast = Forecast::of(seen);
    let ends: Vec<Option<Ends>> = plan
        .steps
        .iter()
        .map(|step| forecast.step(&step.action))
        .collect();
    for (step, ends) in plan.steps.iter_mut().zip(ends) {
        step.ends = ends;
    }
}

/// What is left at some step.
struct Forecast<'a> {
    seen: &'a Observed,
    nodes: Nodes<'a>,
    pools: BTreeMap<&'a str, Pool<'a>>,
    /// Services with tasks on each node.
    on: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// The tasks of a service that may still run.
struct Pool<'a> {
    tasks: Vec<&'a Task>,
    /// How many of them do, where Swarm chose.
    left: usize,
    /// Of those, the ones that a rolling update in turns takes.
    turning: Turning<'a>,
    /// Every task that Swarm wants of the service, up or not, when all was seen.
    slots: Vec<&'a Task>,
    /// Whether that is so still: no step has ended any of them.
    is_whole: bool,
    constraints: Vec<String>,
}

/// The tasks that an update which takes turns replaces, one in each turn.
#[derive(Default)]
struct Turning<'a> {
    tasks: Vec<&'a Task>,
    /// Whether a turn has named just these.
    told: bool,
}

impl<'a> Forecast<'a> {
    fn of(seen: &'a Observed) -> Self {
        let mut on: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        let mut pools = BTreeMap::new();
        let mut slots: BTreeMap<&str, Vec<&Task>> = BTreeMap::new();
        for task in seen.tasks.iter().filter(|task| task.is_wanted()) {
            slots.entry(&task.service).or_default().push(task);
        }
        for (service, mut tasks) in running(seen) {
            tasks.sort_by_key(|task| task.slot);
            for task in &tasks {
                on.entry(&task.node_id).or_default().insert(service);
            }
            let found = seen.services.get(service);
            let pool = Pool {
                left: tasks.len(),
                tasks,
                turning: Turning::default(),
                slots: slots.remove(service).unwrap_or_default(),
                is_whole: true,
                constraints: found
                    .map(|found| found.spec.task_template.placement.constraints.clone())
                    .unwrap_or_default(),
            };
            pools.insert(service, pool);
        }
        Self {
            seen,
            nodes: Nodes::of(seen),
            pools,
            on,
        }
    }

    fn step(&mut self, action: &Action) -> Option<Ends> {
        match action {
            Action::LabelNode {
                node_id,
                add,
                remove,
                ..
            } => self.label(node_id, add, remove),
            Action::UpdateService {
                name,
                spec,
                restart,
                turn,
                ..
            } => self.update(name, spec, *restart, *turn),
            Action::RemoveService { name, .. } => {
                let pool = self.pools.remove(name.as_str())?;
                self.ends(pool.left, &pool.tasks)
            }
            _ => None,
        }
    }

    fn ends(&self, tasks: usize, among: &[&Task]) -> Option<Ends> {
        (tasks > 0).then(|| Ends {
            tasks: tasks as u64,
            among: among.iter().map(|task| self.nodes.ended(task)).collect(),
        })
    }

    /// A task whose node no longer satisfies the constraints of its service ends (swarmkit:
    /// `orchestrator/constraintenforcer`).
    fn label(
        &mut self,
        id: &str,
        add: &BTreeMap<String, String>,
        remove: &[String],
    ) -> Option<Ends> {
        let services = self.on.get(id).cloned().unwrap_or_default();
        let stays = |forecast: &Self, task: &Task| {
            let pool = forecast.pools.get(task.service.as_str());
            pool.is_some_and(|pool| forecast.nodes.meets(&pool.constraints, task))
        };
        let here: Vec<&Task> = services
            .iter()
            .filter_map(|service| self.pools.get(service))
            .flat_map(|pool| pool.tasks.iter().copied())
            .filter(|task| task.node_id == id && stays(self, task))
            .collect();
        self.nodes.label(id, add, remove);
        let ended: Vec<&Task> = here.into_iter().filter(|task| !stays(self, task)).collect();
        for task in &ended {
            if let Some(pool) = self.pools.get_mut(task.service.as_str()) {
                pool.tasks.retain(|other| other.id != task.id);
                pool.left = pool.left.saturating_sub(1);
                pool.is_whole = false;
            }
        }
        self.ends(ended.len(), &ended)
    }

    fn update(
        &mut self,
        name: &str,
        to: &ServiceSpec,
        restart: Restart,
        turn: Option<Turn>,
    ) -> Option<Ends> {
        let (nodes, seen) = (&self.nodes, self.seen);
        let pool = self.pools.get_mut(name)?;
        if let Some(turn) = turn
            && turn.nth > 1
        {
            let (tasks, among) = pool.next_turn(turn);
            return self.ends(tasks, &among);
        }
        pool.constraints
            .clone_from(&to.task_template.placement.constraints);
        let stale: Vec<&Task> = pool
            .tasks
            .iter()
            .copied()
            .filter(|task| nodes.replaces(restart, to, task, seen))
            .collect();
        let wanted = to
            .replicas()
            .and_then(|wanted| usize::try_from(wanted).ok());
        let wanted = wanted.unwrap_or(pool.left);
        let gone = pool
            .is_whole
            .then(|| surplus(&pool.slots, wanted))
            .flatten();
        let leave = gone.map_or(Leave::Any(pool.left.saturating_sub(wanted)), Leave::These);
        let (tasks, among) = match turn {
            Some(turn) => pool.first_turn(turn, stale, leave),
            None => pool.at_once(stale, leave),
        };
        pool.is_whole &= tasks == 0;
        self.ends(tasks, &among)
    }
}

/// The tasks of a pool that go because fewer are wanted.
enum Leave<'a> {
    /// These, whether they are up or not.
    These(Vec<&'a Task>),
    /// So many of those that are up.
    Any(usize),
}

impl<'a> Pool<'a> {
    /// One task of those that this turn makes old; which, Swarm chooses. Those that are too many
    /// go with it.
    fn first_turn(
        &mut self,
        turn: Turn,
        stale: Vec<&'a Task>,
        leave: Leave<'a>,
    ) -> (usize, Vec<&'a Task>) {
        let (surplus, mut among) = match leave {
            Leave::These(gone) => {
                let gone = self.take(&gone);
                (gone.len(), gone)
            }
            Leave::Any(0) => (0, Vec::new()),
            Leave::Any(surplus) => {
                self.left -= surplus;
                (surplus, self.tasks.clone())
            }
        };
        let named = ids(&among);
        let is_named = |task: &&Task| named.contains(task.id.as_str());
        let others: Vec<&Task> = stale.iter().copied().filter(|t| !is_named(t)).collect();
        let turning = if surplus == among.len() {
            others.clone()
        } else {
            stale
        };
        among.extend(others);
        self.turning = Turning {
            told: among.len() == turning.len(),
            tasks: turning,
        };
        let tasks = surplus + self.turning.tasks.len().min(1);
        self.end_of(turn);
        (tasks, among)
    }

    /// One more of those. Thousands of turns would name thousands of tasks each.
    fn next_turn(&mut self, turn: Turn) -> (usize, Vec<&'a Task>) {
        let Turning { tasks, told } = &mut self.turning;
        let among = if std::mem::replace(told, true) {
            Vec::new()
        } else {
            tasks.clone()
        };
        let tasks = tasks.len().min(1);
        self.end_of(turn);
        (tasks, among)
    }

    /// After the last turn, all of them are gone.
    fn end_of(&mut self, turn: Turn) {
        if turn.nth == turn.of {
            let turned = std::mem::take(&mut self.turning);
            self.take(&turned.tasks);
        }
    }

    /// Those that are replaced and those that are too many.
    fn at_once(&mut self, stale: Vec<&'a Task>, leave: Leave<'a>) -> (usize, Vec<&'a Task>) {
        let surplus = match leave {
            Leave::These(mut gone) => {
                gone.extend(stale);
                let ended = self.take(&gone);
                return (ended.len(), ended);
            }
            Leave::Any(surplus) => surplus,
        };
        let ended = (stale.len() + surplus).min(self.left);
        let among = match (ended == self.left, surplus) {
            (false, 0) => stale,
            _ => self.tasks.clone(),
        };
        let left = self.left - ended;
        if left == 0 || surplus == 0 {
            self.take(&among);
        }
        self.left = left;
        (ended, among)
    }

    /// Takes tasks out of the pool and gives those that were in it.
    fn take(&mut self, gone: &[&Task]) -> Vec<&'a Task> {
        let gone = ids(gone);
        let tasks = std::mem::take(&mut self.tasks).into_iter();
        let (gone, stay) = tasks.partition(|task| gone.contains(task.id.as_str()));
        self.tasks = stay;
        self.left = self.left.min(self.tasks.len());
        gone
    }
}

fn ids<'a>(tasks: &[&'a Task]) -> BTreeSet<&'a str> {
    tasks.iter().map(|task| task.id.as_str()).collect()
}
