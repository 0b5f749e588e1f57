//! `environment` and `env_file`.

use std::collections::BTreeMap;

use super::context::Context;
use super::error::{Problem, StackError};
use super::lists::split_pair;
use super::node::Node;
use super::section::Section;
use super::warning::Quirk;

/// `K=V` strings sorted by byte; a variable without any value stays `K`.
pub(super) fn environment(
    context: &mut Context<'_>,
    service: &Section<'_>,
) -> Result<Vec<String>, StackError> {
    let mut all = BTreeMap::new();
    if let Some(node) = service.get("env_file") {
        let names = node.text_or_texts()?;
        let mut pairs = BTreeMap::new();
        for name in names {
            let bytes = context.file(node, &name)?;
            pairs.extend(env_file(context, node, &bytes)?);
        }
        merge(context, node, &mut all, pairs);
    }
    if let Some(node) = service.get("environment") {
        merge(context, node, &mut all, node.pairs()?);
    }
    let mut list: Vec<String> = all
        .into_iter()
        .map(|(key, value)| match value {
            Some(value) => format!("{key}={value}"),
            None => key,
        })
        .collect();
    list.sort();
    Ok(list)
}

/// A variable without a value, or with an empty one, takes the value that the deployment's own
/// environment has for it (docker/cli `updateEnvironment`).
fn merge(
    context: &mut Context<'_>,
    node: &Node,
    all: &mut BTreeMap<String, Option<String>>,
    pairs: BTreeMap<String, Option<String>>,
) {
    for (key, value) in pairs {
        let outside = context.outside.variables.get(&key);
        let value = match (value, outside) {
            (Some(value), Some(outside)) if value.is_empty() => {
                if !outside.is_empty() {
                    let at = node.map().ok().and_then(|entries| {
                        let entry = entries.iter().find(|(name, _)| *name.text == *key);
                        entry.map(|(_, value)| value.clone())
                    });
                    context.warn(at.as_ref().unwrap_or(node), Quirk::EmptyReplaced);
                }
                Some(outside.clone())
            }
            (None, Some(outside)) => Some(outside.clone()),
            (value, _) => value,
        };
        all.insert(key, value);
    }
}

/// The variables of a file: values as they stand, quotes and trailing blanks included.
fn env_file(
    context: &Context<'_>,
    node: &Node,
    bytes: &[u8],
) -> Result<Vec<(String, Option<String>)>, StackError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|_| node.invalid("its bytes", "UTF-8"))?;
    let mut pairs = Vec::new();
    for line in text.lines() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = split_pair(line.to_owned());
        if key.is_empty() || key.contains([' ', '\t']) {
            return Err(node.error(Problem::Invalid {
                text: line.to_owned(),
                wanted: "`NAME=value`",
            }));
        }
        let outside = || context.outside.variables.get(&key).cloned();
        if let Some(value) = value.or_else(outside) {
            pairs.push((key, Some(value)));
        }
    }
    Ok(pairs)
}
