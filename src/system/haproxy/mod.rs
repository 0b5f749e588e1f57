//! HAProxy, one address for what all proxies of Milvus do: on hosts with its role, if there are any.
//!
//! It publishes the port of Milvus in place of the proxies, which are on the internal network alone then:
//! what else they listen on is out of reach of their hosts too.

mod advice;
mod ask;
pub(crate) mod grammar;

use serde_json::{Value, json};

use super::milvus::rest::Rest;
use super::milvus::{PORT, PROXY, USERS};
use super::minio::{self, MINIO, S3};
use super::{Plot, Runs, System, Text};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, File, Gates, LAST, Relied, Shape, Site, Stack, Stops,
};
use crate::gate::{Checks, Gate, Tasks, Verdict, Why, task_name};
use crate::inventory::Image;
use crate::observed::Observed;
use crate::role::{Duty, Role, Scaling};

/// Its image, and its service.
const NAME: &str = "haproxy";

/// Its stack file.
const STACK: Stack = Stack {
    name: "balancer",
    about: "HAProxy, which users connect to: it gives what they ask for to the proxies of Milvus.",
};

/// Proxies that it has a place for.
const MOST_PROXIES: u64 = 64;

/// Where upstream's image looks for its settings (docker-library/haproxy: `3.0/Dockerfile`, `CMD`).
const SETTINGS_AT: &str = "/usr/local/etc/haproxy/haproxy.cfg";

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: "haproxy",
    title: IMAGE.title,
    fills: None,
    runs: Some(Runs {
        image: IMAGE,
        stack: STACK,
        services: Text {
            name: "haproxy.yml",
            text: include_str!("../../../stacks/haproxy.yml"),
        },
    }),
    only_with: Some(Role::Balancer),
    elsewhere: None,
    templates: &[],
    files: &[File {
        template: Text {
            name: "haproxy.cfg",
            text: include_str!("../../../templates/haproxy/haproxy.cfg"),
        },
        key: "haproxy-cfg",
        variable: "haproxy_cfg",
        target: SETTINGS_AT,
        is_templated: false,
        is_of: |_, _| true,
    }],
    values,
    secrets: &[],
    owned: &[],
    kept: &[],
    advisories: &[],
    advice: &[advice::too_many],
    rules_of_data: &[],
    rules_of_images: &[],
};

/// A release with long support, until 2029 (docker-library/haproxy; haproxy.org lists its lines).
pub const IMAGE: Image = Image {
    name: "haproxy",
    title: "HAProxy",
    of: |_| "haproxy:3.0.23".to_owned(),
    moved: None,
};

/// The role of its hosts.
pub const ROLE: Duty = Duty {
    role: Role::Balancer,
    is_required: false,
    since: None,
    became: None,
    beside: None,
    sized_as: None,
    also: &[NAME],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: false,
    java: None,
};

/// What users talk to where there is one.
pub const HAPROXY: Component = Component {
    name: NAME,
    title: "balancers",
    one: "balancer",
    whole: "balancers",
    role: Role::Balancer,
    stack: STACK,
    shape: Shape::Replicas,
    needs: &[PROXY.name],
    milvus: None,
    releases: (FIRST, LAST),
    // What is under way has 25 s to end (`hard-stop-after` in its settings).
    grace: 30,
    upgrades_after: &[],
    uid: 99,
    uid_since: None,
    image: IMAGE,
    away: Away {
        all: ("no requests at all", 5),
        several: (
            "clients of these balancers are cut off and must reconnect",
            5,
        ),
        each: (
            "one at a time: clients of that balancer are cut off and must reconnect",
            5,
        ),
        at_once: false,
    },
    agreement: ROLE.agreement,
    data: Data::None,
    listens: &[PORT, S3.port],
    publishes: &[&USERS, &S3],
    secrets: &[],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    checks: Checks::Tasks(&[&ask::REACHES, &ask::RENEWED, &ask::GONE]),
    birth: None,
    gates: |site: &Site<'_>, component: &Component| {
        let reaches = site.of_tasks(component, &ask::REACHES, site.tasks);
        Gates::one(Gate::Tasks(reaches))
    },
};

/// What a gate of proxies says, where balancers have to know them too.
#[must_use]
pub(super) fn named(proxies: &Tasks, seen: &Observed, verdict: Verdict) -> Verdict {
    let service = HAPROXY.service(&proxies.cluster, HAPROXY.name);
    if !seen.services.contains_key(&service) {
        return verdict;
    }
    verdict.unless(unnamed(&proxies.service, seen))
}

/// The proxies that balancers can't know yet: Swarm names a task once it is `running`, which with a health
/// check it is not as soon as it serves.
fn unnamed(proxies: &str, seen: &Observed) -> Vec<Why> {
    let up = seen.tasks_of(proxies).filter(|task| task.is_up());
    let unnamed = up.filter(|task| task.state != "running");
    let why = "is not named to balancers yet: Swarm does that once its health check passes";
    unnamed.map(|task| Why::new(task_name(task), why)).collect()
}

/// What templates see of it.
fn values(plot: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let proxies = PROXY.service(&plot.inventory.name, PROXY.name);
    let mut published = HAPROXY.published(plot.inventory);
    let has_objects = published.any(|(one, _)| one.port == S3.port);
    // All members of MinIO have its name.
    let objects = has_objects.then(|| format!("{}:{}", MINIO.name, S3.port));
    vec![
        ("objects", json!(objects)),
        ("objects_port", json!(S3.port)),
        ("objects_check", json!(minio::LIVE)),
        ("proxies", json!(format!("{proxies}:{PORT}"))),
        ("users_port", json!(PORT)),
        ("most_proxies", json!(MOST_PROXIES)),
        ("proxy_check", Rest::of_line(plot.release.line).as_check()),
    ]
}
