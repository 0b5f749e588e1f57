//! Pulsar, which keeps the log of Milvus: brokers, the bookies that store it, and the ZooKeeper
//! that knows where.

pub(crate) mod advice;
mod ask;
mod birth;
mod files;
mod gates;
pub(crate) mod grammar;
mod owned;
pub(crate) mod refuse;
mod zk;
mod zookeeper;

pub use owned::{MAX_MESSAGE, MAX_MESSAGE_KEY};

use serde_json::{Value, json};

use super::{Filler, Plot, Runs, Slot, Striping, System, Text};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, LAST, Relied, Shape, Stack, Stops,
};
use crate::gate::Checks;
use crate::inventory::Image;
use crate::release::{LINES, Line};
use crate::role::{Duty, Java, Role, Scaling};

/// Its stack file.
const STACK: Stack = Stack {
    name: "pulsar",
    about: "Pulsar, the log of Milvus: ZooKeeper, BookKeeper and brokers.",
};

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "pulsar",
    title: IMAGE.title,
    fills: Some(Filler {
        slot: Slot::Log,
        choice: None,
    }),
    runs: Some(Runs {
        image: IMAGE,
        stack: STACK,
        services: Text {
            name: "pulsar.yml",
            text: include_str!("../../../stacks/pulsar.yml"),
        },
    }),
    only_with: None,
    elsewhere: None,
    templates: &[],
    files: files::FILES,
    values,
    secrets: &[],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advisories: &[],
    advice: &[advice::few_buffers],
    rules_of_data: &[],
    rules_of_images: &[refuse::MAJOR],
};

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

/// Pulsar's images run as this user from 2.10 on (apache/pulsar, docker/README.md); before, as root,
/// who may write anywhere.
const UID: u32 = 10_000;
const OWN_USER: (u32, u32) = (2, 10);

/// From this line of Milvus on it sends all that its brokers take.
const WHOLE_MESSAGES: Line = (2, 5);

/// Pulsar's name for its cluster.
#[must_use]
pub fn cluster_name(cluster: &str) -> String {
    format!("{cluster}-pulsar")
}

/// By line of Milvus, what the newest chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27).
pub const IMAGES: [(Line, &str); LINES] = [
    ((2, 2), "apachepulsar/pulsar:2.8.2"),
    ((2, 3), "apachepulsar/pulsar:2.8.2"),
    ((2, 4), "apachepulsar/pulsar:2.9.5"),
    ((2, 5), "apachepulsar/pulsar:3.0.7"),
    ((2, 6), "apachepulsar/pulsar:3.0.7"),
    ((3, 0), "apachepulsar/pulsar:3.0.7"),
];

/// Its image: of all its parts.
pub const IMAGE: Image = Image {
    name: "pulsar",
    title: "Pulsar",
    of: |release| release.of(&IMAGES),
    moved: None,
};

/// The role of ZooKeeper.
pub const ZOOKEEPERS: Duty = Duty {
    role: Role::Zookeeper,
    is_required: true,
    since: None,
    became: None,
    beside: Some((Role::Etcd, "ZooKeeper runs")),
    sized_as: None,
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
    since: None,
    became: None,
    beside: None,
    sized_as: None,
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
    since: None,
    became: None,
    beside: None,
    sized_as: None,
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
    stack: STACK,
    shape: Shape::Members,
    needs: &[],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 30,
    upgrades_after: &[],
    uid: UID,
    uid_since: Some(OWN_USER),
    image: IMAGE,
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
    checks: Checks::Members(&[&zookeeper::QUORUM]),
    birth: None,
    gates: gates::zookeeper,
};

/// Writes the first metadata, once.
pub const INIT: Component = Component {
    name: "pulsar-init",
    title: "Pulsar metadata",
    one: "Pulsar metadata",
    whole: "Pulsar metadata",
    role: Role::Zookeeper,
    stack: STACK,
    shape: Shape::Task,
    needs: &[ZOOKEEPER.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 10,
    upgrades_after: &[],
    uid: UID,
    uid_since: Some(OWN_USER),
    image: IMAGE,
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
    checks: Checks::Tasks(&[&ask::METADATA]),
    birth: Some(&birth::BIRTH),
    gates: gates::init,
};

/// Where ledgers are stored.
pub const BOOKIE: Component = Component {
    name: "bookie",
    title: "bookies",
    one: "bookie",
    whole: "BookKeeper",
    role: Role::Bookie,
    stack: STACK,
    shape: Shape::Members,
    needs: &[INIT.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
    uid_since: Some(OWN_USER),
    image: IMAGE,
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
    checks: Checks::Members(&[&ask::WRITABLE]),
    birth: None,
    gates: gates::bookies,
};

/// What clients talk to.
pub const BROKER: Component = Component {
    name: "broker",
    title: "brokers",
    one: "broker",
    whole: "brokers",
    role: Role::Broker,
    stack: STACK,
    shape: Shape::Members,
    needs: &[BOOKIE.name],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 50,
    upgrades_after: &[],
    uid: UID,
    uid_since: Some(OWN_USER),
    image: IMAGE,
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
    checks: Checks::Members(&[&ask::HEALTHY]),
    birth: None,
    gates: gates::brokers,
};

/// Entries of ledgers go to as many bookies as the inventory says.
pub(super) const STRIPING: Striping = Striping {
    role: Role::Bookie,
    one: "ledger",
    all: "ledgers",
    of: |inventory| inventory.pulsar,
    setting: &["pulsar", "ensemble"],
    most: Some,
    emptied: "first let the others copy its ledgers (docs/refusals.md)",
    restored: "until it is copied again",
};

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
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
    let log = json!({
        "type": SYSTEM.name,
        "settings": {
            "address": BROKER.alias,
            "port": BROKER_PORT,
            "webport": BROKER_HTTP,
            // As the chart of each minor (milvus-helm, config.tpl).
            "maxMessageSize": if plot.release.line >= WHOLE_MESSAGES { MAX_MESSAGE } else { 5_242_880 },
        },
    });
    let servers = plot.topology.members(ZOOKEEPER.name).iter();
    let servers = servers.map(|member| json!({ "id": member.ordinal + 1, "name": member.name }));
    vec![
        ("zookeeper_members", servers.collect()),
        ("pulsar_cluster", json!(cluster_name(&plot.inventory.name))),
        (
            "zookeepers",
            json!(plot.addresses(&ZOOKEEPER, ZOOKEEPER_PORT)),
        ),
        ("broker_web_url", json!(format!("http://{web}"))),
        ("broker_url", json!(format!("pulsar://{brokers}"))),
        ("ledger", ledger),
        ("log", log),
    ]
}
