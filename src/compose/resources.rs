//! `deploy.resources`.

use serde_json::json;

use super::error::{Problem, StackError};
use super::node::Node;
use super::section::Section;
use super::units;
use crate::spec::{ResourceAmount, Resources};

/// Limits and reservations; an empty section stays an empty object.
pub(super) fn resources(node: &Node, version: u8) -> Result<Resources, StackError> {
    let section = node.section(&["limits", "reservations"], false)?;
    let limits = |node: &Node| {
        let section = node.section(&["cpus", "memory", "pids"], false)?;
        section.since("pids", version, 9)?;
        let pids = section.get("pids").map(Node::integer).transpose()?;
        Ok::<_, StackError>(ResourceAmount {
            pids: pids.unwrap_or_default(),
            ..amount(&section)?
        })
    };
    let reservations = |node: &Node| {
        let section = node.section(&["cpus", "generic_resources", "memory"], false)?;
        let generic = section.get("generic_resources").map(generic).transpose()?;
        Ok::<_, StackError>(ResourceAmount {
            generic_resources: generic.unwrap_or_default(),
            ..amount(&section)?
        })
    };
    Ok(Resources {
        limits: section.get("limits").map(limits).transpose()?,
        reservations: section.get("reservations").map(reservations).transpose()?,
        ..Resources::default()
    })
}

fn amount(section: &Section<'_>) -> Result<ResourceAmount, StackError> {
    let mut amount = ResourceAmount::default();
    if let Some(node) = section.get("cpus") {
        let text = node.text()?;
        if !text.is_empty() {
            amount.nano_cpus = units::nano_cpus(text).ok_or_else(|| {
                node.invalid(
                    text,
                    "a number of CPUs with at most nine decimals, such as `0.5`",
                )
            })?;
        }
    }
    if let Some(node) = section.get("memory") {
        let text = node.text()?;
        amount.memory_bytes =
            units::bytes(text).ok_or_else(|| node.invalid(text, "a size such as `512M`"))?;
    }
    Ok(amount)
}

/// `[{discrete_resource_spec: {kind, value}}]`
fn generic(node: &Node) -> Result<Vec<serde_json::Value>, StackError> {
    let items = node.list()?.iter().map(|item| {
        let section = item.section(&["discrete_resource_spec"], false)?;
        let spec = section.get("discrete_resource_spec").ok_or_else(|| {
            item.error(Problem::Missing {
                key: "discrete_resource_spec",
            })
        })?;
        let section = spec.section(&["kind", "value"], false)?;
        let kind = section
            .text("kind")?
            .ok_or_else(|| spec.error(Problem::Missing { key: "kind" }))?;
        let value = section
            .get("value")
            .ok_or_else(|| spec.error(Problem::Missing { key: "value" }))?
            .integer()?;
        Ok(json!({ "DiscreteResourceSpec": { "Kind": kind, "Value": value } }))
    });
    items.collect()
}
