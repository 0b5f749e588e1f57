//! Stack files (Compose version 3), read as `docker stack deploy` reads them.
//!
//! One file becomes the specs that the CLI, from 20.10 to 29, would post; where versions differ,
//! 29 is followed. What Swarm would drop is a [`Warning`]; what the CLI refuses, what the engine
//! would refuse later, and what this reader does not know is a [`StackError`] with its place.
//! Images are not resolved here (see [`image`]), references stay names (see [`crate::spec`]).

mod context;
mod deploy;
mod environment;
mod error;
mod health;
pub mod image;
mod interpolate;
mod keys;
mod linux;
mod lists;
mod mounts;
mod networks;
mod node;
mod objects;
mod paths;
mod ports;
mod raw;
mod resources;
mod scalar;
mod section;
mod service;
#[cfg(test)]
mod tests;
mod trail;
mod tree;
mod units;
mod volumes;
mod warning;
mod words;
mod yaml;

use std::collections::{BTreeMap, BTreeSet};

pub use context::{NAMESPACE_LABEL, Surroundings};
pub use error::{Path, Place, Problem, StackError};
pub use interpolate::Variables;
pub use networks::StackNetwork;
pub use objects::StackSecret;
pub use warning::{Quirk, Warning};

use crate::spec::{ConfigSpec, ServiceSpec};
use context::Context;
use node::{Node, Value};
use service::Known;

/// A stack: what one file asks of a Swarm. Keys are the file's own names; the names in the specs
/// begin with the namespace unless the file gives others.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stack {
    pub namespace: String,
    pub services: BTreeMap<String, ServiceSpec>,
    /// Networks that at least one service joins; the CLI makes no other.
    pub networks: BTreeMap<String, StackNetwork>,
    pub configs: BTreeMap<String, ConfigSpec>,
    pub secrets: BTreeMap<String, StackSecret>,
    /// Names in Swarm of configs that must exist.
    pub external_configs: BTreeSet<String>,
    /// Names in Swarm of secrets that must exist.
    pub external_secrets: BTreeSet<String>,
    pub warnings: Vec<Warning>,
}

/// Reads a stack file without variables and without a directory for relative paths.
///
/// `files` gives the bytes of a file that the stack file names (`configs.x.file`, `env_file`).
///
/// # Errors
/// When `docker stack deploy` or the engine would refuse the file, or when it holds what this
/// reader does not support.
pub fn read(
    namespace: &str,
    text: &str,
    files: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<Stack, StackError> {
    let surroundings = Surroundings {
        files,
        variables: &Variables::new(),
        directory: "",
    };
    read_in(namespace, text, surroundings)
}

/// Reads a stack file in given surroundings; otherwise like [`read`].
///
/// # Errors
/// As [`read`].
pub fn read_in(
    namespace: &str,
    text: &str,
    surroundings: Surroundings<'_>,
) -> Result<Stack, StackError> {
    let (mut root, mut warnings) = yaml::parse(text)?;
    interpolate::interpolate(&mut root, surroundings.variables, &mut warnings)?;
    let section = root.section(
        &[
            "configs", "networks", "secrets", "services", "version", "volumes",
        ],
        true,
    )?;
    let mut context = Context {
        ports: 0,
        namespace,
        version: version(section.get("version"))?,
        outside: surroundings,
        warnings,
    };
    if section.get("version").is_none() {
        context.warn(&root, Quirk::NoVersion);
    }
    let networks = networks::networks(&context, section.get("networks"))?;
    let volumes = volumes::volumes(&context, section.get("volumes"))?;
    let secrets = objects::secrets(&context, section.get("secrets"))?;
    let configs = objects::configs(&context, section.get("configs"))?;
    let known = Known {
        configs: &configs.names,
        secrets: &secrets.names,
        networks: &networks,
        volumes: &volumes,
    };
    let mut stack = Stack {
        namespace: namespace.to_owned(),
        ..Stack::default()
    };
    section.get("services").map(Node::named).transpose()?;
    let services = root.take("services");
    // Thousands of services are a tall tree: each is let go once it is read.
    for (key, node) in services {
        let (spec, joined) = service::service(&mut context, &key.text, &node, &known)?;
        stack.services.insert(key.text.to_string(), spec);
        for name in joined {
            if let Some(network) = networks.get(&name) {
                stack.networks.insert(name, network.clone());
            }
        }
    }
    stack.configs = configs.made;
    stack.secrets = secrets.made;
    stack.external_configs = configs.external.into_iter().collect();
    stack.external_secrets = secrets.external.into_iter().collect();
    stack.warnings = context.warnings;
    Ok(stack)
}

/// The minor number of the version. `3`, the empty string and no version at all are the newest,
/// 3.13; versions before 3.8 lack keys that rendered stacks use.
fn version(node: Option<&Node>) -> Result<u8, StackError> {
    const NEWEST: u8 = 13;
    let Some(node) = node else { return Ok(NEWEST) };
    let wanted = "a version from `3.8` to `3.13`";
    if let Value::Float(_) | Value::Int(_) = node.value {
        return Err(node.error(Problem::WrongType {
            wanted: "a string such as `\"3.9\"`",
            found: "a number",
        }));
    }
    let text = node.text()?;
    if matches!(text, "" | "3") {
        return Ok(NEWEST);
    }
    text.strip_prefix("3.")
        .and_then(|minor| minor.parse().ok())
        .filter(|minor| (8..=NEWEST).contains(minor))
        .ok_or_else(|| node.invalid(text, wanted))
}
