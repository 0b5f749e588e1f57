//! What is relied on in the spec of one service.

use super::Fault;
use crate::component::{COMPONENTS, Component, Shape};
use crate::gate::short;
use crate::inventory::{is_owned, must_be};
use crate::spec::{Mount, ServiceSpec};

/// SwarmKit starts a replacement after 60 s at most, whether the old task has ended or not.
const MOST_GRACE: i64 = 55;

/// Everything that an edited spec lost of ours.
pub(super) fn faults(theirs: &ServiceSpec, ours: &ServiceSpec) -> Vec<Fault> {
    let mut faults = Vec::new();
    identity(theirs, ours, &mut faults);
    placement(theirs, ours, &mut faults);
    reach(theirs, ours, &mut faults);
    files(theirs, ours, &mut faults);
    process(theirs, ours, &mut faults);
    faults
}

fn row(spec: &ServiceSpec) -> Option<&'static Component> {
    Component::of_service(short(&spec.name))
}

fn is_member(spec: &ServiceSpec) -> bool {
    row(spec).is_some_and(|row| row.shape == Shape::Members)
}

fn identity(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    let (their, our) = (
        &theirs.task_template.container_spec.hostname,
        &ours.task_template.container_spec.hostname,
    );
    if !our.is_empty() && their != our {
        faults.push(Fault::new(
            "hostname",
            format!("is `{their}` and must be `{our}`"),
            "members know each other, and their data, by this name",
        ));
    }
    for (key, value) in &ours.labels {
        if key.starts_with("milvus-swarm.") && theirs.labels.get(key) != Some(value) {
            faults.push(Fault::new(
                "deploy.labels",
                format!("must have `{key}: {value}`"),
                "the tool finds what is its own by this label",
            ));
        }
    }
}

fn placement(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    let (their, our) = (
        &theirs.task_template.placement,
        &ours.task_template.placement,
    );
    let bare = |text: &str| text.split_whitespace().collect::<String>();
    for constraint in &our.constraints {
        if !their
            .constraints
            .iter()
            .any(|other| bare(other) == bare(constraint))
        {
            faults.push(Fault::new(
                "deploy.placement.constraints",
                format!("must have `{constraint}`"),
                "without it tasks start on hosts without the role, or without their data",
            ));
        }
    }
    if their.max_replicas != our.max_replicas {
        faults.push(Fault::new(
            "deploy.placement.max_replicas_per_node",
            format!("is {} and must be {}", their.max_replicas, our.max_replicas),
            "it is `per_host` of the role in the inventory: change it there",
        ));
    }
    if theirs.replicas() != ours.replicas() {
        let show = |spec: &ServiceSpec| {
            spec.replicas()
                .map_or_else(|| "not replicated".to_owned(), |n| n.to_string())
        };
        faults.push(Fault::new(
            "deploy.replicas",
            format!("is {} and must be {}", show(theirs), show(ours)),
            "the number of tasks follows from the inventory, and gates count them: change it there",
        ));
    }
}

fn reach(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    if theirs.endpoint_spec.mode != ours.endpoint_spec.mode {
        faults.push(Fault::new(
            "deploy.endpoint_mode",
            format!("must be `{}`", ours.endpoint_spec.mode),
            "behind a virtual address idle connections drop, and Milvus registers an address that \
             is not its own",
        ));
    }
    for port in &ours.endpoint_spec.ports {
        let mut others = theirs.endpoint_spec.ports.iter();
        if !others.any(|other| other == port) {
            faults.push(Fault::new(
                "ports",
                format!(
                    "must publish {} for {} with `mode: host`",
                    port.published_port, port.target_port
                ),
                "it is under `publish` in the inventory: change it there",
            ));
        }
    }
    for network in &ours.task_template.networks {
        let found = theirs
            .task_template
            .networks
            .iter()
            .find(|other| other.target == network.target);
        let Some(found) = found else {
            faults.push(Fault::new(
                "networks",
                format!("must have the network `{}`", network.target),
                "components reach each other, and gates reach them, through it alone",
            ));
            continue;
        };
        for alias in &network.aliases {
            if !found.aliases.contains(alias) {
                faults.push(Fault::new(
                    "networks",
                    format!("must have the alias `{alias}`"),
                    "clients of the component connect to this name",
                ));
            }
        }
    }
    if theirs.task_template.networks.len() > ours.task_template.networks.len() {
        faults.push(Fault::new(
            "networks",
            "has a network in addition",
            "gates, and Milvus itself, take the first address of a task for its own",
        ));
    }
}

fn files(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    let (their, our) = (
        &theirs.task_template.container_spec,
        &ours.task_template.container_spec,
    );
    for secret in &our.secrets {
        let target = |file: &Option<crate::spec::FileTarget>| {
            file.as_ref()
                .map_or(String::new(), |file| file.name.clone())
        };
        let same = |other: &crate::spec::SecretRef| {
            other.name == secret.name && target(&other.file) == target(&secret.file)
        };
        if !their.secrets.iter().any(same) {
            faults.push(Fault::new(
                "secrets",
                format!("must mount `{}` as `{}`", secret.name, target(&secret.file)),
                "the component would start with a default password or with none",
            ));
        }
    }
    let place = |mount: &Mount| {
        (
            mount.kind.clone(),
            mount.source.clone(),
            mount.target.clone(),
        )
    };
    // One without a name is each task's own, and nobody's data.
    for mount in our.mounts.iter().filter(|one| !one.source.is_empty()) {
        let same = |other: &Mount| place(other) == place(mount) && !other.read_only;
        if !their.mounts.iter().any(same) {
            faults.push(Fault::new(
                "volumes",
                format!("must mount `{}` at `{}`", mount.source, mount.target),
                "the member's data is there; where data lives is `data` in the inventory",
            ));
        }
    }
}

fn process(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    let (their, our) = (&theirs.task_template, &ours.task_template);
    let grace = their.container_spec.stop_grace_period.unwrap_or(0) / 1_000_000_000;
    if is_member(ours) && grace >= MOST_GRACE {
        faults.push(Fault::new(
            "stop_grace_period",
            format!("is {grace}s and must be less than {MOST_GRACE}s"),
            "Swarm starts the replacement after 60s at most, and two processes on one data \
             directory destroy it",
        ));
    }
    let first = |spec: &ServiceSpec| {
        let order = spec.update_config.iter().chain(&spec.rollback_config);
        order
            .into_iter()
            .any(|config| config.order == "start-first")
    };
    if is_member(ours) && first(theirs) {
        faults.push(Fault::new(
            "deploy.update_config",
            "starts the new task first",
            "two processes on one data directory destroy it",
        ));
    }
    let condition = |spec: &crate::spec::TaskSpec| {
        let policy = spec.restart_policy.as_ref();
        policy.map_or_else(String::new, |policy| policy.condition.clone())
    };
    let attempts = their
        .restart_policy
        .as_ref()
        .and_then(|policy| policy.max_attempts);
    if condition(their) != condition(our) || attempts.is_some_and(|attempts| attempts > 0) {
        faults.push(Fault::new(
            "deploy.restart_policy",
            format!("must be `condition: {}` without a limit", condition(our)),
            "a process ends by itself when it loses what it needs, and counts on a restart",
        ));
    }
    arguments(theirs, ours, faults);
    if row(ours).is_some_and(|row| row.milvus.is_some()) {
        variables(theirs, ours, faults);
    }
}

/// Milvus takes a variable for the setting whose name has the same letters, before any file, with or
/// without a prefix (milvus: `pkg/config/env_source.go`); the port that its health is asked on is a
/// variable only (`internal/http/server.go`).
fn variables(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    const PREFIXES: &[&str] = &["MILVUS_CONF_", "MILVUS_", ""];
    const HEALTH_PORT: &str = "METRICS_PORT";
    let (their, our) = (
        &theirs.task_template.container_spec.env,
        &ours.task_template.container_spec.env,
    );
    for pair in their.iter().filter(|pair| !our.contains(pair)) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let upper = name.to_ascii_uppercase();
        let mut settings = PREFIXES.iter().filter_map(|one| upper.strip_prefix(one));
        let is_relied_on = name == HEALTH_PORT
            || settings.any(|path| is_owned(path) || must_be(path, value).is_some());
        if is_relied_on {
            faults.push(Fault::new(
                "environment",
                format!("has `{name}`"),
                "Milvus takes it before its files, where the tool has set what follows from the \
                 inventory",
            ));
        }
    }
}

fn arguments(theirs: &ServiceSpec, ours: &ServiceSpec, faults: &mut Vec<Fault>) {
    let Some(relied) = row(ours).map(|row| &row.relied) else {
        return;
    };
    let (their, our) = (
        &theirs.task_template.container_spec,
        &ours.task_template.container_spec,
    );
    for variable in relied.variables {
        let wanted = our
            .env
            .iter()
            .find(|pair| pair.split('=').next() == Some(*variable));
        if let Some(pair) = wanted.filter(|pair| !their.env.contains(pair)) {
            faults.push(Fault::new(
                "environment",
                format!("must have `{pair}`"),
                "the component's gate, its identity or its password hangs on it",
            ));
        }
    }
    let forbidden = COMPONENTS.iter().flat_map(|row| row.relied.forbidden);
    for (variable, why) in forbidden {
        let mut names = their.env.iter().filter_map(|pair| pair.split_once('='));
        if names.any(|(name, _)| name == *variable) {
            faults.push(Fault::new("environment", format!("has `{variable}`"), why));
        }
    }
    let why = "it says who the process is, what it does, or where its data is";
    for argument in our
        .args
        .iter()
        .filter(|argument| (relied.argument)(argument))
    {
        if !their.args.contains(argument) {
            let found = format!("must have `{argument}`");
            faults.push(Fault::new("command", found, why));
        }
    }
    let again = |argument: &&String| !our.args.contains(argument) && (relied.overrides)(argument);
    if let Some(argument) = their.args.iter().find(again) {
        let found = format!("has `{argument}` in addition");
        faults.push(Fault::new("command", found, why));
    }
}
