//! One difference between two specs, and the words for where it is.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One difference. A missing side is a value that is not there; one that is `null` is a value:
/// a variable without a value of its own.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Change {
    /// Where: `replicas`, `limits.memory`, `env.MINIO_ROOT_USER`.
    pub path: String,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub from: Option<Value>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub to: Option<Value>,
}

/// By itself serde reads `null` as a side that is not there.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

impl Change {
    /// The new value in words.
    #[must_use]
    pub fn to_words(&self) -> String {
        human(&self.path, self.to.as_ref())
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, from, to } = self;
        let side = |value| human(path, value);
        write!(
            f,
            "{path}: {} -> {}",
            side(from.as_ref()),
            side(to.as_ref())
        )
    }
}

/// A value with the unit of its path.
fn human(path: &str, value: Option<&Value>) -> String {
    let Some(value) = value else {
        return "(none)".to_owned();
    };
    let last = path.rsplit('.').next().unwrap_or(path);
    match (value, value.as_i64()) {
        (_, Some(n)) if path.ends_with("s.memory") || last == "size_bytes" => bytes(n),
        (_, Some(n)) if path.ends_with("s.cpus") => cpus(n),
        (_, Some(n)) if DURATIONS.contains(&last) => duration(n),
        (_, Some(n)) if last == "mode" && path.contains(".file.") => format!("{n:04o}"),
        (Value::String(text), _) if text.is_empty() => "\"\"".to_owned(),
        (Value::String(text), _) => text.clone(),
        _ => value.to_string(),
    }
}

const DURATIONS: [&str; 8] = [
    "delay",
    "interval",
    "monitor",
    "start_interval",
    "start_period",
    "stop_grace_period",
    "timeout",
    "window",
];

/// The largest binary unit that divides it.
fn bytes(bytes: i64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    let fits = |(shift, _): &&(u32, &str)| bytes != 0 && bytes % (1 << shift) == 0;
    match units.iter().find(fits) {
        Some((shift, unit)) => format!("{} {unit}", bytes >> shift),
        None => format!("{bytes} B"),
    }
}

fn cpus(nano: i64) -> String {
    decimal(nano, 1_000_000_000)
}

fn duration(nanoseconds: i64) -> String {
    match nanoseconds {
        0 => "0s".to_owned(),
        n if n % 60_000_000_000 == 0 => format!("{}m", n / 60_000_000_000),
        n if n % 1_000_000 == 0 && n.abs() < 1_000_000_000 => format!("{}ms", n / 1_000_000),
        n => format!("{}s", decimal(n, 1_000_000_000)),
    }
}

/// `value / unit` without trailing zeros.
fn decimal(value: i64, unit: i64) -> String {
    let (whole, rest) = (value / unit, (value % unit).abs());
    let digits = format!("{rest:09}");
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        whole.to_string()
    } else {
        format!("{whole}.{digits}")
    }
}

/// The words of a stack file for a place in the API's spec; an empty one adds nothing.
const NAMES: [(&str, &str); 25] = [
    ("EndpointSpec.Mode", "endpoint_mode"),
    ("EndpointSpec.Ports", "ports"),
    ("Mode.Replicated.Replicas", "replicas"),
    ("TaskTemplate", ""),
    ("TaskTemplate.ContainerSpec", ""),
    ("TaskTemplate.ContainerSpec.Args", "command"),
    ("TaskTemplate.ContainerSpec.CapabilityAdd", "cap_add"),
    ("TaskTemplate.ContainerSpec.CapabilityDrop", "cap_drop"),
    ("TaskTemplate.ContainerSpec.Command", "entrypoint"),
    ("TaskTemplate.ContainerSpec.DNSConfig", "dns"),
    ("TaskTemplate.ContainerSpec.Dir", "working_dir"),
    ("TaskTemplate.ContainerSpec.Env", "env"),
    ("TaskTemplate.ContainerSpec.Hosts", "extra_hosts"),
    ("TaskTemplate.ContainerSpec.Labels", "container_labels"),
    ("TaskTemplate.ContainerSpec.Mounts", "volumes"),
    ("TaskTemplate.ContainerSpec.OpenStdin", "stdin_open"),
    ("TaskTemplate.LogDriver", "logging"),
    (
        "TaskTemplate.Placement.MaxReplicas",
        "placement.max_replicas_per_node",
    ),
    ("TaskTemplate.Resources", ""),
    ("TaskTemplate.Resources.Limits", "limits"),
    ("TaskTemplate.Resources.Limits.MemoryBytes", "limits.memory"),
    ("TaskTemplate.Resources.Limits.NanoCPUs", "limits.cpus"),
    ("TaskTemplate.Resources.Reservations", "reservations"),
    (
        "TaskTemplate.Resources.Reservations.MemoryBytes",
        "reservations.memory",
    ),
    (
        "TaskTemplate.Resources.Reservations.NanoCPUs",
        "reservations.cpus",
    ),
];

/// The path to show for the member `key` of the object at `parent` in the API, which itself is
/// shown as `path`.
pub(super) fn shown(api: &str, parent: &str, path: &str, key: &str) -> String {
    if let Some((_, name)) = NAMES.iter().find(|(known, _)| *known == api) {
        return (*name).to_owned();
    }
    let word = if holds_user_names(parent) {
        key.to_owned()
    } else {
        snake(key)
    };
    if path.is_empty() {
        word
    } else {
        format!("{path}.{word}")
    }
}

/// Whether the keys of an object are a user's, not the API's.
fn holds_user_names(api: &str) -> bool {
    let last = api.rsplit('.').next().unwrap_or(api);
    let lists = ["Configs", "Env", "Mounts", "Secrets", "Sysctls", "Ulimits"];
    let list = api
        .strip_prefix("TaskTemplate.ContainerSpec.")
        .is_some_and(|name| lists.contains(&name));
    list || matches!(api, "EndpointSpec.Ports" | "TaskTemplate.Networks")
        || matches!(last, "Labels" | "Options" | "DriverOpts")
}

/// `MaxFailureRatio` as `max_failure_ratio`.
fn snake(word: &str) -> String {
    let mut out = String::new();
    let mut after_lower = false;
    for c in word.chars() {
        if c.is_uppercase() && after_lower {
            out.push('_');
        }
        after_lower = c.is_lowercase();
        out.extend(c.to_lowercase());
    }
    out
}
