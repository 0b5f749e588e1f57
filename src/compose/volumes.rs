//! Top-level `volumes`: they are made by the node when a task that mounts them starts there.

use std::collections::BTreeMap;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::section::Section;
use crate::spec::{Driver, VolumeOptions};

/// A named volume.
pub(super) struct Volume {
    pub(super) name: String,
    pub(super) options: VolumeOptions,
}

/// The volumes that services may mount, by the file's own names.
pub(super) fn volumes(
    context: &Context<'_>,
    node: Option<&Node>,
) -> Result<BTreeMap<String, Volume>, StackError> {
    let Some(node) = node else {
        return Ok(BTreeMap::new());
    };
    let volumes = node.named()?.iter();
    volumes
        .map(|(key, node)| Ok((key.text.to_string(), volume(context, &key.text, node)?)))
        .collect()
}

fn volume(context: &Context<'_>, key: &str, node: &Node) -> Result<Volume, StackError> {
    let mut volume = Volume {
        name: context.scope(key),
        options: VolumeOptions {
            labels: context.labels(None)?,
            ..VolumeOptions::default()
        },
    };
    if node.value == Value::Null {
        return Ok(volume);
    }
    let section = node.section(
        &["driver", "driver_opts", "external", "labels", "name"],
        true,
    )?;
    section.refuse("x-cluster-spec", "cluster volumes need a CSI plugin")?;
    let name = section.string("name")?;
    if let Some(external) = external(&section, key, &name)? {
        for with in ["driver", "driver_opts", "labels"] {
            if let Some(node) = section.get(with) {
                let with = "external".to_owned();
                return Err(node.error(Problem::Conflict { with }));
            }
        }
        volume.name = external;
        volume.options = VolumeOptions::default();
        return Ok(volume);
    }
    if !name.is_empty() {
        volume.name = name;
    }
    volume.options.labels = context.labels(section.get("labels"))?;
    let driver = section.string("driver")?;
    let driver_opts = section.get("driver_opts").map(Node::options).transpose()?;
    if !driver.is_empty() || driver_opts.is_some() {
        volume.options.driver_config = Some(Driver {
            name: driver,
            options: driver_opts.unwrap_or_default(),
        });
    }
    Ok(volume)
}

/// The name of an external object; `None` when the stack makes the object itself.
///
/// `external: {name: x}` is the old spelling of `external: true` with `name: x`.
pub(super) fn external(
    section: &Section<'_>,
    key: &str,
    name: &str,
) -> Result<Option<String>, StackError> {
    let Some(node) = section.get("external") else {
        return Ok(None);
    };
    let or_key = |name: &str| if name.is_empty() { key } else { name }.to_owned();
    if let Value::Map(_) = node.value {
        let inner = node.section(&["name"], false)?.string("name")?;
        if !inner.is_empty() && !name.is_empty() {
            let with = "name".to_owned();
            return Err(node.error(Problem::Conflict { with }));
        }
        let name = if inner.is_empty() { name } else { &inner };
        return Ok(Some(or_key(name)));
    }
    Ok(node.cast_boolean()?.then(|| or_key(name)))
}
