//! End to end: the real program against a real Swarm with the real components, and pymilvus as
//! the user.
//!
//! These tests take the machine for themselves: they run one after another and only when asked
//! for (`make test`; `make soak` for those called `soak_`), and they use the lab's private engines,
//! never the user's own.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run programs and read files"
)]

mod balanced;
mod birth;
mod channels;
mod client;
mod cluster;
mod from_a_host;
mod given;
mod given_up;
mod lost_host;
mod lost_session;
mod midway;
mod moved;
mod newest_engine;
mod on_s3;
mod otherwise;
mod overheard;
mod passwords;
mod reviewed;
mod same_as_docker;
mod sampled;
mod scale;
mod secrets;
mod shuffled;
mod spread;
mod two_operators;

use std::time::Instant;

use cluster::{Cluster, one_at_a_time};
use midway::up_killed_at;
use milvus_swarm_lab::{Release, UpOptions};

/// Three hosts that do everything: up, search, status, up again, killed in every tier, a plan that
/// is agreed on first, other inventories, down.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn three_hosts() {
    let _turn = one_at_a_time("three_hosts");
    let mut cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);

    killed_in_every_tier(&cluster);
    overheard::never_is_the_password(&cluster, |cluster| {
        cluster.up();
        cluster.assert_healthy();
        cluster.must(&["plan"]);
        cluster.must(&["credentials"]);
    });
    cluster.assert_nothing_doubled();

    cluster.load();
    channels::have_their_names(&cluster);
    let before = cluster.tasks();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(
        before,
        cluster.tasks(),
        "`up` with nothing to do touched a task"
    );
    secrets::strangers_are_noticed(&cluster);
    from_a_host::nobody_reaches_but(&cluster, &from_a_host::OF_PROXIES);
    lost_session::of_a_standby(&cluster);
    reviewed::then_carried_out(&mut cluster);
    // Each is worth minutes.
    sampled::from_any_to_any(&cluster, scale::wanted_rounds().div_ceil(2));
    cluster.check();
    passwords::of_root(&cluster);
    passwords::of_minio(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// Kills `up` while it waits for each tier in turn, and goes on with it each time. A tier is not
/// there before the one that it needs is ready, so each run gets to the next.
fn killed_in_every_tier(cluster: &Cluster) {
    /// The run after this one finds the lock of a dead holder; for the others it is removed,
    /// which saves them ten seconds of looking.
    const TAKEN_OVER: &str = "bookie";
    let mut locked = false;
    for tier in [
        "etcd",
        "pulsar-init",
        "bookie",
        "broker",
        "rootcoord",
        "proxy",
    ] {
        let said = up_killed_at(cluster, tier);
        assert_eq!(said.contains("taking its lock over"), locked, "{said}");
        locked = tier == TAKEN_OVER;
        if !locked {
            cluster.must(&["unlock", "--yes", "--force"]);
        }
    }
}

/// Stacks deployed by hand and taken over, and the other way round, with balancers before the proxies.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn three_hosts_by_docker() {
    let _turn = one_at_a_time("three_hosts_by_docker");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    balanced::on_managers(&cluster);
    same_as_docker::either_way(&cluster);
    balanced::stand_in_for_proxies(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// Data in directories, a mistake in the configuration, another release.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn three_hosts_otherwise() {
    let _turn = one_at_a_time("three_hosts_otherwise");
    let mut cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    on_s3::keeps_its_objects_there(&mut cluster);
    given_up::an_absent_image(&mut cluster);
    otherwise::are_made(&mut cluster);
    otherwise::older_milvus(&mut cluster);
    cluster.assert_gone();
}

/// Balancers take the port of proxies over, and give it back. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_balanced() {
    let _turn = one_at_a_time("soak_balanced");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    balanced::for_a_while(&cluster);
    cluster.assert_gone();
}

/// A cluster of the version before this one, brought over with its data.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_brought_over() {
    let _turn = one_at_a_time("soak_brought_over");
    let mut cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    otherwise::brought_over(&mut cluster);
    cluster.assert_gone();
}

/// All coordinators in one process, and back. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_one_coordinator() {
    let _turn = one_at_a_time("soak_one_coordinator");
    let mut cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    otherwise::coordinators_in_one(&mut cluster);
    cluster.assert_gone();
}

/// Milvus becomes another user of MinIO. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_another_user() {
    let _turn = one_at_a_time("soak_another_user");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    cluster.up();
    cluster.load();
    passwords::of_minio_while_used(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// Pulsar before 2.10, which is root, becomes one that is not. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_given_volumes() {
    let _turn = one_at_a_time("soak_given_volumes");
    let hosts = UpOptions {
        images: vec![given::IMAGE],
        ..UpOptions::new(3)
    };
    let mut cluster = Cluster::on(&hosts, &["inventory/three-host.yml", "inventory/lab.yml"]);
    given::to_the_user_of_the_image(&mut cluster);
    cluster.assert_gone();
}

/// The host whose root coordinator leads loses its power. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_lost_host() {
    let _turn = one_at_a_time("soak_lost_host");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    cluster.up();
    lost_host::of_leading_coordinators(&cluster);
    cluster.down_with_data();
}

/// etcd's volumes are emptied. What was measured: docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_birth() {
    let _turn = one_at_a_time("soak_birth");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    cluster.up();
    birth::of_an_emptied_etcd(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// etcd is away for longer than any lease while users search and insert. What was measured:
/// docs/tested.md.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_lost_sessions() {
    let _turn = one_at_a_time("soak_lost_sessions");
    let cluster = Cluster::fresh(3, &["inventory/three-host.yml", "inventory/lab.yml"]);
    cluster.up();
    lost_session::of_all(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// The production topology: up, search, status, scale with searches running, down, hosts
/// shuffled, up again on the data that was kept.
#[test]
#[ignore = "takes the lab: `make test` runs it"]
fn twenty_six_hosts() {
    let _turn = one_at_a_time("twenty_six_hosts");
    let mut cluster = Cluster::fresh(26, &["inventory/production-26.yml", "inventory/lab.yml"]);
    cluster.overlay("segments.yml", scale::SEGMENTS_STAY);
    let start = Instant::now();
    cluster.up();
    println!("26 hosts: `up` took {:.1}s", start.elapsed().as_secs_f64());
    assert_eq!(
        cluster.failed_tasks(),
        Vec::<String>::new(),
        "no task may fail on the way up"
    );
    cluster.assert_healthy();

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

    secrets::are_kept(&cluster);
    cluster.load_in(scale::SEGMENTS);
    scale::rounds(&cluster, scale::wanted_rounds());
    scale::other_roles(&cluster);
    moved::to_another_host(&cluster);
    scale::all_lead(&cluster);

    shuffled::back_on_its_data(&cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

/// The newest Docker, which is built from source where it is not in the cache yet.
#[test]
#[ignore = "takes the lab: `make soak` runs it"]
fn soak_newest_engine() {
    let _turn = one_at_a_time("soak_newest_engine");
    let hosts = UpOptions {
        engine: Release::NEWEST,
        ..UpOptions::new(3)
    };
    let cluster = Cluster::on(&hosts, &["inventory/three-host.yml", "inventory/lab.yml"]);
    newest_engine::carries_a_cluster(&cluster);
}
