//! MinIO, which keeps the objects of Milvus: segments and indexes.

mod admin;
mod advice;
mod ask;
pub(crate) mod grammar;
mod lint;
mod owned;
mod refuse;
pub mod shape;
mod user;

use serde_json::{Value, json};

use super::{Filler, Plot, Runs, STORE, Slot, System, Text};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, Gates, LAST, Secret, Shape, Site, Stops,
};
use crate::gate::Checks;
use crate::inventory::{Image, Inventory, Published};
use crate::release::{LINES, Line};
use crate::render::secret_name;
use crate::role::{Duty, Role, Scaling};

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "minio",
    title: IMAGE.title,
    fills: Some(Filler {
        slot: Slot::Storage,
        choice: None,
    }),
    runs: Some(Runs {
        image: IMAGE,
        stack: STORE,
        services: Text {
            name: "minio.yml",
            text: include_str!("../../../stacks/minio.yml"),
        },
    }),
    only_with: None,
    elsewhere: Some(user::TALK),
    templates: &[],
    files: &[],
    values,
    secrets: &[
        Secret {
            key: SECRET,
            variable: "minio_secret",
            first: None,
            user: Some(user),
            file: |inventory| inventory.credentials.password(grammar::PASSWORD),
            is_of: |_| true,
            milvus_mounts_it: false,
            is_text: false,
            // It does not start with a shorter one.
            bytes: (8, usize::MAX),
            known: Some("minioadmin"),
        },
        Secret {
            key: MILVUS,
            variable: "minio_milvus_secret",
            first: None,
            user: None,
            file: |_| None,
            is_of: |_| true,
            milvus_mounts_it: true,
            is_text: false,
            // minio: `internal/auth/credentials.go`, `secretKeyMinLen`.
            bytes: (8, 256),
            known: None,
        },
    ],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advisories: &[],
    advice: &[advice::shared_disk],
    rules_of_data: &[refuse::SHAPE],
    rules_of_images: &[],
};

/// Where clients connect.
pub const PORT: u16 = 9000;
/// Where each server says to whoever asks that it is there (minio: `cmd/healthcheck-router.go`).
pub const LIVE: &str = "/minio/health/live";
/// Where browsers connect.
const CONSOLE: u16 = 9001;
/// Key of the secret that holds the root password.
pub const SECRET: &str = "minio-root";
/// Key of the secret that holds the key of the user that Milvus is to MinIO.
pub const MILVUS: &str = "minio-milvus";

/// By line of Milvus, what the newest chart pairs with it (zilliztech/milvus-helm,
/// `charts/milvus/values.yaml` of 4.0.34, 4.1.28, 4.2.25, 4.2.58 and 5.0.27).
/// It is taken from quay.io: `minio/minio` left Docker Hub in September 2026 (milvus#53430,
/// milvus-helm#315).
pub const IMAGES: [(Line, &str); LINES] = [
    ((2, 2), "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    ((2, 3), "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    ((2, 4), "quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z"),
    ((2, 5), "quay.io/minio/minio:RELEASE.2024-05-28T17-19-04Z"),
    ((2, 6), "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"),
    ((3, 0), "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z"),
];
/// Its image. Its tags went elsewhere when its repository on Docker Hub ended (milvus#53430).
pub const IMAGE: Image = Image {
    name: "minio",
    title: "MinIO",
    of: |release| release.of(&IMAGES),
    moved: Some(("minio/minio:", "quay.io/minio/minio:")),
};

/// The interface of S3.
pub const S3: Published = Published {
    key: grammar::PUBLISHED,
    port: PORT,
    default: None,
};
/// The console.
pub const BROWSERS: Published = Published {
    key: grammar::CONSOLE,
    port: CONSOLE,
    default: None,
};

/// Its role.
pub const ROLE: Duty = Duty {
    role: Role::Minio,
    is_required: true,
    since: None,
    became: None,
    beside: None,
    sized_as: None,
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
    publishes: &[&S3, &BROWSERS],
    secrets: &[(SECRET, FIRST)],
    relied: lint::RELIED,
    alias: Some("minio"),
    keeps: "objects",
    stops: Stops {
        reads: false,
        writes: false,
    },
    checks: Checks::Members(&[&ask::WRITE_QUORUM]),
    birth: None,
    gates,
};

fn gates(site: &Site<'_>, component: &Component) -> Gates {
    let members = site.members(component).len();
    Gates::one(site.of_members(component, &ask::WRITE_QUORUM, members))
}

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    // The node puts it in; no text that is made here has it.
    let password = |key: &str| format!("{{{{ secret `{key}` }}}}");
    let storage = json!({
        "address": MINIO.alias,
        "port": PORT,
        "accessKeyID": secret_name(&plot.inventory.name, MILVUS, plot.generations),
        "secretAccessKey": password(MILVUS),
        "useSSL": false,
        "bucketName": bucket(&plot.inventory.name),
        "rootPath": "files",
    });
    vec![
        ("storage", storage),
        ("minio_user", json!(user(plot.inventory))),
        ("minio_password", json!(password(SECRET))),
        ("minio_drives", json!(drives(plot))),
        ("bucket", json!(bucket(&plot.inventory.name))),
        ("minio_secret", plot.secret(SECRET)),
        ("minio_milvus_secret", plot.secret(MILVUS)),
    ]
}

/// The root user.
pub(crate) fn user(inventory: &Inventory) -> String {
    let own = inventory.credentials.users.get(grammar::USER.name);
    own.map_or_else(|| "milvus".to_owned(), Clone::clone)
}

/// Bucket names have at least three characters.
fn bucket(cluster: &str) -> String {
    format!("milvus-{cluster}")
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
