//! The inventories that laws are tried on: the shipped ones, and generated ones.

use std::fmt::Write as _;

use milvus_swarm::inventory::{LOCAL, PRODUCTION_26, THREE_HOST};

use crate::sim::Random;

pub const fn shipped() -> [&'static str; 3] {
    [LOCAL, THREE_HOST, PRODUCTION_26]
}

/// A valid inventory that a seed stands for: 3 to 12 hosts, roles mixed at will.
pub fn generated(seed: u64) -> String {
    let mut random = Random::new(seed);
    let minor = random.within(2, 6);
    let count = usize::try_from(random.within(4, 12)).expect("small");
    let mut hosts: Vec<String> = (1..=count).map(|n| format!("h{n:02}")).collect();
    random.shuffle(&mut hosts);
    let mut text = format!("name: law{}\nmilvus: \"2.{minor}\"\ngroups:\n", seed % 7);
    let mut group = |roles: &str, hosts: Vec<String>| {
        let _ = writeln!(
            text,
            "  - {{ hosts: [{}], roles: [{roles}] }}",
            hosts.join(", ")
        );
    };
    let bookies = 1 + usize::from(random.coin()) + usize::from(random.coin());
    let minio = if random.coin() { 1 } else { 4 };
    let voters = if random.coin() { 1 } else { 3 };
    let managers = if random.coin() { 1 } else { 3 };
    group("manager", hosts[..managers].to_vec());
    group("etcd", random.some(&hosts, voters));
    group("minio", random.some(&hosts, minio));
    group("bookie", random.some(&hosts, bookies));
    let brokers = 1 + usize::from(random.coin());
    group("broker", random.some(&hosts, brokers));
    let coords = 1 + usize::from(random.coin());
    group("coord", random.some(&hosts, coords));
    let queries = usize::try_from(random.within(1, 4)).expect("small");
    group("query", random.some(&hosts, queries));
    if minor < 6 {
        let indexers = usize::try_from(random.within(1, 3)).expect("small");
        group("index", random.some(&hosts, indexers));
    }
    if random.coin() {
        group("zookeeper", random.some(&hosts, 3));
    }
    if random.coin() {
        group("data", random.some(&hosts, 2));
    }
    let _ = writeln!(
        text,
        "pulsar: {{ ensemble: {0}, write_quorum: {0}, ack_quorum: 1 }}",
        bookies.min(2)
    );
    if random.coin() {
        text.push_str("data: { dir: /mnt/data }\n");
    }
    text
}
