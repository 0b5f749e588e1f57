//! The one form in which a desired and an observed service spec are compared.
//!
//! The engine does not give back what was posted: it fills some defaults in, drops what is
//! empty, and adds fields (moby `daemon/cluster/convert`). Both sides go through here first.

use serde_json::Value;

use super::{
    ConfigRef, ContainerSpec, EndpointSpec, Mode, Mount, Other, Placement, ResourceAmount,
    Resources, SecretRef, ServiceSpec, TaskSpec, UpdateConfig,
};

/// The canonical form of a spec: explicit where the engine fills in a default, absent where the
/// engine drops, sorted where order means nothing, and without what is no part of the wish
/// (identifiers of configs and secrets, platforms, which follow from the image).
///
/// It is idempotent. It is not for posting: the engine compares lists in their order.
#[must_use]
pub fn canonical(spec: &ServiceSpec) -> ServiceSpec {
    let mut spec = spec.clone();
    spec.labels.remove(super::APPLIED_LABEL);
    mode(&mut spec.mode);
    task(&mut spec.task_template);
    let configs = [&mut spec.update_config, &mut spec.rollback_config];
    configs.into_iter().flatten().for_each(update);
    endpoint(&mut spec.endpoint_spec);
    prune(&mut spec.other);
    spec
}

/// A missing number of tasks is 1.
fn mode(mode: &mut Mode) {
    if let Some(replicated) = &mut mode.replicated {
        replicated.replicas.get_or_insert(1);
    }
    if let Some(job) = &mut mode.replicated_job {
        let concurrent = *job.max_concurrent.get_or_insert(1);
        job.total_completions.get_or_insert(concurrent);
    }
    prune(&mut mode.other);
}

fn or(text: &mut String, default: &str) {
    if text.is_empty() {
        default.clone_into(text);
    }
}

fn update(config: &mut UpdateConfig) {
    or(&mut config.failure_action, "pause");
    or(&mut config.order, "stop-first");
    prune(&mut config.other);
}

fn endpoint(endpoint: &mut EndpointSpec) {
    or(&mut endpoint.mode, "vip");
    for port in &mut endpoint.ports {
        or(&mut port.protocol, "tcp");
        or(&mut port.publish_mode, "ingress");
        prune(&mut port.other);
    }
    endpoint.ports.sort_by(|a, b| {
        let key = |port: &super::PortConfig| (port.published_port, port.target_port);
        (key(a), &a.protocol, &a.publish_mode).cmp(&(key(b), &b.protocol, &b.publish_mode))
    });
    prune(&mut endpoint.other);
}

fn task(task: &mut TaskSpec) {
    container(&mut task.container_spec);
    resources(&mut task.resources);
    placement(&mut task.placement);
    if let Some(policy) = &mut task.restart_policy {
        or(&mut policy.condition, "any");
        policy.max_attempts.get_or_insert(0);
        prune(&mut policy.other);
    }
    for network in &mut task.networks {
        network.aliases.sort();
        network.aliases.dedup();
        prune(&mut network.other);
    }
    task.networks.sort_by(|a, b| a.target.cmp(&b.target));
    if task
        .other
        .get("Runtime")
        .is_some_and(|runtime| runtime == "container")
    {
        task.other.remove("Runtime");
    }
    prune(&mut task.other);
}

fn container(container: &mut ContainerSpec) {
    container.env.sort();
    if container.isolation == "default" {
        container.isolation.clear();
    }
    container.privileges = container.privileges.take().and_then(pruned);
    for mount in &mut container.mounts {
        self::mount(mount);
    }
    for secret in &mut container.secrets {
        let SecretRef {
            file, id, other, ..
        } = secret;
        id.clear();
        prune(other);
        if let Some(file) = file {
            prune(&mut file.other);
        }
    }
    container.secrets.sort_by(|a, b| {
        a.name
            .cmp(&b.name)
            .then(target(&a.file).cmp(target(&b.file)))
    });
    for config in &mut container.configs {
        let ConfigRef {
            file, id, other, ..
        } = config;
        id.clear();
        prune(other);
        if let Some(file) = file {
            prune(&mut file.other);
        }
    }
    container.configs.sort_by(|a, b| {
        a.name
            .cmp(&b.name)
            .then(target(&a.file).cmp(target(&b.file)))
    });
    if let Some(health) = &mut container.healthcheck {
        prune(&mut health.other);
    }
    if let Some(dns) = &mut container.dns_config {
        prune(&mut dns.other);
    }
    container.dns_config = container
        .dns_config
        .take()
        .filter(|dns| *dns != super::DnsConfig::default());
    container.capability_add.sort();
    container.capability_drop.sort();
    container.ulimits.sort_by(|a, b| a.name.cmp(&b.name));
    prune(&mut container.other);
}

fn target(file: &Option<super::FileTarget>) -> &str {
    file.as_ref().map_or("", |file| &file.name)
}

/// The engine loses `consistency` and empty bind options.
fn mount(mount: &mut Mount) {
    or(&mut mount.kind, "volume");
    mount.consistency.clear();
    mount.bind_options = mount.bind_options.take().and_then(pruned);
    mount.tmpfs_options = mount.tmpfs_options.take().and_then(pruned);
    if let Some(options) = &mut mount.volume_options {
        prune(&mut options.other);
    }
    mount.volume_options = mount
        .volume_options
        .take()
        .filter(|options| *options != super::VolumeOptions::default());
    prune(&mut mount.other);
}

/// No limit and a limit of zero are the same.
fn resources(resources: &mut Resources) {
    for amount in [&mut resources.limits, &mut resources.reservations] {
        if let Some(amount) = amount {
            prune(&mut amount.other);
        }
        *amount = amount
            .take()
            .filter(|amount| *amount != ResourceAmount::default());
    }
    prune(&mut resources.other);
}

fn placement(placement: &mut Placement) {
    placement.platforms.clear();
    prune(&mut placement.other);
}

/// Drops unknown keys whose value is Go's zero: an engine that does not know them sends none.
fn prune(other: &mut Other) {
    *other = std::mem::take(other)
        .into_iter()
        .filter_map(|(key, value)| Some((key, pruned(value)?)))
        .collect();
}

/// A value without zero members; `None` when nothing is left.
fn pruned(value: Value) -> Option<Value> {
    match value {
        Value::Null | Value::Bool(false) => None,
        Value::Number(number) if number.as_f64() == Some(0.0) => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) if items.is_empty() => None,
        Value::Object(members) => {
            let members = members
                .into_iter()
                .filter_map(|(key, value)| Some((key, pruned(value)?)));
            let members: serde_json::Map<_, _> = members.collect();
            (!members.is_empty()).then_some(Value::Object(members))
        }
        value => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn spec(value: Value) -> ServiceSpec {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn posted_and_inspected_are_one() {
        let posted = spec(json!({
            "Name": "st_web",
            "Labels": {"com.docker.stack.namespace": "st"},
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": "nginx:1",
                    "Privileges": {"CredentialSpec": null, "SELinuxContext": null,
                        "NoNewPrivileges": false},
                    "Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b",
                        "BindOptions": {}, "Consistency": "cached"}],
                    "Env": ["B=1", "A=2"],
                    "Configs": [{"File": {"Name": "c", "UID": "0", "GID": "0", "Mode": 292},
                        "ConfigID": "", "ConfigName": "st_c"}],
                },
                "Resources": {"Limits": {}},
                "RestartPolicy": {},
                "Placement": {},
                "Networks": [{"Target": "st_b"}, {"Target": "st_a", "Aliases": ["web"]}],
                "ForceUpdate": 0
            },
            "Mode": {"Replicated": {}},
            "UpdateConfig": {"Parallelism": 1, "MaxFailureRatio": 0, "Order": ""},
            "EndpointSpec": {"Ports": [{"TargetPort": 80}]}
        }));
        let inspected = spec(json!({
            "Name": "st_web",
            "Labels": {"com.docker.stack.namespace": "st"},
            "TaskTemplate": {
                "ContainerSpec": {
                    "Image": "nginx:1",
                    "Privileges": {"CredentialSpec": null, "SELinuxContext": null,
                        "NoNewPrivileges": false},
                    "Mounts": [{"Type": "bind", "Source": "/a", "Target": "/b"}],
                    "Env": ["A=2", "B=1"],
                    "Isolation": "default",
                    "DNSConfig": {},
                    "Configs": [{"File": {"Name": "c", "UID": "0", "GID": "0", "Mode": 292},
                        "ConfigID": "xyz", "ConfigName": "st_c"}],
                },
                "Resources": {},
                "RestartPolicy": {"Condition": "any", "MaxAttempts": 0},
                "Placement": {"Platforms": [{"Architecture": "amd64", "OS": "linux"}]},
                "Networks": [{"Target": "st_a", "Aliases": ["web"]}, {"Target": "st_b"}],
                "ForceUpdate": 0,
                "Runtime": "container"
            },
            "Mode": {"Replicated": {"Replicas": 1}},
            "UpdateConfig": {"Parallelism": 1, "FailureAction": "pause", "MaxFailureRatio": 0,
                "Order": "stop-first"},
            "EndpointSpec": {"Mode": "vip", "Ports": [{"Protocol": "tcp", "TargetPort": 80,
                "PublishMode": "ingress"}]}
        }));
        assert_eq!(canonical(&posted), canonical(&inspected));
        assert_eq!(canonical(&canonical(&posted)), canonical(&posted));
    }

    #[test]
    fn what_means_something_stays() {
        let case = |value: Value| {
            let changed = spec(value);
            assert_ne!(canonical(&changed), canonical(&ServiceSpec::default()));
        };
        case(json!({"TaskTemplate": {"ContainerSpec": {"Init": false}}}));
        case(json!({"TaskTemplate": {"ContainerSpec": {"StopGracePeriod": 0}}}));
        case(json!({"TaskTemplate": {"ContainerSpec": {"Healthcheck": {}}}}));
        case(json!({"TaskTemplate": {"ContainerSpec": {"OomScoreAdj": 5}}}));
        case(json!({"TaskTemplate": {"ForceUpdate": 1}}));
        case(json!({"Mode": {"Replicated": {"Replicas": 0}}}));
    }
}
