//! Top-level `configs` and `secrets`, and the references of a service to them.

use std::collections::BTreeMap;
use std::fmt;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::section::Section;
use super::volumes::external;
use crate::spec::{ConfigRef, ConfigSpec, Driver, FileTarget, SecretRef, SecretSpec};

/// SwarmKit's limits, in bytes.
const CONFIG_LIMIT: usize = 1000 * 1024 - 1;
const SECRET_LIMIT: usize = 500 * 1024 - 1;

/// A secret that the stack makes from a file or from a secret driver.
#[derive(Clone, Default, Eq, PartialEq)]
pub struct StackSecret {
    pub spec: SecretSpec,
    /// Never shown.
    pub data: Vec<u8>,
    pub driver: Option<Driver>,
    pub template_driver: Option<String>,
}

impl fmt::Debug for StackSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StackSecret")
            .field("spec", &self.spec)
            .field("driver", &self.driver)
            .field("template_driver", &self.template_driver)
            .finish_non_exhaustive()
    }
}

/// Configs or secrets by the file's own names.
pub(super) struct Objects<T> {
    /// The name in Swarm of each.
    pub(super) names: BTreeMap<String, String>,
    pub(super) external: Vec<String>,
    pub(super) made: BTreeMap<String, T>,
}

fn objects<T>(
    node: Option<&Node>,
    keys: &[&'static str],
    make: impl Fn(&str, &Node, &Section<'_>) -> Result<(String, T), StackError>,
) -> Result<Objects<T>, StackError> {
    let mut objects = Objects {
        names: BTreeMap::new(),
        external: Vec::new(),
        made: BTreeMap::new(),
    };
    let Some(node) = node else {
        return Ok(objects);
    };
    for (key, node) in node.named()? {
        let section = node.section(keys, true)?;
        let name = section.string("name")?;
        let name = match external(&section, &key.text, &name)? {
            Some(name) => {
                objects.external.push(name.clone());
                name
            }
            None => {
                let (name, object) = make(&key.text, node, &section)?;
                objects.made.insert(key.text.to_string(), object);
                name
            }
        };
        objects.names.insert(key.text.to_string(), name);
    }
    objects.external.sort();
    objects.external.dedup();
    Ok(objects)
}

/// The name of an object that the stack makes: at most 64 of a few characters (SwarmKit).
fn name_of(
    context: &Context<'_>,
    key: &str,
    node: &Node,
    section: &Section<'_>,
) -> Result<String, StackError> {
    let given = section.string("name")?;
    let name = if given.is_empty() {
        context.scope(key)
    } else {
        given
    };
    let legal = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if name.len() > 64 || !name.chars().all(legal) {
        return Err(node.invalid(
            &name,
            "a name of at most 64 letters, digits, `-`, `_` and `.`",
        ));
    }
    Ok(name)
}

fn data(
    context: &Context<'_>,
    node: &Node,
    section: &Section<'_>,
    limit: usize,
) -> Result<Vec<u8>, StackError> {
    let file = section
        .get("file")
        .ok_or_else(|| node.error(Problem::Missing { key: "file" }))?;
    let bytes = context.file(file, file.text()?)?;
    if bytes.is_empty() || bytes.len() > limit {
        return Err(file.error(Problem::FileSize {
            bytes: bytes.len(),
            limit,
        }));
    }
    Ok(bytes)
}

fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The stack's configs.
pub(super) fn configs(
    context: &Context<'_>,
    node: Option<&Node>,
) -> Result<Objects<ConfigSpec>, StackError> {
    let keys = ["external", "file", "labels", "name", "template_driver"];
    objects(node, &keys, |key, node, section| {
        let name = name_of(context, key, node, section)?;
        let spec = ConfigSpec {
            name: name.clone(),
            labels: context.labels(section.get("labels"))?,
            data: data(context, node, section, CONFIG_LIMIT)?,
            template_driver: non_empty(section.string("template_driver")?),
        };
        Ok((name, spec))
    })
}

/// The stack's secrets; a secret with a driver has no bytes.
pub(super) fn secrets(
    context: &Context<'_>,
    node: Option<&Node>,
) -> Result<Objects<StackSecret>, StackError> {
    let keys = [
        "driver",
        "driver_opts",
        "external",
        "file",
        "labels",
        "name",
        "template_driver",
    ];
    objects(node, &keys, |key, node, section| {
        let name = name_of(context, key, node, section)?;
        let driver = non_empty(section.string("driver")?);
        let options = section.get("driver_opts").map(Node::options).transpose()?;
        if driver.is_some() && section.get("file").is_some() {
            let with = "file".to_owned();
            return Err(node.error(Problem::Conflict { with }));
        }
        let data = match driver {
            Some(_) => Vec::new(),
            None => data(context, node, section, SECRET_LIMIT)?,
        };
        let secret = StackSecret {
            spec: SecretSpec {
                name: name.clone(),
                labels: context.labels(section.get("labels"))?,
            },
            data,
            driver: driver.map(|name| Driver {
                name,
                options: options.unwrap_or_default(),
            }),
            template_driver: non_empty(section.string("template_driver")?),
        };
        Ok((name, secret))
    })
}

/// The configs that a service mounts, sorted by name and target.
///
/// The CLI sorts by name alone, so the order of one config at two targets is random there and
/// restarts tasks without need.
pub(super) fn config_refs(
    node: &Node,
    names: &BTreeMap<String, String>,
) -> Result<Vec<ConfigRef>, StackError> {
    let refs = references(node, "config", names)?.into_iter();
    Ok(refs
        .map(|(name, file)| ConfigRef {
            file: Some(file),
            name,
            ..ConfigRef::default()
        })
        .collect())
}

/// The secrets that a service mounts, sorted by name and target.
pub(super) fn secret_refs(
    node: &Node,
    names: &BTreeMap<String, String>,
) -> Result<Vec<SecretRef>, StackError> {
    let refs = references(node, "secret", names)?.into_iter();
    Ok(refs
        .map(|(name, file)| SecretRef {
            file: Some(file),
            name,
            ..SecretRef::default()
        })
        .collect())
}

fn references(
    node: &Node,
    kind: &'static str,
    names: &BTreeMap<String, String>,
) -> Result<Vec<(String, FileTarget)>, StackError> {
    let mut refs: Vec<(String, FileTarget)> = Vec::new();
    for item in node.list()? {
        let (source, mut file) = match item.value {
            Value::Map(_) => long(item)?,
            _ => (item.text()?.to_owned(), file_target()),
        };
        let Some(name) = names.get(&source) else {
            return Err(item.error(Problem::Undefined { kind, name: source }));
        };
        if file.name.is_empty() {
            file.name = source;
        }
        if refs.iter().any(|(_, other)| other.name == file.name) {
            return Err(item.error(Problem::Duplicate { item: file.name }));
        }
        refs.push((name.clone(), file));
    }
    refs.sort_by(|a, b| (&a.0, &a.1.name).cmp(&(&b.0, &b.1.name)));
    Ok(refs)
}

fn file_target() -> FileTarget {
    FileTarget {
        uid: "0".to_owned(),
        gid: "0".to_owned(),
        mode: 0o444,
        ..FileTarget::default()
    }
}

fn long(node: &Node) -> Result<(String, FileTarget), StackError> {
    let section = node.section(&["gid", "mode", "source", "target", "uid"], false)?;
    let source = section
        .text("source")?
        .ok_or_else(|| node.error(Problem::Missing { key: "source" }))?;
    let mut file = file_target();
    file.name = section.string("target")?;
    for (key, field) in [("uid", &mut file.uid), ("gid", &mut file.gid)] {
        if let Some(text) = section.text(key)?.filter(|text| !text.is_empty()) {
            text.clone_into(field);
        }
    }
    if let Some(node) = section.get("mode") {
        let mode = node.cast_integer()?;
        let fits = u32::try_from(mode).ok().filter(|mode| *mode <= 0o7777);
        file.mode = fits.ok_or_else(|| node.invalid(&mode.to_string(), "a file mode"))?;
    }
    Ok((source.to_owned(), file))
}
