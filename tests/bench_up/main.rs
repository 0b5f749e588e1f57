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
use run::{Run, Variant};

const ROUNDS: usize = 3;

fn wanted_rounds() -> usize {
    std::env::var("MILVUS_SWARM_BENCH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

#[test]
#[ignore = "takes the lab: `make bench-up` runs it"]
fn three_ways_up() {
    let rounds = wanted_rounds();
    let bench = Bench::fresh(26);

    // Reads every image into the page cache, and is where the small numbers are taken.
    println!("warming up with one `milvus-swarm up` that does not count");
    let warm = Run::measure(&bench, Variant::Tool);
    println!("warm-up: {warm}");
    let idle = warm.took.is_ok().then(|| idle::Idle::measure(&bench));
    bench.tear_down();

    let mut runs = Vec::new();
    for round in 0..rounds {
        // Each round starts with another one, so that none always has the same neighbours.
        for turn in 0..Variant::ALL.len() {
            let variant = Variant::ALL[(round + turn) % Variant::ALL.len()];
            let run = Run::measure(&bench, variant);
            println!("round {} of {rounds}, {run}", round + 1);
            runs.push(run);
            bench.tear_down();
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
