//! End to end: the real program against a real Swarm with the real components, and pymilvus as
//! the user.
//!
//! These tests take the machine for themselves: they run one after another and only when asked
//! for (`make test`), and they use the lab's private engines, never the user's own.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs and read files"
)]

mod client;
mod cluster;
mod scale;
mod shuffled;

use std::time::Instant;

use cluster::{Cluster, one_at_a_time};

/// Three hosts that do everything: up, search, status, up again, killed in every tier, down.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn three_hosts() {
    let _turn = one_at_a_time();
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);

    // Killed in the middle of each tier, and gone on with each time.
    for seconds in [2, 6, 12, 20] {
        cluster.up_killed_after(seconds);
    }
    cluster.up();
    assert_eq!(cluster.status()["healthy"], true);
    cluster.assert_nothing_doubled();

    cluster.load();
    let before = cluster.tasks();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(
        before,
        cluster.tasks(),
        "`up` with nothing to do touched a task"
    );
    cluster.check();
    cluster.down_with_data();
    cluster.assert_gone();
}

/// The production topology: up, search, status, scale with searches running, down, hosts
/// shuffled, up again on the data that was kept.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn twenty_six_hosts() {
    let _turn = one_at_a_time();
    let cluster = Cluster::fresh(26, &["inventory/production-26.yml", "inventory/lab.yml"]);
    let start = Instant::now();
    cluster.up();
    println!("26 hosts: `up` took {:.1}s", start.elapsed().as_secs_f64());
    assert_eq!(
        cluster.failed_tasks(),
        Vec::<String>::new(),
        "no task may fail on the way up"
    );
    assert_eq!(cluster.status()["healthy"], true);

    let before = cluster.tasks();
    let start = Instant::now();
    let again = cluster.up();
    println!(
        "26 hosts: `up` with nothing to do took {:.2}s",
        start.elapsed().as_secs_f64()
    );
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(
        before,
        cluster.tasks(),
        "`up` with nothing to do touched a task"
    );

    cluster.load();
    scale::rounds(&cluster, scale::wanted_rounds());

    shuffled::back_on_its_data(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}
