//! `deploy`, and the old `restart` that it replaces.

use serde_json::json;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::resources;
use super::section::Section;
use super::warning::Quirk;
use crate::spec::{
    Empty, Mode, Placement, Replicated, ReplicatedJob, Resources, RestartPolicy, UpdateConfig,
};

/// What `deploy` says.
#[derive(Default)]
pub(super) struct Deploy {
    pub(super) labels: crate::spec::Labels,
    pub(super) mode: Mode,
    pub(super) endpoint_mode: String,
    pub(super) placement: Placement,
    pub(super) resources: Resources,
    pub(super) restart_policy: Option<RestartPolicy>,
    pub(super) update_config: Option<UpdateConfig>,
    pub(super) rollback_config: Option<UpdateConfig>,
}

/// Reads `deploy`; null and absence are the same.
pub(super) fn deploy(
    context: &mut Context<'_>,
    service: &Node,
    node: Option<&Node>,
) -> Result<Deploy, StackError> {
    let Some(node) = node.filter(|node| node.value != Value::Null) else {
        context.warn(service, Quirk::ReplicasReset);
        return Ok(Deploy {
            labels: context.labels(None)?,
            mode: replicated(None),
            ..Deploy::default()
        });
    };
    let section = node.section(
        &[
            "endpoint_mode",
            "labels",
            "mode",
            "placement",
            "replicas",
            "resources",
            "restart_policy",
            "rollback_config",
            "update_config",
        ],
        false,
    )?;
    let mode = mode(context, node, &section)?;
    let job = mode.replicated_job.is_some() || mode.global_job.is_some();
    if let Some(node) = section.get("update_config").filter(|_| job) {
        let with = "a job".to_owned();
        return Err(node.error(Problem::Conflict { with }));
    }
    let version = context.version;
    Ok(Deploy {
        labels: context.labels(section.get("labels"))?,
        mode,
        endpoint_mode: endpoint_mode(&section)?,
        placement: section
            .get("placement")
            .map(placement)
            .transpose()?
            .unwrap_or_default(),
        resources: section
            .get("resources")
            .map(|node| resources::resources(node, version))
            .transpose()?
            .unwrap_or_default(),
        restart_policy: section
            .get("restart_policy")
            .map(restart_policy)
            .transpose()?,
        update_config: section
            .get("update_config")
            .map(update_config)
            .transpose()?,
        rollback_config: section
            .get("rollback_config")
            .map(update_config)
            .transpose()?,
    })
}

fn endpoint_mode(section: &Section<'_>) -> Result<String, StackError> {
    let text = section.string("endpoint_mode")?.to_lowercase();
    match (text.as_str(), section.get("endpoint_mode")) {
        ("" | "vip" | "dnsrr", _) | (_, None) => Ok(text),
        (_, Some(node)) => Err(node.invalid(&text, "`vip` or `dnsrr`")),
    }
}

fn replicated(replicas: Option<u64>) -> Mode {
    Mode {
        replicated: Some(Replicated { replicas }),
        ..Mode::default()
    }
}

fn mode(
    context: &mut Context<'_>,
    deploy: &Node,
    section: &Section<'_>,
) -> Result<Mode, StackError> {
    let replicas = section.get("replicas").map(Node::count).transpose()?;
    let mode = section.word(
        "mode",
        &["replicated", "global", "replicated-job", "global-job"],
        "`replicated`, `global`, `replicated-job` or `global-job`",
    )?;
    if let Some(node) = section
        .get("replicas")
        .filter(|_| mode.starts_with("global"))
    {
        let with = format!("mode: {mode}");
        return Err(node.error(Problem::Conflict { with }));
    }
    Ok(match mode.as_str() {
        "global" => Mode {
            global: Some(Empty {}),
            ..Mode::default()
        },
        "global-job" => Mode {
            global_job: Some(Empty {}),
            ..Mode::default()
        },
        "replicated-job" => Mode {
            replicated_job: Some(ReplicatedJob {
                max_concurrent: replicas,
                total_completions: replicas,
            }),
            ..Mode::default()
        },
        _ => {
            if replicas.is_none() {
                context.warn(deploy, Quirk::ReplicasReset);
            }
            replicated(replicas)
        }
    })
}

fn placement(node: &Node) -> Result<Placement, StackError> {
    let section = node.section(
        &["constraints", "max_replicas_per_node", "preferences"],
        false,
    )?;
    let constraints = section.get("constraints").map(Node::texts).transpose()?;
    let mut preferences = Vec::new();
    if let Some(node) = section.get("preferences") {
        for item in node.list()? {
            let spread = item.section(&["spread"], false)?.string("spread")?;
            preferences.push(json!({ "Spread": { "SpreadDescriptor": spread } }));
        }
    }
    let max_replicas = section
        .get("max_replicas_per_node")
        .map(Node::count)
        .transpose()?;
    Ok(Placement {
        constraints: constraints.unwrap_or_default(),
        preferences,
        max_replicas: max_replicas.unwrap_or_default(),
        ..Placement::default()
    })
}

fn restart_policy(node: &Node) -> Result<RestartPolicy, StackError> {
    let section = node.section(&["condition", "delay", "max_attempts", "window"], false)?;
    Ok(RestartPolicy {
        condition: section.word(
            "condition",
            &["none", "on-failure", "any"],
            "`none`, `on-failure` or `any`",
        )?,
        delay: section.duration("delay")?,
        max_attempts: section.get("max_attempts").map(Node::count).transpose()?,
        window: section.duration("window")?,
        ..RestartPolicy::default()
    })
}

/// Parallelism is 1 when it is not given; 0 is all tasks at once.
fn update_config(node: &Node) -> Result<UpdateConfig, StackError> {
    let section = node.section(
        &[
            "delay",
            "failure_action",
            "max_failure_ratio",
            "monitor",
            "order",
            "parallelism",
        ],
        false,
    )?;
    let parallelism = section.get("parallelism").map(Node::count).transpose()?;
    let ratio = section
        .get("max_failure_ratio")
        .map(Node::cast_number)
        .transpose()?;
    let order = section.word("order", &["start-first", "stop-first"], ORDER)?;
    if let Some(node) = section.get("order").filter(|_| order.is_empty()) {
        return Err(node.invalid("", ORDER));
    }
    Ok(UpdateConfig {
        parallelism: parallelism.unwrap_or(1),
        delay: section.duration("delay")?.unwrap_or_default(),
        failure_action: section.word(
            "failure_action",
            &["pause", "continue", "rollback"],
            "`pause`, `continue` or `rollback`",
        )?,
        monitor: section.duration("monitor")?.unwrap_or_default(),
        #[expect(clippy::cast_possible_truncation, reason = "a float32 in the API")]
        max_failure_ratio: ratio.unwrap_or_default() as f32,
        order,
        ..UpdateConfig::default()
    })
}

const ORDER: &str = "`start-first` or `stop-first`";

/// The old `restart`, used only without `deploy.restart_policy`.
pub(super) fn restart(node: &Node) -> Result<Option<RestartPolicy>, StackError> {
    let text = node.text()?;
    let policy = |condition: &str, max_attempts| RestartPolicy {
        condition: condition.to_owned(),
        max_attempts,
        ..RestartPolicy::default()
    };
    let (name, attempts) = match text.split_once(':') {
        Some((name, attempts)) => (name, Some(attempts)),
        None => (text, None),
    };
    let wanted = "`no`, `always`, `unless-stopped`, `on-failure` or `on-failure:3`";
    match (name, attempts) {
        ("" | "no", None) => Ok(None),
        // With a number, docker/cli 29 means something else than 28.
        ("always" | "unless-stopped", None) => Ok(Some(policy("any", None))),
        ("on-failure", attempts) => {
            let attempts = attempts.map(str::parse::<u64>).transpose();
            let attempts = attempts.map_err(|_| node.invalid(text, wanted))?;
            Ok(Some(policy("on-failure", attempts.filter(|n| *n > 0))))
        }
        _ => Err(node.invalid(text, wanted)),
    }
}
