//! Top-level `networks`, and the networks that a service joins.

use std::collections::BTreeMap;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::volumes::external;
use super::warning::Quirk;
use crate::spec::{Ipam, IpamConfig, NetworkAttachment, NetworkSpec};

/// A network that services of a stack join.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StackNetwork {
    /// Someone else makes it; only the name of its spec means something.
    pub external: bool,
    pub spec: NetworkSpec,
}

/// The networks that services may join, by the file's own names; `default` is always there.
pub(super) fn networks(
    context: &Context<'_>,
    node: Option<&Node>,
) -> Result<BTreeMap<String, StackNetwork>, StackError> {
    let mut networks = BTreeMap::new();
    if let Some(node) = node {
        for (key, node) in node.named()? {
            networks.insert(key.text.to_string(), network(context, &key.text, node)?);
        }
    }
    if !networks.contains_key("default") {
        networks.insert("default".to_owned(), made(context, "default")?);
    }
    Ok(networks)
}

fn made(context: &Context<'_>, key: &str) -> Result<StackNetwork, StackError> {
    Ok(StackNetwork {
        external: false,
        spec: NetworkSpec {
            name: context.scope(key),
            driver: "overlay".to_owned(),
            labels: context.labels(None)?,
            ..NetworkSpec::default()
        },
    })
}

fn network(context: &Context<'_>, key: &str, node: &Node) -> Result<StackNetwork, StackError> {
    let mut network = made(context, key)?;
    if node.value == Value::Null {
        return Ok(network);
    }
    let section = node.section(
        &[
            "attachable",
            "driver",
            "driver_opts",
            "external",
            "internal",
            "ipam",
            "labels",
            "name",
        ],
        true,
    )?;
    let name = section.string("name")?;
    let external = external(&section, key, &name)?;
    let driver = section.string("driver")?;
    let spec = &mut network.spec;
    if !driver.is_empty() {
        spec.driver = driver;
    }
    spec.attachable = section.flag("attachable")?;
    spec.internal = section.flag("internal")?;
    spec.labels = context.labels(section.get("labels"))?;
    spec.options = section
        .get("driver_opts")
        .map(Node::options)
        .transpose()?
        .unwrap_or_default();
    spec.ipam = section.get("ipam").map(ipam).transpose()?.flatten();
    if !name.is_empty() {
        spec.name = name;
    }
    if let Some(name) = external {
        network.external = true;
        network.spec = NetworkSpec {
            name,
            ..NetworkSpec::default()
        };
    }
    Ok(network)
}

fn ipam(node: &Node) -> Result<Option<Ipam>, StackError> {
    let section = node.section(&["config", "driver"], false)?;
    let mut ipam = Ipam {
        driver: section.string("driver")?,
        config: Vec::new(),
    };
    if let Some(node) = section.get("config") {
        for item in node.list()? {
            let section = item.section(&["subnet"], false)?;
            let subnet = section.string("subnet")?;
            if !is_subnet(&subnet) {
                return Err(item.invalid(&subnet, "a subnet such as `10.1.0.0/16`"));
            }
            ipam.config.push(IpamConfig { subnet });
        }
    }
    Ok((!ipam.driver.is_empty() || !ipam.config.is_empty()).then_some(ipam))
}

/// docker/cli 28 posts any text here, 29 drops what is no prefix without a word.
fn is_subnet(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return false;
    };
    let most = match address.parse() {
        Ok(std::net::IpAddr::V4(_)) => 32,
        Ok(std::net::IpAddr::V6(_)) => 128,
        Err(_) => return false,
    };
    !bits.starts_with(['+', '0']) && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// The networks of one service, sorted by their names; without any it joins `default`.
pub(super) fn attachments(
    context: &mut Context<'_>,
    service: &str,
    node: Option<&Node>,
    networks: &BTreeMap<String, StackNetwork>,
) -> Result<(Vec<NetworkAttachment>, Vec<String>), StackError> {
    let mut joined: Vec<(String, NetworkAttachment)> = Vec::new();
    if let Some(node) = node {
        if node.list().is_ok() {
            for name in node.unique_texts()? {
                joined.push((name, NetworkAttachment::default()));
            }
        } else {
            for (key, node) in node.named()? {
                joined.push((key.text.to_string(), attachment(context, node)?));
            }
        }
    }
    if joined.is_empty() {
        joined.push(("default".to_owned(), NetworkAttachment::default()));
    }
    for (key, attachment) in &mut joined {
        let network = match (networks.get(key), node) {
            (Some(network), _) => network,
            (None, Some(node)) => {
                return Err(node.error(Problem::Undefined {
                    kind: "network",
                    name: key.clone(),
                }));
            }
            (None, None) => continue,
        };
        attachment.target.clone_from(&network.spec.name);
        // The engine's own networks take no aliases.
        if !matches!(
            attachment.target.as_str(),
            "default" | "bridge" | "host" | "none"
        ) {
            attachment.aliases.push(service.to_owned());
        }
    }
    joined.sort_by(|(_, a), (_, b)| a.target.cmp(&b.target));
    let (keys, attachments) = joined.into_iter().unzip();
    Ok((attachments, keys))
}

fn attachment(context: &mut Context<'_>, node: &Node) -> Result<NetworkAttachment, StackError> {
    if node.value == Value::Null {
        return Ok(NetworkAttachment::default());
    }
    let section = node.section(
        &["aliases", "driver_opts", "ipv4_address", "ipv6_address"],
        false,
    )?;
    section.since("driver_opts", context.version, 13)?;
    for ignored in ["ipv4_address", "ipv6_address"] {
        if let Some(node) = section.get(ignored) {
            node.text()?;
            context.warn(node, Quirk::Ignored);
        }
    }
    let aliases = section.get("aliases").map(Node::unique_texts).transpose()?;
    let driver_opts = section.get("driver_opts").map(Node::options).transpose()?;
    Ok(NetworkAttachment {
        aliases: aliases.unwrap_or_default(),
        driver_opts: driver_opts.unwrap_or_default(),
        ..NetworkAttachment::default()
    })
}
