//! What is measured: one case for one size, in a process of its own.

use std::collections::BTreeSet;
use std::fs;
use std::time::Duration;

use milvus_swarm::formed::release;
use milvus_swarm::inventory::{Inventory, Source};
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{self, Action, Heard, Plan, Step};
use milvus_swarm::render::{self, Generations, Sources};
use milvus_swarm::topology::Topology;
use milvus_swarm::wanted::Cluster;

use crate::inventory::{self, Change};
use crate::swarm;

/// A thing to measure.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Case {
    Parse,
    Render,
    FromNothing,
    NothingToDo,
    OneKey,
    OneReplica,
    Stands,
}

impl Case {
    pub const ALL: [Self; 7] = [
        Self::Parse,
        Self::Render,
        Self::FromNothing,
        Self::NothingToDo,
        Self::OneKey,
        Self::OneReplica,
        Self::Stands,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Parse => "parse",
            Self::Render => "render",
            Self::FromNothing => "plan-from-nothing",
            Self::NothingToDo => "plan-nothing-to-do",
            Self::OneKey => "plan-one-key",
            Self::OneReplica => "plan-one-replica",
            Self::Stands => "plan-stands",
        }
    }

    pub const fn title(self) -> &'static str {
        match self {
            Self::Parse => "read the inventory",
            Self::Render => "render the stack files",
            Self::FromNothing => "plan from nothing",
            Self::NothingToDo => "plan with nothing to do",
            Self::OneKey => "plan with one Milvus key changed",
            Self::OneReplica => "plan with one more query node",
            Self::Stands => "compare two plans",
        }
    }

    /// Plans in memory at once.
    pub const fn plans(self) -> u64 {
        match self {
            Self::Stands => 2,
            _ => 1,
        }
    }
}

/// What one process measured.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// Median of the runs, on the processor: there is one thread, which waits for nothing.
    pub time: Duration,
    /// Most memory that the process had at any moment, preparations included, in bytes.
    pub peak: u64,
    /// Steps of the plan, bytes of the rendered files, or hosts.
    pub made: usize,
}

/// Prepares a case, runs it so many times, and says what came of it.
pub fn run(case: Case, hosts: usize, rounds: usize) -> Measured {
    let (times, made) = match case {
        Case::Parse => {
            let text = inventory::text(hosts, Change::default());
            timed(rounds, || parse(&text).hosts.len())
        }
        Case::Render => {
            let inventory = parse(&inventory::text(hosts, Change::default()));
            timed(rounds, || rendered(&inventory))
        }
        Case::FromNothing => {
            let inventory = parse(&inventory::text(hosts, Change::default()));
            let seen = swarm::empty(&inventory);
            let heard = Heard::default();
            let check = |plan: &Plan| assert!(plan.steps.len() > hosts, "a label for every host");
            timed(rounds, || planned(&inventory, &seen, &heard, check))
        }
        Case::NothingToDo => changed(hosts, rounds, Change::default(), |plan| {
            assert_eq!(plan.steps, [], "nothing to do");
        }),
        Case::OneKey => {
            let change = Change {
                key: true,
                ..Change::default()
            };
            changed(hosts, rounds, change, |plan| {
                let restarted: BTreeSet<&str> = plan.steps.iter().filter_map(updated).collect();
                assert!(
                    restarted.contains("scale-milvus_querynode")
                        && restarted
                            .iter()
                            .all(|name| name.starts_with("scale-milvus_")),
                    "Milvus restarts, and nothing else: {restarted:?}"
                );
            })
        }
        Case::OneReplica => {
            let change = Change {
                replica: true,
                ..Change::default()
            };
            changed(hosts, rounds, change, |plan| {
                assert!(
                    (1..6).contains(&plan.steps.len()),
                    "one service gets one task more"
                );
            })
        }
        Case::Stands => {
            let inventory = parse(&inventory::text(hosts, Change::default()));
            let seen = swarm::empty(&inventory);
            // The longest plan there is, as the one agreed on and as the one made since.
            let plan = || work_out(&inventory, &seen).plan(&inventory, &seen, &Heard::default());
            let (agreed, fresh) = (plan(), plan());
            timed(rounds, || {
                assert_eq!(plan::stands(&agreed, &fresh), Ok(()));
                fresh.steps.len()
            })
        }
    };
    Measured {
        time: median(times),
        peak: peak(),
        made,
    }
}

/// A Swarm that is as wanted, then an inventory that asks for a little more.
fn changed(
    hosts: usize,
    rounds: usize,
    change: Change,
    check: impl Fn(&Plan),
) -> (Vec<Duration>, usize) {
    let seen = {
        let before = parse(&inventory::text(hosts, Change::default()));
        let seen = swarm::empty(&before);
        let cluster = work_out(&before, &seen);
        swarm::full(seen, &cluster)
    };
    let inventory = parse(&inventory::text(hosts, change));
    let heard = swarm::open(&work_out(&inventory, &seen)).into();
    timed(rounds, || planned(&inventory, &seen, &heard, &check))
}

fn updated(step: &Step) -> Option<&str> {
    match &step.action {
        Action::UpdateService { name, .. } => Some(name),
        _ => None,
    }
}

fn parse(text: &str) -> Inventory {
    match Inventory::parse(&[Source::new("scale.yml", text)]) {
        Ok(inventory) => inventory,
        Err(errors) => panic!("{}", errors.render()),
    }
}

fn rendered(inventory: &Inventory) -> usize {
    let release = release(inventory, None).expect("a release");
    let topology = Topology::place(inventory, &release, None);
    let files = render::stacks(
        inventory,
        &release,
        &topology,
        &Generations::default(),
        &Sources::shipped(),
    );
    files
        .expect("stack files")
        .iter()
        .map(|file| file.text.len())
        .sum()
}

fn work_out(inventory: &Inventory, seen: &Observed) -> Cluster {
    Cluster::work_out(inventory, Some(seen), &Sources::shipped()).expect("a cluster")
}

fn planned(inventory: &Inventory, seen: &Observed, heard: &Heard, check: impl Fn(&Plan)) -> usize {
    let cluster = work_out(inventory, seen);
    let plan = cluster.plan(inventory, seen, heard);
    assert_eq!(plan.refusals, [], "a plan that may be executed");
    check(&plan);
    plan.steps.len()
}

/// A run shorter than this is repeated: the kernel counts a thread's time in ticks.
const SHORTEST: Duration = Duration::from_millis(100);

fn timed(rounds: usize, job: impl Fn() -> usize) -> (Vec<Duration>, usize) {
    let mut made = 0;
    let times = (0..rounds)
        .map(|_| {
            let start = on_processor();
            for times in 1.. {
                made = job();
                let total = on_processor().saturating_sub(start);
                if total >= SHORTEST {
                    return total / times;
                }
            }
            Duration::ZERO
        })
        .collect();
    (times, made)
}

/// How long this thread has been on a processor. On an idle machine that is the time that goes by;
/// on a busy one it does not count what others do.
fn on_processor() -> Duration {
    let text = fs::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = text.split_whitespace().next().map(str::parse);
    Duration::from_nanos(nanos.expect("a number").expect("nanoseconds"))
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The high-water mark of this process.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB"));
    kib.and_then(|kib| kib.trim().parse::<u64>().ok())
        .expect("VmHWM")
        * 1024
}
