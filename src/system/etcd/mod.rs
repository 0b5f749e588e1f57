//! etcd, which keeps the metadata of Milvus.

pub(crate) mod ask;
pub(crate) mod grammar;
mod lint;
mod owned;

pub use owned::{KEPT, OWNED};

use serde_json::{Value, json};

use super::Plot;
use crate::component::{
    Agreement, Away, Component, Data, FIRST, Gates, LAST, Shape, Site, StackName, Stops,
};
use crate::gate::Gate;
use crate::inventory::Image;
use crate::role::{Duty, Role, Scaling};

/// Where clients connect.
pub const PORT: u16 = 2379;
/// Where members connect to each other.
pub const PEERS: u16 = 2380;

/// By minor of Milvus, the newest patch of what its chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27):
/// every minor's is of the line 3.5.
pub const IMAGES: [(u8, &str); 5] = [(2, IMAGE), (3, IMAGE), (4, IMAGE), (5, IMAGE), (6, IMAGE)];
const IMAGE: &str = "quay.io/coreos/etcd:v3.5.35";

/// Its role.
pub const ROLE: Duty = Duty {
    role: Role::Etcd,
    is_required: true,
    gone: None,
    beside: None,
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
    stack: StackName::Store,
    shape: Shape::Members,
    needs: &[],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 30,
    upgrades_after: &[],
    uid: 0,
    image: Image::Etcd,
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
    gates,
};

fn gates(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::EtcdQuorum {
        members: site.members(component),
    })
}

/// What templates see of it.
pub(super) fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let initial = plot
        .members(&ETCD)
        .map(|name| format!("{name}=http://{name}:{PEERS}"));
    let initial: Vec<String> = initial.collect();
    vec![("etcd_initial_cluster", json!(initial.join(",")))]
}
