//! The verbs as `src/command` runs them, over the Swarm in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use milvus_swarm::drive::drive;
use milvus_swarm::event::Event;
use milvus_swarm::execute::{Limits, Outcome};
use milvus_swarm::formed;
use milvus_swarm::hear;
use milvus_swarm::inventory::{Inventory, Source, THIS_HOST};
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{self, Action, Down, Plan};
use milvus_swarm::question::Answer;
use milvus_swarm::render::Sources;
use milvus_swarm::spec::ServiceSpec;
use milvus_swarm::wanted::{Anew, Cluster};

use crate::ends;
use crate::order;
use crate::saved;
use crate::sim::Sim;

/// The engine's own hostname in these tests.
const HERE: &str = "node01";

/// Runs a law under a clock that jumps from one due moment to the next.
pub fn run<T>(law: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime")
        .block_on(law)
}

pub fn parse(text: &str) -> Inventory {
    let source = Source {
        name: "law.yml".to_owned(),
        text: text.to_owned(),
    };
    match Inventory::parse(&[source]) {
        Ok(inventory) => named(inventory),
        Err(errors) => panic!("{errors:?}\n{text}"),
    }
}

/// With a name for the host that the tool is on.
pub fn named(mut inventory: Inventory) -> Inventory {
    for host in inventory
        .hosts
        .iter_mut()
        .filter(|host| host.name == THIS_HOST)
    {
        HERE.clone_into(&mut host.name);
    }
    inventory
}

/// A Swarm with a node for every host.
pub fn swarm(inventory: &Inventory, seed: u64) -> Sim {
    swarm_of(&[inventory], seed)
}

/// A Swarm with a node for every host of several inventories.
pub fn swarm_of(inventories: &[&Inventory], seed: u64) -> Sim {
    let hosts = || inventories.iter().flat_map(|inventory| &inventory.hosts);
    let mut names: Vec<String> = hosts().map(|host| host.name.clone()).collect();
    // Managers first: the Swarm makes the first nodes managers.
    names.sort_by_key(|name| {
        let manager = hosts()
            .filter(|host| host.name == *name)
            .any(|host| host.roles.contains(&milvus_swarm::role::Role::Manager));
        (!manager, name.clone())
    });
    names.dedup();
    Sim::new(&names, seed)
}

pub fn cluster(inventory: &Inventory, seen: &Observed) -> Cluster {
    Cluster::work_out(inventory, Some(seen), &Sources::shipped()).expect("a cluster")
}

/// The same with networks that are made anew where they are otherwise.
pub fn renewing(inventory: &Inventory, seen: &Observed) -> Cluster {
    let anew = Anew {
        networks: true,
        ..Anew::default()
    };
    Cluster::renewed(inventory, Some(seen), &Sources::shipped(), &anew).expect("a cluster")
}

/// The same, worked out once for the same nodes, secrets, networks and release: laws come
/// by here often, and most of their time would go into reading the same stack files.
pub fn known_cluster(inventory: &Inventory, seen: &Observed) -> Cluster {
    thread_local! {
        static KNOWN: RefCell<BTreeMap<String, Cluster>> = const { RefCell::new(BTreeMap::new()) };
    }
    let release = formed::release(inventory, Some(seen));
    let (nodes, secrets) = (&seen.nodes, seen.secrets.keys());
    let (networks, ranges) = (seen.networks.values(), &seen.others.ranges);
    let key = format!("{inventory:?} {release:?} {nodes:?} {secrets:?} {networks:?} {ranges:?}");
    KNOWN.with_borrow_mut(|known| {
        known
            .entry(key)
            .or_insert_with(|| cluster(inventory, seen))
            .clone()
    })
}

/// What `up` carries out, once somebody agreed to what it would do.
pub async fn plan_up(sim: &Sim, inventory: &Inventory) -> (Plan, Observed) {
    let (plan, seen) = plan_shown(sim, inventory).await;
    let cluster = known_cluster(inventory, &seen);
    if !hear::withholds(&cluster.wanted, &seen) {
        return (plan, seen);
    }
    sim.with(|world| world.is_carried_out = true);
    let agreed = hear::plan_agreed(sim, &cluster, inventory, &seen).await;
    sim.with(|world| world.is_carried_out = false);
    order::stands(&agreed);
    saved::survives(&agreed);
    (agreed, seen)
}

/// What `up` would do now, as it is shown.
pub async fn plan_shown(sim: &Sim, inventory: &Inventory) -> (Plan, Observed) {
    let seen = sim.look();
    let cluster = known_cluster(inventory, &seen);
    let plan = hear::plan_up(sim, &cluster, inventory, &seen).await;
    order::stands(&plan);
    saved::survives(&plan);
    (plan, seen)
}

/// What `down` would do now.
pub fn plan_down(sim: &Sim, inventory: &Inventory, data: bool) -> (Plan, Observed) {
    let seen = sim.look();
    let volumes = if data {
        known_cluster(inventory, &seen).volumes()
    } else {
        Vec::new()
    };
    let plan = plan::down(&inventory.name, &seen, &Down { data, volumes });
    order::stands(&plan);
    saved::survives(&plan);
    (plan, seen)
}

/// How an execution went.
#[derive(Debug)]
pub struct Run {
    /// `None` if the tool was killed.
    pub outcome: Option<Outcome>,
    pub events: Vec<Event>,
}

/// A gate that is told to be open is open: nothing older than the step answered for it.
fn was_open(sim: &Sim, plan: &Plan, event: &Event) {
    let Event::Passed { step, saw, .. } = event else {
        return;
    };
    let Action::Await { gate } = &plan.steps[*step].action else {
        return;
    };
    let seen = sim.look();
    let asked = gate.questions(&seen);
    let answers: Vec<Answer> = sim.with(|world| {
        asked
            .iter()
            .map(|asked| world.answer(&asked.question))
            .collect()
    });
    let verdict = gate.judge(&seen, &asked, &answers);
    assert!(
        verdict.is_open(),
        "{gate} was told open ({saw}) and is {verdict:?}"
    );
}

/// Executes a plan to its end or to the death of the tool.
pub async fn execute(sim: &Sim, plan: &Plan, seen: Observed) -> Run {
    let events = RefCell::new(Vec::new());
    let limits = Limits {
        gate: Duration::from_secs(300),
        ..Limits::default()
    };
    let driven = drive(sim, plan, seen, limits, std::future::pending(), |event| {
        was_open(sim, plan, event);
        events.borrow_mut().push(event.clone());
    });
    sim.with(|world| world.is_carried_out = true);
    let outcome = tokio::select! {
        outcome = driven => Some(outcome),
        () = sim.killed() => None,
    };
    sim.with(|world| world.is_carried_out = false);
    Run {
        outcome,
        events: events.into_inner(),
    }
}

/// `up`: plans and executes; the plan must not be refused.
pub async fn up(sim: &Sim, inventory: &Inventory) -> (Plan, Run) {
    let (plan, seen) = plan_up(sim, inventory).await;
    assert_eq!(plan.refusals, [], "refused");
    let run = execute(sim, &plan, seen.clone()).await;
    if run.outcome == Some(Outcome::Done) {
        ends::came_true(&plan, &seen, sim);
    }
    (plan, run)
}

/// `up` to the end, or a panic that says why not.
pub async fn up_well(sim: &Sim, inventory: &Inventory) -> Plan {
    let (plan, run) = up(sim, inventory).await;
    done(&plan, &run);
    plan
}

pub async fn down_well(sim: &Sim, inventory: &Inventory, data: bool) -> Plan {
    let (plan, seen) = plan_down(sim, inventory, data);
    let run = execute(sim, &plan, seen.clone()).await;
    done(&plan, &run);
    ends::came_true(&plan, &seen, sim);
    plan
}

pub fn done(plan: &Plan, run: &Run) {
    let at = match &run.outcome {
        Some(Outcome::Done) => return,
        Some(Outcome::Failed(id, _) | Outcome::Shut(id, _)) => plan.steps[*id].action.title(),
        _ => String::new(),
    };
    panic!("{at}: {:?}", run.outcome);
}

/// Somebody posts a service's own spec with something changed.
pub fn by_hand(sim: &Sim, service: &str, change: impl Fn(&mut ServiceSpec)) {
    sim.with(|world| {
        let mut spec = (*world.services[service].spec).clone();
        change(&mut spec);
        world.post(service, &spec);
    });
}

/// Somebody scales a service, and Swarm has its time to follow.
pub async fn scale_by_hand(sim: &Sim, service: &str, replicas: u64) {
    by_hand(sim, service, |spec| {
        spec.mode.replicated.as_mut().expect("replicas").replicas = Some(replicas);
    });
    tokio::time::sleep(Duration::from_secs(120)).await;
}

/// Nothing is left to do.
pub async fn settled(sim: &Sim, inventory: &Inventory) {
    let (plan, _) = plan_up(sim, inventory).await;
    assert_eq!(
        titles(&plan),
        Vec::<String>::new(),
        "{:?}",
        plan.steps.first()
    );
}

pub fn titles(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| step.action.title()).collect()
}

/// No rule was broken, and no task failed.
pub fn clean(sim: &Sim) {
    sim.with(|world| {
        assert_eq!(world.watch.violations, Vec::<String>::new());
        assert_eq!(world.watch.failures, Vec::<String>::new());
    });
}

/// No rule was broken, whatever failed.
pub fn unbroken(sim: &Sim) {
    sim.with(|world| assert_eq!(world.watch.violations, Vec::<String>::new()));
}

/// What of a Swarm must be the same however it was brought there: names, specs, labels, and
/// where members run.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    pub services: BTreeMap<String, String>,
    pub names: Vec<String>,
    pub labels: BTreeMap<String, BTreeMap<String, String>>,
    pub tasks: BTreeMap<String, usize>,
    pub homes: BTreeMap<(String, String), String>,
}

/// The end state as it is now.
pub fn end(sim: &Sim) -> End {
    let seen = sim.look();
    let mut tasks: BTreeMap<String, usize> = BTreeMap::new();
    for task in seen.tasks.iter().filter(|task| task.is_up()) {
        *tasks.entry(task.service.clone()).or_default() += 1;
    }
    End {
        services: seen
            .services
            .iter()
            .map(|(name, service)| {
                (
                    name.clone(),
                    serde_json::to_string(&service.spec).expect("JSON"),
                )
            })
            .collect(),
        names: seen
            .configs
            .keys()
            .chain(seen.secrets.keys())
            .chain(seen.networks.keys())
            .cloned()
            .collect(),
        labels: seen
            .nodes
            .iter()
            .map(|node| (node.hostname.clone(), node.labels.clone()))
            .collect(),
        tasks,
        homes: sim.with(|world| world.data.volumes.clone()),
    }
}
