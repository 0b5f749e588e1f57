//! Which tasks an update of a service replaces.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Change, ServiceSpec, diff};

/// What posting a changed spec does to the tasks that run.
#[derive(Clone, Copy, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Restart {
    /// They stay; only new tasks follow the new spec.
    None,
    /// Every task is replaced, as the update config says.
    All,
    /// Tasks stay where their node still fits.
    OnlyWhereConstraintsFail,
    /// The job runs again, whatever changed.
    JobReruns,
}

impl fmt::Display for Restart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "no task restarts",
            Self::All => "every task restarts",
            Self::OnlyWhereConstraintsFail => "tasks restart where the node no longer fits",
            Self::JobReruns => "the job runs again",
        })
    }
}

impl Restart {
    /// The effect of changes that lead to `to`.
    ///
    /// SwarmKit replaces a task when its own copy of the task template or of the endpoint
    /// differs from the service's (`orchestrator.IsTaskDirty`). Before it looks at the endpoint it
    /// lets a task be of whose template nothing but the placement differs, if the node satisfies
    /// the new one: that update takes no port to the tasks (see [`super::posted`]). Labels, the
    /// mode, the number of tasks and the update configs are no part of that. Jobs run again on
    /// every update (moby `UpdateService`).
    #[must_use]
    pub fn of(changes: &[Change], to: &ServiceSpec) -> Self {
        let job = to.mode.replicated_job.is_some() || to.mode.global_job.is_some();
        let worst = changes.iter().map(|change| effect(&change.path)).max();
        match worst {
            None => Self::None,
            Some(_) if job => Self::JobReruns,
            Some(Effect::Nothing) => Self::None,
            Some(Effect::Placement) => Self::OnlyWhereConstraintsFail,
            Some(Effect::Endpoint | Effect::Task) => Self::All,
        }
    }
}

/// The effect of an update from one spec to another; see [`Restart::of`].
#[must_use]
pub fn restarts(from: &ServiceSpec, to: &ServiceSpec) -> Restart {
    Restart::of(&diff(from, to), to)
}

/// In the order in which SwarmKit asks: the later outdoes the one before.
#[derive(Clone, Copy, Eq, Ord, PartialEq, PartialOrd)]
enum Effect {
    Nothing,
    Endpoint,
    Placement,
    Task,
}

fn effect(path: &str) -> Effect {
    match path.split('.').next().unwrap_or(path) {
        "labels" | "mode" | "name" | "replicas" | "rollback_config" | "update_config" => {
            Effect::Nothing
        }
        "endpoint_mode" | "endpoint_spec" | "ports" => Effect::Endpoint,
        "placement" => Effect::Placement,
        _ => Effect::Task,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn service(image: &str) -> Value {
        json!({
            "Name": "st_web",
            "Labels": {"com.docker.stack.image": "nginx:1"},
            "TaskTemplate": {
                "ContainerSpec": {"Image": image, "Env": ["A=1", "B=2"]},
                "Resources": {"Limits": {"MemoryBytes": 1 << 30}},
                "Placement": {"Constraints": ["node.role==worker"]},
                "Networks": [{"Target": "st_net", "Aliases": ["web"]}],
                "ForceUpdate": 4
            },
            "Mode": {"Replicated": {"Replicas": 3}},
            "EndpointSpec": {"Ports": [{"TargetPort": 80, "PublishedPort": 8080}]}
        })
    }

    fn change(pointer: &str, value: Value) -> (Vec<String>, Restart) {
        let from = serde_json::from_value(service("nginx:1@sha256:ab")).unwrap();
        let mut to = service("nginx:1");
        *to.pointer_mut("/TaskTemplate/ForceUpdate").unwrap() = json!(0);
        *to.pointer_mut(pointer).unwrap() = value;
        let to = serde_json::from_value(to).unwrap();
        let changes = diff(&from, &to);
        let shown = changes.iter().map(ToString::to_string).collect();
        (shown, restarts(&from, &to))
    }

    #[test]
    fn changes_read_well_and_restart_what_swarm_restarts() {
        let case = |pointer: &str, value: Value, shown: &[&str], restart: Restart| {
            assert_eq!(
                change(pointer, value),
                (shown.iter().map(|s| (*s).to_owned()).collect(), restart)
            );
        };
        case("/TaskTemplate/ForceUpdate", json!(0), &[], Restart::None);
        case(
            "/Mode/Replicated/Replicas",
            json!(5),
            &["replicas: 3 -> 5"],
            Restart::None,
        );
        case(
            "/Mode",
            json!({"Global": {}}),
            &["mode.global: (none) -> {}", "replicas: 3 -> (none)"],
            Restart::None,
        );
        case(
            "/Labels",
            json!({"com.docker.stack.image": "nginx:1", "a": "b"}),
            &["labels.a: (none) -> b"],
            Restart::None,
        );
        case(
            "/TaskTemplate/ContainerSpec/Env",
            json!(["A=1", "B=3", "C"]),
            &["env.B: 2 -> 3", "env.C: (none) -> null"],
            Restart::All,
        );
        case(
            "/TaskTemplate/Resources/Limits/MemoryBytes",
            json!(3_i64 << 29),
            &["limits.memory: 1 GiB -> 1536 MiB"],
            Restart::All,
        );
        case(
            "/TaskTemplate/Placement/Constraints",
            json!([]),
            &["placement.constraints: [\"node.role==worker\"] -> (none)"],
            Restart::OnlyWhereConstraintsFail,
        );
        case(
            "/TaskTemplate/ContainerSpec/Image",
            json!("nginx:2"),
            &["image: nginx:1@sha256:ab -> nginx:2"],
            Restart::All,
        );
        case(
            "/TaskTemplate/ForceUpdate",
            json!(5),
            &["force_update: 4 -> 5"],
            Restart::All,
        );
        case(
            "/EndpointSpec/Ports/0/PublishedPort",
            json!(8081),
            &[
                "ports.8080:80/tcp.protocol: tcp -> (none)",
                "ports.8080:80/tcp.publish_mode: ingress -> (none)",
                "ports.8080:80/tcp.published_port: 8080 -> (none)",
                "ports.8080:80/tcp.target_port: 80 -> (none)",
                "ports.8081:80/tcp.protocol: (none) -> tcp",
                "ports.8081:80/tcp.publish_mode: (none) -> ingress",
                "ports.8081:80/tcp.published_port: (none) -> 8081",
                "ports.8081:80/tcp.target_port: (none) -> 80",
            ],
            Restart::All,
        );
        case(
            "/Mode",
            json!({"ReplicatedJob": {"TotalCompletions": 1}}),
            &[
                "mode.replicated_job.max_concurrent: (none) -> 1",
                "mode.replicated_job.total_completions: (none) -> 1",
                "replicas: 3 -> (none)",
            ],
            Restart::JobReruns,
        );
    }

    #[test]
    fn another_text_for_the_image_is_a_change_even_with_the_same_tag() {
        let (changes, restart) = change(
            "/Labels",
            json!({"com.docker.stack.image": "docker.io/library/nginx:1"}),
        );
        assert_eq!(restart, Restart::All);
        assert_eq!(changes[0], "image: nginx:1@sha256:ab -> nginx:1");
    }
}
