//! Woodpecker, the log in place of Pulsar: inside Milvus' own processes, or as servers beside them.
//!
//! Embedded it has no process, port, volume or credential of its own (milvus 2.6 and 3.0:
//! `pkg/streaming/walimpls/impls/wp/builder.go`, `NewEmbedClient`): its objects are below `wp` in the root
//! path of the store, asked for with the settings and keys of `minio`.
//!
//! As a service (3.0: the same file, `NewClient`) what is written goes to some of the servers, each of which
//! keeps it in its volume until a whole segment is in the store; etcd knows which servers have which
//! segment. The servers ask the store with Milvus' keys, and nothing of etcd.

mod advice;
mod ask;
pub(crate) mod grammar;
mod lint;
mod owned;
mod refuse;

use serde_json::{Value, json};

use super::etcd::ETCD;
use super::minio::MINIO;
use super::{Choice, Filler, Filling, Plot, Runs, Slot, Striping, System, Text};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, File, Gates, LAST, Shape, Site, Stack, Stops,
};
use crate::gate::Checks;
use crate::inventory::{Image, Inventory, PulsarQuorum};
use crate::role::{Duty, Role, Scaling};

/// As Milvus calls it too (milvus: `internal/util/dependency/factory.go`, `mqTypeWoodpecker`).
const TYPE: &str = "woodpecker";

/// Inside Milvus.
pub(super) const EMBEDDED: System = System {
    name: "woodpecker-embedded",
    title: "Woodpecker",
    fills: Some(Filler {
        slot: Slot::Log,
        choice: Some(Choice {
            key: grammar::EMBEDDED,
            check: |_| Vec::new(),
            // Where its objects are is remembered with the store. Labels that are there say it so.
            identity: |_| TYPE.to_owned(),
            needs: &[ETCD.name, MINIO.name],
            demands: &[(Slot::Storage, super::CONDITIONS)],
            asks: &[],
            hangs_on: &[(MINIO.name, "no writes: the log is there too")],
        }),
    }),
    runs: None,
    only_with: None,
    elsewhere: None,
    templates: &[],
    files: &[],
    values: |_| {
        let log = json!({ "type": TYPE, "settings": { "storage": { "type": "minio" } } });
        vec![("log", log)]
    },
    secrets: &[],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advice: &[],
    rules_of_data: &[refuse::EARLY],
    rules_of_images: &[],
    advisories: &[],
};

/// Its stack file.
const STACK: Stack = Stack {
    name: "woodpecker",
    about: "Woodpecker, the log of Milvus, as servers of their own.",
};

/// Beside Milvus.
pub(super) const SERVICE: System = System {
    name: "woodpecker-service",
    title: IMAGE.title,
    fills: Some(Filler {
        slot: Slot::Log,
        choice: Some(Choice {
            key: grammar::SERVICE,
            check: grammar::check,
            identity: |_| SERVICE.name.to_owned(),
            needs: &[],
            demands: &[],
            asks: &[Slot::Storage],
            hangs_on: &[],
        }),
    }),
    runs: Some(Runs {
        image: IMAGE,
        stack: STACK,
        services: Text {
            name: "woodpecker.yml",
            text: include_str!("../../../stacks/woodpecker.yml"),
        },
    }),
    only_with: None,
    elsewhere: None,
    templates: &[],
    files: &[File {
        template: Text {
            name: "logstore.yaml",
            text: include_str!("../../../templates/woodpecker/logstore.yaml"),
        },
        key: "logstore-yaml",
        variable: "logstore_yaml",
        // Upstream's script makes one with keys from the environment where there is none (woodpecker:
        // `build/docker/scripts/start-woodpecker.sh`).
        target: "/woodpecker/configs/woodpecker.yaml",
        is_templated: true,
        is_of: |_, _| true,
    }],
    values,
    secrets: &[],
    owned: &[],
    kept: &[],
    advice: &[advice::NONE_TO_SPARE, advice::UNREAD],
    rules_of_data: &[refuse::NO_SERVICE],
    rules_of_images: &[refuse::IMAGE],
    advisories: &[],
};

/// Where Milvus connects.
const PORT: u16 = 18080;
/// Where servers tell each other who is there, over TCP and UDP.
const GOSSIP: u16 = 17946;
/// Where a server tells how it is (woodpecker: `common/http/server.go`, `DefaultListenPort`).
const ADMIN: u16 = 9091;

/// What upstream's guide to 3.0 installs (milvus.io/docs/install_cluster-helm.md of 3.0.3, which wants 0.1.46
/// or later; repository: milvus-helm 5.0.19, `charts/milvus/values.yaml`, `woodpecker.image`).
pub const IMAGE: Image = Image {
    name: "woodpecker",
    title: "Woodpecker",
    of: |_| "milvusdb/woodpecker:v0.1.46".to_owned(),
    moved: None,
};

/// The role of its servers.
pub const SERVERS: Duty = Duty {
    role: Role::Woodpecker,
    is_required: true,
    since: None,
    became: None,
    beside: Some((Role::Bookie, "Woodpecker runs")),
    sized_as: None,
    also: &[],
    agreement: Agreement::Ensemble,
    scaling: Scaling::Members,
    is_heavy: true,
    is_greedy: false,
    java: None,
};

/// Where the log is stored until it is in the store.
pub const SERVER: Component = Component {
    name: "woodpecker",
    title: "Woodpecker servers",
    one: "Woodpecker server",
    whole: "Woodpecker",
    role: Role::Woodpecker,
    stack: STACK,
    shape: Shape::Members,
    needs: &[ETCD.name, MINIO.name],
    milvus: None,
    // `refuse::NO_SERVICE` tells of a Milvus that can't use them.
    releases: (FIRST, LAST),
    // It ends itself after 35 s (woodpecker: `cmd/main.go`, `shutdownTimeout`).
    grace: 45,
    upgrades_after: &[],
    uid: 0,
    uid_since: None,
    image: IMAGE,
    away: Away {
        all: ("no writes, and searches wait for the log", 15),
        several: (
            "no writes where fewer servers are left than each entry is written to",
            15,
        ),
        each: (
            "writes go to the other servers, or wait where none is to spare",
            15,
        ),
        at_once: false,
    },
    agreement: SERVERS.agreement,
    data: Data::Dir("/woodpecker/data"),
    listens: &[PORT, GOSSIP, ADMIN],
    publishes: &[],
    secrets: &[],
    relied: lint::RELIED,
    alias: None,
    keeps: "segments of the log",
    stops: Stops {
        reads: false,
        writes: false,
    },
    checks: Checks::Members(&[&ask::JOINED]),
    birth: None,
    gates,
};

/// Milvus begins where each entry has servers enough; the others join while it does.
fn gates(site: &Site<'_>, component: &Component) -> Gates {
    let count = site.members(component).len();
    let servers = |at_least| site.of_members(component, &ask::JOINED, at_least);
    Gates::of(servers, site.ensemble.min(count), count)
}

fn filling(inventory: &Inventory) -> Option<&Filling> {
    let filling = inventory.fillers.get(&Slot::Log)?;
    (filling.system == SERVICE.name).then_some(filling)
}

/// A segment begins on as many servers as it has copies, and more than half of them confirm each entry
/// (woodpecker: `woodpecker/quorum/discovery.go`, `SelectQuorum`; `common/config/configuration.go`,
/// `GetAckQuorumSize`).
pub(super) const STRIPING: Striping = Striping {
    role: Role::Woodpecker,
    one: "segment",
    all: "segments",
    of: |inventory| {
        let copies = copies(inventory);
        PulsarQuorum {
            ensemble: copies,
            write_quorum: copies,
            ack_quorum: copies / 2 + 1,
        }
    },
    setting: &["log", "woodpecker_service", "copies"],
    most: |servers| (servers >= grammar::FEWEST).then_some(grammar::FEWEST),
    emptied: "first have it emptied (docs/refusals.md)",
    // Servers copy nothing among themselves.
    restored: "until they are in the store",
};

/// How many servers each entry is written to.
fn copies(inventory: &Inventory) -> u64 {
    let said = filling(inventory).and_then(|filling| filling.settings.get(grammar::COPIES));
    let copies = said.and_then(|said| said.parse().ok());
    copies.unwrap_or(grammar::FEWEST)
}

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let seeds = |port: u16| {
        plot.members(&SERVER)
            .map(move |name| format!("{name}:{port}"))
    };
    // Milvus wants text in which JSON stands (milvus 3.0: `builder.go`, `setQuorumConfig`).
    let pools = json!([{ "name": "default", "seeds": seeds(PORT).collect::<Vec<_>>() }]);
    let log = json!({
        "type": TYPE,
        "settings": {
            "storage": { "type": "service" },
            "client": { "quorum": {
                "quorumBufferPools": pools.to_string(),
                "quorumSelectStrategy": { "replicas": copies(plot.inventory) },
            } },
        },
    });
    vec![
        ("log", log),
        ("woodpecker_pools", pools),
        (
            "woodpecker_seeds",
            json!(seeds(GOSSIP).collect::<Vec<_>>().join(",")),
        ),
    ]
}
