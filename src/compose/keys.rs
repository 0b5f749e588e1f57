//! The keys of a service: which are read, which Swarm ignores, which it forbids.

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::warning::Quirk;

/// What the value of an ignored key must be for docker/cli to take the file.
#[derive(Clone, Copy)]
enum Shape {
    Any,
    Boolean,
    Integer,
    Text,
    TextOrNull,
    Texts,
    TextOrTexts,
    TextsOrNumbers,
}

/// Keys that make it into the spec.
const READ: [&str; 32] = [
    "cap_add",
    "cap_drop",
    "command",
    "configs",
    "deploy",
    "dns",
    "dns_search",
    "entrypoint",
    "env_file",
    "environment",
    "extra_hosts",
    "healthcheck",
    "hostname",
    "image",
    "init",
    "isolation",
    "labels",
    "logging",
    "networks",
    "ports",
    "read_only",
    "restart",
    "secrets",
    "stdin_open",
    "stop_grace_period",
    "stop_signal",
    "sysctls",
    "tty",
    "ulimits",
    "user",
    "volumes",
    "working_dir",
];

/// Keys that `docker stack deploy` takes and does nothing with; for `depends_on`, `tmpfs` and
/// `oom_score_adj` it does not even say so.
const IGNORED: [(&str, Shape); 20] = [
    ("build", Shape::Any),
    ("cgroup_parent", Shape::Text),
    ("cgroupns_mode", Shape::Text),
    ("container_name", Shape::Text),
    ("depends_on", Shape::Texts),
    ("devices", Shape::Texts),
    ("domainname", Shape::Text),
    ("expose", Shape::TextsOrNumbers),
    ("external_links", Shape::Texts),
    ("ipc", Shape::Text),
    ("links", Shape::Texts),
    ("mac_address", Shape::Text),
    ("network_mode", Shape::Text),
    ("oom_score_adj", Shape::Integer),
    ("pid", Shape::TextOrNull),
    ("privileged", Shape::Boolean),
    ("security_opt", Shape::Texts),
    ("shm_size", Shape::Text),
    ("tmpfs", Shape::TextOrTexts),
    ("userns_mode", Shape::Text),
];

const LIMITS: &str = "set `deploy.resources`";

const FORBIDDEN: [(&str, &str); 8] = [
    ("cpu_quota", LIMITS),
    ("cpu_shares", LIMITS),
    ("cpuset", LIMITS),
    ("extends", "write the service out, or use a YAML anchor"),
    ("mem_limit", LIMITS),
    ("memswap_limit", LIMITS),
    (
        "volume_driver",
        "give the driver to a volume under `volumes`",
    ),
    (
        "volumes_from",
        "mount a volume from `volumes` in both services",
    ),
];

/// Refuses a service with keys that the CLI refuses, and warns of those it ignores.
pub(super) fn check(context: &mut Context<'_>, service: &Node) -> Result<(), StackError> {
    for (key, node) in service.map()? {
        let name = &*key.text;
        if READ.contains(&name) || name.starts_with("x-") {
            continue;
        }
        if let Some((_, shape)) = IGNORED.iter().find(|(known, _)| *known == name) {
            since(context, node, name)?;
            shape.check(node)?;
            context.warn(node, Quirk::Ignored);
        } else if let Some((_, instead)) = FORBIDDEN.iter().find(|(known, _)| *known == name) {
            return Err(node.error(Problem::Forbidden { instead }));
        } else if name == "credential_spec" {
            let why = "it is for Windows containers";
            return Err(node.error(Problem::Unsupported { why }));
        } else {
            return Err(service.unknown_key(key, READ.into_iter()));
        }
    }
    Ok(())
}

fn since(context: &Context<'_>, node: &Node, name: &str) -> Result<(), StackError> {
    let (key, needed, since) = match name {
        "cgroupns_mode" => ("cgroupns_mode", 9, "3.9"),
        "oom_score_adj" => ("oom_score_adj", 13, "3.13"),
        _ => return Ok(()),
    };
    if context.version < needed {
        return Err(node.error(Problem::Version { key, since }));
    }
    Ok(())
}

impl Shape {
    fn check(self, node: &Node) -> Result<(), StackError> {
        match self {
            Self::Any => Ok(()),
            Self::Boolean => node.cast_boolean().map(drop),
            Self::Integer => node.cast_integer().map(drop),
            Self::Text => node.text().map(drop),
            Self::TextOrNull if node.value == Value::Null => Ok(()),
            Self::TextOrNull => node.text().map(drop),
            Self::Texts => node.unique_texts().map(drop),
            Self::TextOrTexts => node.text_or_texts().map(drop),
            Self::TextsOrNumbers => {
                let item = |item: &Node| match item.value {
                    Value::Int(_) | Value::Float(_) => Ok(()),
                    _ => item.text().map(drop),
                };
                node.list()?.iter().try_for_each(item)
            }
        }
    }
}
