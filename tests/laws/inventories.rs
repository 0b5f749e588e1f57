//! The inventories that laws are tried on: the shipped ones, and generated ones.

use std::fmt::Write as _;

use milvus_swarm::inventory::{Inventory, LOCAL, PRODUCTION_26, THREE_HOST};
use milvus_swarm::release::{self, Line};
use milvus_swarm::role::Role;

use crate::sim::Random;

pub const fn shipped() -> [&'static str; 3] {
    [LOCAL, THREE_HOST, PRODUCTION_26]
}

/// A valid inventory that a seed stands for: 3 to 12 hosts, roles mixed at will.
pub fn generated(seed: u64) -> String {
    drawn(&mut Random::new(seed), &mut Random::new(!seed), seed)
}

/// Two valid inventories of one cluster: members stay where they are, all else moves at will.
pub fn generated_pair(seed: u64) -> [String; 2] {
    let of = |moving| drawn(&mut Random::new(seed), &mut Random::new(moving), seed);
    [of(seed.wrapping_mul(31) + 1), of(seed.wrapping_mul(37) + 2)]
}

fn drawn(random: &mut Random, moving: &mut Random, seed: u64) -> String {
    let lines: Vec<Line> = release::known().map(|known| known.line).collect();
    let drawn = random.within(0, lines.len() as u64 - 1);
    let line = lines[usize::try_from(drawn).expect("small")];
    let accepted = if line < (2, 4) {
        "accept: CVE-2025-64513\n"
    } else {
        ""
    };
    let count = usize::try_from(random.within(4, 12)).expect("small");
    let mut hosts: Vec<String> = (1..=count).map(|n| format!("h{n:02}")).collect();
    random.shuffle(&mut hosts);
    let mut text = format!(
        "name: law{}\nmilvus: \"{}\"\n{accepted}groups:\n",
        seed % 7,
        release::show(line)
    );
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
    if line >= (3, 0) && seed.is_multiple_of(4) && (bookies < 3 || seed.is_multiple_of(8)) {
        let mut servers = Random::new(seed ^ 0x600d);
        let count = 3 + usize::from(servers.coin());
        group("woodpecker", servers.some(&hosts, count));
    }
    let brokers = 1 + usize::from(random.coin());
    group("broker", random.some(&hosts, brokers));
    let zookeepers = random.coin().then(|| random.some(&hosts, 3));
    let coords = 1 + usize::from(moving.coin());
    group("coord", moving.some(&hosts, coords));
    let queries = usize::try_from(moving.within(1, 4)).expect("small");
    group("query", moving.some(&hosts, queries));
    // From 2.6 on they may be there: their hosts run data nodes.
    if line < (2, 6) || moving.coin() {
        let indexers = usize::try_from(moving.within(1, 3)).expect("small");
        group("index", moving.some(&hosts, indexers));
    }
    if let Some(zookeepers) = zookeepers {
        group("zookeeper", zookeepers);
    }
    if moving.coin() {
        group("data", moving.some(&hosts, 2));
    }
    if moving.coin() {
        group("proxy", moving.some(&hosts, 2));
    }
    // With one, proxies publish nothing; from one day to the next there may be another, or none.
    if seed % 5 < 2 {
        let mut balancers = Random::new(moving.within(0, 1 << 40));
        let count = usize::try_from(balancers.within(0, 2)).expect("small");
        if count > 0 {
            group("balancer", balancers.some(&hosts, count));
        }
    }
    if line >= (2, 6) && moving.coin() {
        let streams = moving.some(&hosts, 2);
        group("streaming", streams);
    }
    let _ = writeln!(
        text,
        "pulsar: {{ ensemble: {0}, write_quorum: {0}, ack_quorum: 1 }}",
        bookies.min(2)
    );
    // Objects are elsewhere for some; the role `minio` is left where it was given.
    if seed % 6 == 4 {
        text.push_str(STORAGE);
    }
    // So is the log for some, inside Milvus; the roles of its parts are left as well.
    if line >= (2, 6) && seed % 4 == 2 {
        text.push_str(LOG);
    }
    // And for some in servers of Woodpecker, on hosts of the role or, where nobody has it, of `bookie`.
    if line >= (3, 0) && seed.is_multiple_of(4) {
        text.push_str(SERVICE);
    }
    // Objects are asked for from outside, on the hosts that keep them or through balancers.
    if seed % 5 == 1 {
        text.push_str("publish: { minio: 9000 }\n");
    }
    if random.coin() {
        text.push_str("data: { dir: /mnt/data }\n");
    }
    if moving.coin() {
        text.push_str("config: { common: { retentionDuration: 86400 } }\n");
    }
    text
}

/// Objects in a store that is there already.
pub const STORAGE: &str = "storage: { s3: { endpoint: s3.example.com, bucket: vectors, \
                           access_key: { file: access }, secret_key: { file: secret } } }\n";

/// The log inside Milvus.
pub const LOG: &str = "log: { woodpecker: {} }\n";

/// The log in servers of Woodpecker.
pub const SERVICE: &str = "log: { woodpecker_service: {} }\n";

/// The same with another number of tasks of a role.
pub fn with_replicas(inventory: &Inventory, role: Role, replicas: u64) -> Inventory {
    let mut other = inventory.clone();
    other.roles.get_mut(&role).expect("settings").replicas = replicas;
    other
}
