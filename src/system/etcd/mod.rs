//! etcd, which keeps the metadata of Milvus.

mod ask;
mod birth;
pub(crate) mod grammar;
mod lint;
mod owned;

use serde_json::{Value, json};

use super::{Filler, Plot, Runs, STORE, Slot, System, Text};
use crate::component::{Agreement, Away, Component, Data, FIRST, Gates, LAST, Shape, Site, Stops};
use crate::gate::Checks;
use crate::inventory::Image;
use crate::release::{LINES, Line};
use crate::role::{Duty, Role, Scaling};

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "etcd",
    title: IMAGE.title,
    fills: Some(Filler {
        slot: Slot::Metadata,
        choice: None,
    }),
    runs: Some(Runs {
        image: IMAGE,
        stack: STORE,
        services: Text {
            name: "etcd.yml",
            text: include_str!("../../../stacks/etcd.yml"),
        },
    }),
    only_with: None,
    elsewhere: None,
    templates: &[],
    files: &[],
    values,
    secrets: &[],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advisories: &[],
    advice: &[],
    rules_of_data: &[],
    rules_of_images: &[],
};

/// Where clients connect.
pub const PORT: u16 = 2379;
/// Where members connect to each other.
pub const PEERS: u16 = 2380;

/// By line of Milvus, the newest patch of what its chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27):
/// every minor's is of the line 3.5.
pub const IMAGES: [(Line, &str); LINES] = [
    ((2, 2), TAG),
    ((2, 3), TAG),
    ((2, 4), TAG),
    ((2, 5), TAG),
    ((2, 6), TAG),
    ((3, 0), TAG),
];
const TAG: &str = "quay.io/coreos/etcd:v3.5.35";

/// Its image.
pub const IMAGE: Image = Image {
    name: "etcd",
    title: "etcd",
    of: |release| release.of(&IMAGES),
    moved: None,
};

/// Its role.
pub const ROLE: Duty = Duty {
    role: Role::Etcd,
    is_required: true,
    since: None,
    became: None,
    beside: None,
    sized_as: None,
    also: &[],
    agreement: Agreement::Majority,
    scaling: Scaling::Members,
    is_heavy: false,
    is_greedy: false,
    java: None,
};

/// One member per host; more than half of them agree.
pub const ETCD: Component = Component {
    name: "etcd",
    title: "etcd",
    one: "etcd",
    whole: "etcd",
    role: Role::Etcd,
    stack: STORE,
    shape: Shape::Members,
    needs: &[],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 30,
    upgrades_after: &[],
    uid: 0,
    uid_since: None,
    image: IMAGE,
    away: Away {
        all: ("all of Milvus stands still: no etcd member is up", 5),
        several: (
            "nothing; one member at a time, the others keep the quorum",
            5,
        ),
        each: (
            "nothing; one member at a time, the others keep the quorum",
            5,
        ),
        at_once: false,
    },
    agreement: ROLE.agreement,
    data: Data::Dir("/var/lib/etcd"),
    listens: &[PORT, PEERS],
    publishes: &[],
    secrets: &[],
    relied: lint::RELIED,
    alias: None,
    keeps: "Milvus' metadata (collections, segments, users)",
    stops: Stops {
        reads: false,
        writes: false,
    },
    checks: Checks::Members(&[&ask::QUORUM]),
    birth: Some(&birth::BIRTH),
    gates,
};

fn gates(site: &Site<'_>, component: &Component) -> Gates {
    let members = site.members(component).len();
    Gates::one(site.of_members(component, &ask::QUORUM, members))
}

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let initial = plot
        .members(&ETCD)
        .map(|name| format!("{name}=http://{name}:{PEERS}"));
    let initial: Vec<String> = initial.collect();
    let endpoints = plot.members(&ETCD).map(|name| format!("{name}:{PORT}"));
    vec![
        ("etcd_initial_cluster", json!(initial.join(","))),
        ("etcd_endpoints", json!(endpoints.collect::<Vec<_>>())),
        // In base64, as etcd's gateway takes keys.
        ("etcd_birth_key", json!(birth::key(&plot.inventory.name))),
    ]
}
