//! Milvus itself.

mod advisories;
pub(crate) mod ask;
mod coordinators;
mod gates;
pub(crate) mod grammar;
mod guarded;
mod owned;
pub(crate) mod renewed;
pub mod rest;
pub(crate) mod returns;
mod roles;
pub(crate) mod sections;
pub mod session;
pub mod within;
mod workers;

pub use coordinators::{DATACOORD, INDEXCOORD, MIXCOORD, MIXED, QUERYCOORD, ROOTCOORD};
pub use rest::ROOT_TOKEN;
pub use roles::{COORD, DATA, INDEX, PROXIES, QUERY, STREAMING};
pub use workers::{DATANODE, INDEXNODE, PROXY, QUERYNODE, STREAMINGNODE};

use serde_json::{Value, json};

use super::etcd::ETCD;
use super::minio::MINIO;
use super::pulsar::BROKER;
use super::{Plot, Runs, System, Text};
use crate::component::{COMPONENTS, Component, File, Kind, Relied, Secret, Stack};
use crate::inventory::{Image, Published};
use crate::release::Line;
use crate::spec::ServiceSpec;
use crate::tag::Version;

/// Its stack file.
const STACK: Stack = Stack {
    name: "milvus",
    about: "Milvus: coordinators, workers and proxies.",
};

/// Its settings, whoever they follow from.
pub const SETTINGS: Text = Text {
    name: "user.yaml",
    text: include_str!("../../../templates/milvus/user.yaml"),
};

/// Where tasks find what starts them.
const START_AT: &str = "/milvus/start-milvus.sh";

/// Peers that are told the address of the other network don't reach it.
const RELIED: Relied = Relied {
    argument: |argument| argument == START_AT,
    ..Relied::variables(&[])
};

/// What starts a process that has addresses on both networks.
const START: File = File {
    template: Text {
        name: "start-milvus.sh",
        text: include_str!("../../../templates/milvus/start-milvus.sh"),
    },
    key: "start-milvus",
    variable: "start_milvus",
    target: START_AT,
    is_templated: false,
    is_of: |inventory, version| {
        let mut rows = COMPONENTS.iter().filter(|row| row.milvus.is_some());
        takes_address(version) && rows.any(|row| row.is_outside(inventory))
    },
};

/// Whether its processes can be told which address they register: `proxy.ip` and its like are there
/// since 2.3.3 (milvus: `grpcConfig.init` in `pkg/util/paramtable/grpc_param.go`), and whatever else is
/// found first is taken before.
#[must_use]
pub fn takes_address(version: Version) -> bool {
    (version.major, version.minor, version.patch) >= (2, 3, 3)
}

/// What starts each process, once etcd has a birth.
const AWAIT: File = File {
    template: Text {
        name: "await-birth.sh",
        text: include_str!("../../../templates/milvus/await-birth.sh"),
    },
    key: "await-birth",
    variable: "await_birth",
    target: "/milvus/await-birth.sh",
    is_templated: false,
    is_of: |_, _| true,
};

/// What Swarm asks each process by, whether it lost its session.
const CHECK: File = File {
    template: Text {
        name: "check-session.sh",
        text: include_str!("../../../templates/milvus/check-session.sh"),
    },
    key: "check-session",
    variable: "check_session",
    target: "/milvus/check-session.sh",
    is_templated: false,
    is_of: |_, _| true,
};

/// Whether Swarm ends what lost its session of the processes of a service: a user may have it ask
/// something else.
#[must_use]
pub fn ends_lost(spec: &ServiceSpec) -> bool {
    let check = &spec.task_template.container_spec.healthcheck;
    let mut words = check.iter().flat_map(|check| &check.test);
    words.any(|word| word == CHECK.target)
}

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "milvus",
    title: IMAGE.title,
    fills: None,
    runs: Some(Runs {
        image: IMAGE,
        stack: STACK,
        services: Text {
            name: "milvus.yml",
            text: include_str!("../../../stacks/milvus.yml"),
        },
    }),
    only_with: None,
    elsewhere: None,
    templates: &[SETTINGS],
    files: &[START, CHECK, AWAIT],
    values,
    secrets: &[Secret {
        key: SECRET,
        variable: "root_secret",
        first: Some((FIRST_SECRET, "first_root_secret")),
        user: Some(|_| "root".to_owned()),
        file: |inventory| inventory.credentials.password(grammar::PASSWORD),
        is_of: |_| true,
        milvus_mounts_it: false,
        is_text: false,
        // bcrypt, which it keeps passwords with, looks at no more.
        bytes: (0, 72),
        known: Some(KNOWN_PASSWORD),
    }],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advisories: advisories::ALL,
    advice: &[],
    rules_of_data: &[],
    rules_of_images: &[],
};

/// Where users connect.
pub const PORT: u16 = 19530;
/// Where every process tells how it is.
pub const HEALTH: u16 = 9091;
/// The password of the user `root` where nobody sets another (milvus: `pkg/util/constant.go`,
/// `DefaultRootPassword`; from 2.4 on the default of `common.security.defaultRootPassword`).
pub const KNOWN_PASSWORD: &str = "Milvus";
/// Key of the secret that holds the password of the user `root`.
pub const SECRET: &str = "milvus-root";
/// Under this key coordinators mount that generation of it which was the newest when they were made.
const FIRST_SECRET: &str = "milvus-root-first";

/// The first minor that is told which password `root` has at the first start
/// (`common.security.defaultRootPassword`; milvus 2.4: `initCredentials` in
/// `internal/rootcoord/root_coord.go`, where there is none yet and never again). 2.4.0 to 2.4.6 do
/// not read it: `ParamItem.Version` in `pkg/util/paramtable/component_param.go`.
const FIRST_PASSWORD: Line = (2, 4);

/// The setting, as it stands in a file.
pub const ROOT_PASSWORD: &str = "defaultRootPassword:";

/// Whether a Milvus that has what is rendered for it never has root's default password, whoever
/// starts it.
#[must_use]
pub fn starts_closed(version: Version) -> bool {
    (version.major, version.minor, version.patch) >= (2, 4, 7)
}

/// Its image.
pub const IMAGE: Image = Image {
    name: "milvus",
    title: "Milvus",
    of: |release| format!("milvusdb/milvus:v{}", release.version),
    moved: None,
};

/// What users connect to, which is what all of this is for.
pub const USERS: Published = Published {
    key: grammar::PUBLISHED,
    port: PORT,
    default: Some(PORT),
};
/// Health and metrics of proxies.
pub const METRICS: Published = Published {
    key: grammar::METRICS,
    port: HEALTH,
    default: None,
};

/// What every coordinator needs.
const BACKENDS: &[&str] = &[ETCD.name, MINIO.name, BROKER.name];

/// What every worker needs, as far as the release has it.
const COORDS: &[&str] = &[
    ROOTCOORD.name,
    DATACOORD.name,
    QUERYCOORD.name,
    INDEXCOORD.name,
    MIXCOORD.name,
];

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let leads = |name: &str| {
        let row = Component::named(name);
        row.and_then(Component::kind) == Some(Kind::Coordinator)
    };
    let mut pools = plot.topology.pools.iter();
    let standby = pools.any(|(name, pool)| leads(name) && pool.replicas > 1);
    let (major, minor) = plot.release.line;
    let mut values = vec![
        ("root_secret", plot.secret(SECRET)),
        ("first_root_secret", plot.first_secret(FIRST_SECRET, SECRET)),
        // The node puts it in; no text that is made here has it.
        (
            "root_password",
            json!(format!("{{{{ secret `{FIRST_SECRET}` }}}}")),
        ),
        ("standby", json!(standby)),
        ("release", json!([major, minor])),
    ];
    // Folders of earlier versions ask for it and know major 2 alone: with another one they must not
    // take it for an old minor.
    if major == 2 {
        values.push(("release_minor", json!(minor)));
    }
    values
}
