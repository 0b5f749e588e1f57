//! The laws of the in-memory Swarm (`tests/laws/moves.rs`) sampled on a real one: from any
//! inventory of a cluster to any other, one `up` does it, also after a kill on the way, and no
//! member moves.

use std::fs;
use std::process::Output;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{RngExt as _, SeedableRng as _};

use crate::cluster::Cluster;
use crate::midway::up_killed_after;
use crate::shuffled::members;

const HOSTS: [&str; 3] = ["node01", "node02", "node03"];

/// Goes from inventory to inventory, twice to each: every first time is killed on the way.
pub fn from_any_to_any(cluster: &Cluster, rounds: u32) {
    let file = &cluster.files[0];
    let shipped = fs::read_to_string(file).expect("the inventory is there");
    let (_, sizes) = shipped.split_once("\nroles:").expect("it has sizes");
    let at_first = members(cluster);
    for seed in 0..rounds {
        let mut random = StdRng::seed_from_u64(seed.into());
        for is_killed in [true, false] {
            let text = format!("{}roles:{sizes}", drawn(&mut random));
            println!("inventory of seed {seed}:\n{text}");
            fs::write(file, &text).expect("the inventory can be written");
            if is_killed {
                let after = Duration::from_millis(random.random_range(200..8_000));
                println!("killed after {after:?}");
                up_killed_after(cluster, after);
                settled_under_the_lock(cluster);
            }
            let said = cluster.up();
            let plan = cluster.must(&["plan"]);
            assert!(plan.contains("nothing to do"), "left over:\n{plan}\n{said}");
            assert_eq!(at_first, members(cluster), "a member moved:\n{said}");
            cluster.assert_healthy();
        }
    }
    fs::write(file, shipped).expect("the inventory can be written");
    cluster.up();
}

/// An inventory whose members stay, in any order, and whose Milvus roles go anywhere.
fn drawn(random: &mut StdRng) -> String {
    let mut all = HOSTS;
    all.shuffle(random);
    let mut some = |from: &[&str], most: usize| {
        let count = random.random_range(1..=most);
        let hosts: Vec<&str> = from.sample(random, count).copied().collect();
        hosts.join(", ")
    };
    let mut groups = [
        format!(
            "[{}], roles: [manager, etcd, minio, bookie]",
            all.join(", ")
        ),
        "[node01, node02], roles: [broker]".to_owned(),
        format!("[{}], roles: [coord]", some(&HOSTS, 2)),
        format!("[{}], roles: [query]", some(&HOSTS, 3)),
        format!("[{}], roles: [index]", some(&HOSTS, 3)),
        format!("[{}], roles: [data]", some(&HOSTS, 3)),
        // The client's proxy is on the first host.
        format!("[node01, {}], roles: [proxy]", some(&HOSTS[1..], 1)),
    ];
    groups.shuffle(random);
    let groups: String = groups
        .iter()
        .map(|group| format!("  - {{ hosts: {group} }}\n"))
        .collect();
    format!("name: milvus\ngroups:\n{groups}")
}

/// The lock of a run that was killed is looked at for ten seconds. If Swarm went on meanwhile, so
/// that the plan is another one, `up` says to run it again.
fn settled_under_the_lock(cluster: &Cluster) {
    let Output { status, stderr, .. } = cluster.run(&["up", "--yes"]);
    let said = String::from_utf8_lossy(&stderr);
    assert!(matches!(status.code(), Some(0 | 7)), "{status}\n{said}");
}
