//! Pulsar, which keeps the log of Milvus: brokers, the bookies that store it, and the ZooKeeper
//! that knows where.

pub(crate) mod advice;
pub(crate) mod ask;
mod files;
mod gates;
pub(crate) mod grammar;
mod owned;
pub(crate) mod refuse;
mod zk;
pub(crate) mod zookeeper;

pub use files::FILES;
pub use owned::{KEPT, MAX_MESSAGE, MAX_MESSAGE_KEY, OWNED};

use serde_json::{Value, json};

use super::Plot;
use crate::component::{
    Agreement, Away, Component, Data, FIRST, LAST, Relied, Shape, StackName, Stops,
};
use crate::inventory::Image;
use crate::role::{Duty, Java, Role, Scaling};

/// Where clients of ZooKeeper connect.
pub const ZOOKEEPER_PORT: u16 = 2181;
/// A bookie's own port, part of its identity.
pub const BOOKIE_PORT: u16 = 3181;
/// A bookie's admin port.
pub const BOOKIE_HTTP: u16 = 8000;
/// Where clients of brokers connect.
pub const BROKER_PORT: u16 = 6650;
/// A broker's web service port.
pub const BROKER_HTTP: u16 = 8080;

/// Pulsar's images run as this user from 2.10 on; before, as root, who may write anywhere.
const UID: u32 = 10_000;

/// Pulsar's name for its cluster.
#[must_use]
pub fn cluster_name(cluster: &str) -> String {
    format!("{cluster}-pulsar")
}

/// By minor of Milvus, what the newest chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27).
pub const IMAGES: [(u8, &str); 5] = [
    (2, "apachepulsar/pulsar:2.8.2"),
    (3, "apachepulsar/pulsar:2.8.2"),
    (4, "apachepulsar/pulsar:2.9.5"),
    (5, "apachepulsar/pulsar:3.0.7"),
    (6, "apachepulsar/pulsar:3.0.7"),
];

/// The role of ZooKeeper.
pub const ZOOKEEPERS: Duty = Duty {
    role: Role::Zookeeper,
    is_required: true,
    gone: None,
    beside: Some((Role::Etcd, "ZooKeeper runs")),
    also: &["zk"],
    agreement: Agreement::Majority,
    scaling: Scaling::Members,
    is_heavy: false,
    is_greedy: false,
    java: Some(Java {
        heap: 256 << 20,
        direct: None,
    }),
};

/// The role of bookies.
pub const BOOKIES: Duty = Duty {
    role: Role::Bookie,
    is_required: true,
    gone: None,
    beside: None,
    also: &["bookkeeper"],
    agreement: Agreement::Ensemble,
    scaling: Scaling::Members,
    is_heavy: true,
    is_greedy: false,
    java: Some(Java {
        heap: 1024 << 20,
        direct: Some(2048 << 20),
    }),
};

/// The role of brokers.
pub const BROKERS: Duty = Duty {
    role: Role::Broker,
    is_required: true,
    gone: None,
    beside: None,
    also: &["pulsar"],
    agreement: Agreement::Alone,
    scaling: Scaling::Members,
    is_heavy: false,
    is_greedy: false,
    java: Some(Java {
        heap: 1024 << 20,
        direct: Some(2048 << 20),
    }),
};

/// Where Pulsar keeps its metadata.
pub const ZOOKEEPER: Component = Component {
    name: "zookeeper",
    title: "ZooKeeper",
    one: "ZooKeeper",
    whole: "ZooKeeper",
    role: Role::Zookeeper,
    stack: StackName::Pulsar,
    shape: Shape::Members,
    needs: &[],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 30,
    upgrades_after: &[],
    uid: UID,
    image: Image::Pulsar,
    away: Away {
        all: ("no new ledgers: writes stall", 10),
        several: ("nothing; one member at a time", 10),
        each: ("nothing; one member at a time", 10),
        at_once: false,
    },
    agreement: ZOOKEEPERS.agreement,
    data: Data::Dir("/pulsar/data"),
    listens: &[ZOOKEEPER_PORT],
    publishes: &[],
    secrets: &[],
    relied: Relied::variables(&["ZOOKEEPER_ID"]),
    alias: None,
    keeps: "Pulsar's metadata (topics, ledgers)",
    stops: Stops {
        reads: false,
        writes: false,
    },
    gates: gates::zookeeper,
};

/// Writes the first metadata, once.
pub const INIT: Component = Component {
    name: "pulsar-init",
    title: "Pulsar metadata",
    one: "Pulsar metadata",
    whole: "Pulsar metadata",
    role: Role::Zookeeper,
    stack: StackName::Pulsar,
    shape: Shape::Task,
    needs: &[ZOOKEEPER.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 10,
    upgrades_after: &[],
    uid: UID,
    image: Image::Pulsar,
    away: Away {
        all: ("nothing: it runs once, before anything is written", 10),
        several: ("nothing: it runs once, before anything is written", 10),
        each: ("nothing: it runs once, before anything is written", 10),
        at_once: true,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[],
    publishes: &[],
    secrets: &[],
    relied: Relied::variables(&["INIT_CLUSTER"]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: false,
        writes: false,
    },
    gates: gates::init,
};

/// Where ledgers are stored.
pub const BOOKIE: Component = Component {
    name: "bookie",
    title: "bookies",
    one: "bookie",
    whole: "BookKeeper",
    role: Role::Bookie,
    stack: StackName::Pulsar,
    shape: Shape::Members,
    needs: &[INIT.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
    image: Image::Pulsar,
    away: Away {
        all: ("no writes", 15),
        several: ("writes go to the other bookies", 15),
        each: ("writes go to the other bookies", 15),
        at_once: false,
    },
    agreement: BOOKIES.agreement,
    data: Data::Dir("/pulsar/data"),
    listens: &[BOOKIE_PORT, BOOKIE_HTTP],
    publishes: &[],
    secrets: &[],
    relied: Relied::variables(&[
        "PULSAR_PREFIX_advertisedAddress",
        "PULSAR_PREFIX_zkLedgersRootPath",
        "PULSAR_PREFIX_httpServerEnabled",
        "PULSAR_PREFIX_httpServerPort",
    ]),
    alias: None,
    keeps: "ledgers",
    stops: Stops {
        reads: false,
        writes: false,
    },
    gates: gates::bookies,
};

/// What clients talk to.
pub const BROKER: Component = Component {
    name: "broker",
    title: "brokers",
    one: "broker",
    whole: "brokers",
    role: Role::Broker,
    stack: StackName::Pulsar,
    shape: Shape::Members,
    needs: &[BOOKIE.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
    image: Image::Pulsar,
    away: Away {
        all: ("no writes, and searches wait for the log", 15),
        several: (
            "topics move to another broker: writes stall for some seconds",
            10,
        ),
        each: (
            "topics move to another broker: writes stall for some seconds",
            10,
        ),
        at_once: false,
    },
    agreement: BROKERS.agreement,
    data: Data::None,
    listens: &[BROKER_PORT, BROKER_HTTP],
    publishes: &[],
    secrets: &[],
    relied: Relied::variables(&[
        "PULSAR_PREFIX_advertisedAddress",
        "PULSAR_PREFIX_clusterName",
    ]),
    alias: Some("pulsar"),
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    gates: gates::brokers,
};

/// What templates see of it.
pub(super) fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let (web, brokers) = (
        plot.addresses(&BROKER, BROKER_HTTP),
        plot.addresses(&BROKER, BROKER_PORT),
    );
    let quorum = &plot.inventory.pulsar;
    let ledger = json!({
        "ensemble": quorum.ensemble,
        "write_quorum": quorum.write_quorum,
        "ack_quorum": quorum.ack_quorum,
    });
    vec![
        ("pulsar_cluster", json!(cluster_name(&plot.inventory.name))),
        (
            "zookeepers",
            json!(plot.addresses(&ZOOKEEPER, ZOOKEEPER_PORT)),
        ),
        ("broker_web_url", json!(format!("http://{web}"))),
        ("broker_url", json!(format!("pulsar://{brokers}"))),
        ("ledger", ledger),
    ]
}
