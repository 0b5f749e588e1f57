//! MinIO, which keeps the objects of Milvus: segments and indexes.

pub(crate) mod advice;
pub(crate) mod ask;
pub(crate) mod grammar;
mod lint;
mod owned;
pub(crate) mod refuse;

pub use owned::{KEPT, OWNED};

use serde_json::{Value, json};

use super::Plot;
use crate::component::{
    Agreement, Away, Component, Data, FIRST, Gates, LAST, Shape, Site, StackName, Stops,
};
use crate::gate::Gate;
use crate::inventory::Image;
use crate::render::minio_user;
use crate::role::{Duty, Role, Scaling};

/// Where clients connect.
pub const PORT: u16 = 9000;
/// Where browsers connect.
const CONSOLE: u16 = 9001;
/// Key of the secret that holds the root password.
pub const SECRET: &str = "minio-root";

/// By minor of Milvus, what the newest chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27).
/// It is taken from quay.io: `minio/minio` left Docker Hub in September 2026 (milvus#53430,
/// milvus-helm#315).
pub const IMAGES: [(u8, &str); 5] = [
    (2, "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    (3, "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    (4, "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    (5, "quay.io/minio/minio:RELEASE.2024-05-28T17-19-04Z"),
    (6, "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"),
];
/// Where MinIO's tags went when its repository on Docker Hub ended (milvus#53430), from and to.
pub const MOVED: (&str, &str) = ("minio/minio:", "quay.io/minio/minio:");

/// Its role.
pub const ROLE: Duty = Duty {
    role: Role::Minio,
    is_required: true,
    gone: None,
    beside: None,
    also: &["s3"],
    agreement: Agreement::Erasure,
    scaling: Scaling::Members,
    is_heavy: true,
    is_greedy: false,
    java: None,
};

/// One server per host; all of them are one pool of drives.
pub const MINIO: Component = Component {
    name: "minio",
    title: "MinIO",
    one: "MinIO",
    whole: "MinIO",
    role: Role::Minio,
    stack: StackName::Store,
    shape: Shape::Members,
    needs: &[],
    milvus: None,
    releases: (FIRST, LAST),
    grace: 30,
    upgrades_after: &[],
    uid: 0,
    image: Image::Minio,
    away: Away {
        all: (
            "no flush, no load, no index build: MinIO's servers restart together; searches \
             of loaded data go on",
            20,
        ),
        several: (
            "no flush, no load, no index build: MinIO's servers restart together; searches \
             of loaded data go on",
            20,
        ),
        each: (
            "no flush, no load, no index build: MinIO's servers restart together; searches \
             of loaded data go on",
            20,
        ),
        at_once: true,
    },
    agreement: ROLE.agreement,
    data: Data::Drives("/data"),
    listens: &[PORT, CONSOLE],
    publishes: &[
        (PORT, |publish| publish.minio),
        (CONSOLE, |publish| publish.console),
    ],
    secrets: &[SECRET],
    relied: lint::RELIED,
    alias: Some("minio"),
    keeps: "objects",
    stops: Stops {
        reads: false,
        writes: false,
    },
    gates,
};

fn gates(site: &Site<'_>, component: &Component) -> Gates {
    Gates::one(Gate::MinioWriteQuorum {
        members: site.members(component),
    })
}

/// What templates see of it.
pub(super) fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    vec![
        ("minio_user", json!(minio_user(plot.inventory))),
        ("minio_drives", json!(drives(plot))),
        ("minio_secret", plot.secret(SECRET)),
    ]
}

/// Drives as the command line takes them: a pool is `http://minio-{0...3}/data{1...2}`.
fn drives(plot: &Plot<'_>) -> Vec<String> {
    let drives = plot.inventory.settings(MINIO.role).drives;
    let paths = if drives == 1 {
        "/data1".to_owned()
    } else {
        format!("/data{{1...{drives}}}")
    };
    match plot.members(&MINIO).count() {
        1 => vec![paths],
        hosts => vec![format!("http://minio-{{0...{}}}:{PORT}{paths}", hosts - 1)],
    }
}
