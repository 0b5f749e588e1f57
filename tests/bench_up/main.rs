//! Three ways of bringing up the same 26 hosts, side by side in one run: the rendered files
//! posted all at once with `docker stack deploy`, tier by tier with `docker stack deploy`, and
//! `milvus-swarm up`. One poller, which belongs to none of them, stops the clock.
//!
//! `make bench-up` runs it; `MILVUS_SWARM_BENCH_ROUNDS` is the number of rounds (3).

mod bench;
mod busy;
mod deploy;
mod gates;
mod idle;
mod path;
mod process;
mod report;
mod run;
mod watch;

use bench::Bench;
use idle::Idle;
use run::{Run, Variant};

const HOSTS: u8 = 26;
const ROUNDS: usize = 3;

fn wanted_rounds() -> usize {
    std::env::var("MILVUS_SWARM_BENCH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// Reads every image into the page cache, and is where the small numbers are taken.
fn warm_up(bench: &Bench) -> Option<Idle> {
    println!("warming up with one `milvus-swarm up` that does not count");
    let warm = Run::measure(bench, Variant::Tool);
    println!("warm-up: {warm}");
    let idle = warm.took.is_ok().then(|| Idle::measure(bench));
    bench.tear_down();
    idle
}

#[test]
#[ignore = "takes the lab: `make bench-up` runs it"]
fn three_ways_up() {
    let rounds = wanted_rounds();
    let mut bench = Bench::fresh(HOSTS);
    let idle = warm_up(&bench);

    let mut runs = Vec::new();
    for round in 0..rounds {
        // Each round starts with another one, so that none always has the same neighbours.
        for turn in 0..Variant::ALL.len() {
            let variant = Variant::ALL[(round + turn) % Variant::ALL.len()];
            let run = Run::measure(&bench, variant);
            println!("round {} of {rounds}, {run}", round + 1);
            if run.took.is_ok() {
                bench.tear_down();
            } else {
                // Processes of Milvus that wait for one another hear no signal: what did not come
                // up does not go away either before its grace is over.
                bench = Bench::fresh(HOSTS);
                warm_up(&bench);
            }
            runs.push(run);
        }
    }

    report::print(&bench, &runs, idle.as_ref());
    let failed: Vec<&String> = runs
        .iter()
        .filter(|run| run.variant == Variant::Tool)
        .flat_map(|run| &run.failed_tasks)
        .collect();
    assert!(failed.is_empty(), "`up` had failed tasks: {failed:?}");
}
