//! The service spec: SwarmKit's `ServiceSpec` as the Engine API spells it.
//!
//! Field order and omission follow Go's `encoding/json` tags of `moby/api/types/swarm`, so a
//! spec serializes to the very body that `docker stack deploy` posts. What this version of the
//! tool does not know is kept in `other`, so that reading and writing back loses nothing.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::Shared;

/// Keys that a newer engine knows and this tool does not.
pub type Other = BTreeMap<String, Value>;
/// Go's `map[string]string`.
pub type Labels = BTreeMap<String, String>;

/// `null` and absence both mean "empty" in Go's JSON.
pub(crate) fn null_is_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

macro_rules! object {
    ($(#[$meta:meta])* $name:ident { $($(#[$fmeta:meta])* $field:ident : $ty:ty,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, Deserialize, JsonSchema, PartialEq, Serialize)]
        #[serde(rename_all = "PascalCase", default)]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $ty,)*
            /// Keys not listed above.
            #[serde(flatten)]
            pub other: Other,
        }
    };
}

object! {
    /// A service.
    ServiceSpec {
        name: String,
        #[serde(deserialize_with = "null_is_empty")]
        labels: Labels,
        /// What the tasks are made from: most of a spec, and the same in many of them.
        task_template: Shared<TaskSpec>,
        mode: Mode,
        #[serde(skip_serializing_if = "Option::is_none")]
        update_config: Option<UpdateConfig>,
        #[serde(skip_serializing_if = "Option::is_none")]
        rollback_config: Option<UpdateConfig>,
        endpoint_spec: EndpointSpec,
    }
}

object! {
    /// What each task runs and where it may run.
    TaskSpec {
        container_spec: ContainerSpec,
        resources: Resources,
        #[serde(skip_serializing_if = "Option::is_none")]
        restart_policy: Option<RestartPolicy>,
        placement: Placement,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        networks: Vec<NetworkAttachment>,
        #[serde(skip_serializing_if = "Option::is_none")]
        log_driver: Option<super::Driver>,
        force_update: u64,
    }
}

object! {
    /// The container of a task.
    ContainerSpec {
        image: String,
        #[serde(skip_serializing_if = "Labels::is_empty", deserialize_with = "null_is_empty")]
        labels: Labels,
        /// Replaces the image's ENTRYPOINT (Compose's `entrypoint`).
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        command: Vec<String>,
        /// Replaces the image's CMD (Compose's `command`).
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        args: Vec<String>,
        #[serde(skip_serializing_if = "String::is_empty")]
        hostname: String,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        env: Vec<String>,
        #[serde(skip_serializing_if = "String::is_empty")]
        dir: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        user: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        privileges: Option<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        init: Option<bool>,
        #[serde(skip_serializing_if = "String::is_empty")]
        stop_signal: String,
        #[serde(rename = "TTY", skip_serializing_if = "is_false")]
        tty: bool,
        #[serde(skip_serializing_if = "is_false")]
        open_stdin: bool,
        #[serde(skip_serializing_if = "is_false")]
        read_only: bool,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        mounts: Vec<Mount>,
        /// Nanoseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        stop_grace_period: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        healthcheck: Option<Healthcheck>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        hosts: Vec<String>,
        #[serde(rename = "DNSConfig", skip_serializing_if = "Option::is_none")]
        dns_config: Option<DnsConfig>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        secrets: Vec<SecretRef>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        configs: Vec<ConfigRef>,
        #[serde(skip_serializing_if = "String::is_empty")]
        isolation: String,
        #[serde(skip_serializing_if = "Labels::is_empty", deserialize_with = "null_is_empty")]
        sysctls: Labels,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        capability_add: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        capability_drop: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        ulimits: Vec<Ulimit>,
    }
}

fn is_false(value: &bool) -> bool {
    !value
}

fn is_zero(value: &i64) -> bool {
    *value == 0
}

object! {
    /// Name servers of a task.
    DnsConfig {
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        nameservers: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        search: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        options: Vec<String>,
    }
}

object! {
    /// A health check; durations are nanoseconds, zero inherits the image's.
    Healthcheck {
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        test: Vec<String>,
        #[serde(skip_serializing_if = "is_zero")]
        interval: i64,
        #[serde(skip_serializing_if = "is_zero")]
        timeout: i64,
        #[serde(skip_serializing_if = "is_zero")]
        start_period: i64,
        #[serde(skip_serializing_if = "is_zero")]
        start_interval: i64,
        #[serde(skip_serializing_if = "is_zero")]
        retries: i64,
    }
}

object! {
    /// A volume, bind or tmpfs of a task.
    Mount {
        #[serde(skip_serializing_if = "String::is_empty", rename = "Type")]
        kind: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        source: String,
        #[serde(skip_serializing_if = "String::is_empty")]
        target: String,
        #[serde(skip_serializing_if = "is_false")]
        read_only: bool,
        #[serde(skip_serializing_if = "String::is_empty")]
        consistency: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        bind_options: Option<Value>,
        #[serde(skip_serializing_if = "Option::is_none")]
        volume_options: Option<VolumeOptions>,
        #[serde(skip_serializing_if = "Option::is_none")]
        tmpfs_options: Option<Value>,
    }
}

object! {
    /// How a named volume is made on the node.
    VolumeOptions {
        #[serde(skip_serializing_if = "is_false")]
        no_copy: bool,
        #[serde(skip_serializing_if = "Labels::is_empty", deserialize_with = "null_is_empty")]
        labels: Labels,
        #[serde(skip_serializing_if = "Option::is_none")]
        driver_config: Option<super::Driver>,
        #[serde(skip_serializing_if = "String::is_empty")]
        subpath: String,
    }
}

object! {
    /// Where a config or secret appears in the container.
    FileTarget {
        name: String,
        #[serde(rename = "UID")]
        uid: String,
        #[serde(rename = "GID")]
        gid: String,
        mode: u32,
    }
}

object! {
    /// A secret that a task mounts.
    SecretRef {
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<FileTarget>,
        /// Empty until the engine edge fills it in.
        #[serde(rename = "SecretID")]
        id: String,
        #[serde(rename = "SecretName")]
        name: String,
    }
}

object! {
    /// A config that a task mounts.
    ConfigRef {
        #[serde(skip_serializing_if = "Option::is_none")]
        file: Option<FileTarget>,
        #[serde(skip_serializing_if = "Option::is_none")]
        runtime: Option<Value>,
        /// Empty until the engine edge fills it in.
        #[serde(rename = "ConfigID")]
        id: String,
        #[serde(rename = "ConfigName")]
        name: String,
    }
}

object! {
    /// A resource limit of a process.
    Ulimit {
        name: String,
        hard: i64,
        soft: i64,
    }
}

object! {
    /// Limits and reservations of a task.
    Resources {
        #[serde(skip_serializing_if = "Option::is_none")]
        limits: Option<ResourceAmount>,
        #[serde(skip_serializing_if = "Option::is_none")]
        reservations: Option<ResourceAmount>,
    }
}

object! {
    /// An amount of CPU and memory.
    ResourceAmount {
        /// Billionths of a CPU.
        #[serde(rename = "NanoCPUs", skip_serializing_if = "is_zero")]
        nano_cpus: i64,
        #[serde(skip_serializing_if = "is_zero")]
        memory_bytes: i64,
        #[serde(skip_serializing_if = "is_zero")]
        pids: i64,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        generic_resources: Vec<Value>,
    }
}

object! {
    /// When a task that ended is replaced; durations are nanoseconds.
    RestartPolicy {
        #[serde(skip_serializing_if = "String::is_empty")]
        condition: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        delay: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        max_attempts: Option<u64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        window: Option<i64>,
    }
}

object! {
    /// Which nodes may run a task.
    Placement {
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        constraints: Vec<String>,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        preferences: Vec<Value>,
        #[serde(skip_serializing_if = "is_zero_u64")]
        max_replicas: u64,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        platforms: Vec<Value>,
    }
}

fn is_zero_u64(value: &u64) -> bool {
    *value == 0
}

object! {
    /// A network that tasks join; `target` is a network's name here.
    NetworkAttachment {
        #[serde(skip_serializing_if = "String::is_empty")]
        target: String,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        aliases: Vec<String>,
        #[serde(skip_serializing_if = "Labels::is_empty", deserialize_with = "null_is_empty")]
        driver_opts: Labels,
    }
}

object! {
    /// How many tasks there are; exactly one member is set.
    Mode {
        #[serde(skip_serializing_if = "Option::is_none")]
        replicated: Option<Replicated>,
        #[serde(skip_serializing_if = "Option::is_none")]
        global: Option<Empty>,
        #[serde(skip_serializing_if = "Option::is_none")]
        replicated_job: Option<ReplicatedJob>,
        #[serde(skip_serializing_if = "Option::is_none")]
        global_job: Option<Empty>,
    }
}

/// An object without keys.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Empty {}

/// A fixed number of tasks.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Replicated {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u64>,
}

/// Tasks that run to their end.
#[derive(Clone, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReplicatedJob {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_concurrent: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_completions: Option<u64>,
}

object! {
    /// How tasks are replaced on an update or a rollback; durations are nanoseconds.
    UpdateConfig {
        parallelism: u64,
        #[serde(skip_serializing_if = "is_zero")]
        delay: i64,
        #[serde(skip_serializing_if = "String::is_empty")]
        failure_action: String,
        #[serde(skip_serializing_if = "is_zero")]
        monitor: i64,
        /// Go holds this as a float32.
        max_failure_ratio: f32,
        order: String,
    }
}

object! {
    /// How a service is reached.
    EndpointSpec {
        #[serde(skip_serializing_if = "String::is_empty")]
        mode: String,
        #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "null_is_empty")]
        ports: Vec<PortConfig>,
    }
}

object! {
    /// A published port.
    PortConfig {
        #[serde(skip_serializing_if = "String::is_empty")]
        protocol: String,
        #[serde(skip_serializing_if = "is_zero_u32")]
        target_port: u32,
        #[serde(skip_serializing_if = "is_zero_u32")]
        published_port: u32,
        #[serde(skip_serializing_if = "String::is_empty")]
        publish_mode: String,
    }
}

fn is_zero_u32(value: &u32) -> bool {
    *value == 0
}

impl ServiceSpec {
    /// Tasks that a replicated service wants; `None` for global services and jobs.
    #[must_use]
    pub fn replicas(&self) -> Option<u64> {
        self.mode
            .replicated
            .as_ref()
            .map(|replicated| replicated.replicas.unwrap_or(1))
    }
}
