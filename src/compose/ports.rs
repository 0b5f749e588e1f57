//! `ports`.

use std::ops::RangeInclusive;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::warning::Quirk;
use crate::spec::PortConfig;

/// A file has this many ports at most: `1-65535` is a short text for many, and thousands of services
/// with it would take all memory there is.
const MOST: usize = 500_000;

/// Published ports, sorted as docker/cli 29 sorts them.
pub(super) fn ports(context: &mut Context<'_>, node: &Node) -> Result<Vec<PortConfig>, StackError> {
    let mut ports = Vec::new();
    for (i, item) in node.list()?.iter().enumerate() {
        if node.list()?[..i]
            .iter()
            .any(|other| other.value == item.value)
        {
            let item = short_text(item).unwrap_or_else(|| "a port".to_owned());
            return Err(node.error(Problem::Duplicate { item }));
        }
        match short_text(item) {
            Some(text) => ports.extend(short(context, item, &text)?),
            None => ports.push(long(item)?),
        }
    }
    context.ports += ports.len();
    if context.ports > MOST {
        return Err(node.error(Problem::ManyPorts { limit: MOST }));
    }
    ports.sort_by(|a, b| key(a).cmp(&key(b)));
    Ok(ports)
}

/// The order of docker/cli 29: published, target, protocol, mode.
fn key(port: &PortConfig) -> (u32, u32, &str, &str) {
    (
        port.published_port,
        port.target_port,
        &port.protocol,
        &port.publish_mode,
    )
}

fn short_text(node: &Node) -> Option<String> {
    match &node.value {
        Value::Int(port) => Some(port.to_string()),
        Value::Text(text) => Some(text.text.clone()),
        _ => None,
    }
}

/// `{target, published, protocol, mode}`: taken as given, Swarm fills what is missing.
fn long(node: &Node) -> Result<PortConfig, StackError> {
    let section = node.section(&["mode", "protocol", "published", "target"], false)?;
    let port = |name: &'static str| -> Result<Option<u32>, StackError> {
        let Some(node) = section.get(name) else {
            return Ok(None);
        };
        let value = node.cast_integer()?;
        match u16::try_from(value) {
            Ok(port) => Ok(Some(u32::from(port))),
            Err(_) => Err(node.invalid(&value.to_string(), "a port up to 65535")),
        }
    };
    Ok(PortConfig {
        protocol: section.word(
            "protocol",
            &["tcp", "udp", "sctp"],
            "`tcp`, `udp` or `sctp`",
        )?,
        target_port: port("target")?
            .ok_or_else(|| node.error(Problem::Missing { key: "target" }))?,
        published_port: port("published")?.unwrap_or_default(),
        publish_mode: section.word("mode", &["host", "ingress"], "`host` or `ingress`")?,
        ..PortConfig::default()
    })
}

/// `[address:][published:]target[/protocol]`, ranges included (go-connections `nat`).
fn short(
    context: &mut Context<'_>,
    node: &Node,
    text: &str,
) -> Result<Vec<PortConfig>, StackError> {
    let invalid = || node.invalid(text, "a port such as `8080:80/tcp`");
    let mut parts = text.rsplitn(3, ':');
    let target = parts.next().unwrap_or_default();
    let published = parts.next().unwrap_or_default();
    if let Some(address) = parts.next().filter(|address| !address.is_empty()) {
        let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
        let parsed: std::net::IpAddr = bare.unwrap_or(address).parse().map_err(|_| invalid())?;
        if !parsed.is_unspecified() {
            let address = address.to_owned();
            context.warn(node, Quirk::AddressIgnored { address });
        }
    }
    let (target, protocol) = target.split_once('/').unwrap_or((target, "tcp"));
    let protocol = if protocol.is_empty() { "tcp" } else { protocol }.to_lowercase();
    if !matches!(protocol.as_str(), "tcp" | "udp" | "sctp") {
        return Err(invalid());
    }
    let targets = range(target).ok_or_else(invalid)?;
    let port = |target: u16, published: u16| PortConfig {
        protocol: protocol.clone(),
        target_port: u32::from(target),
        published_port: u32::from(published),
        publish_mode: "ingress".to_owned(),
        ..PortConfig::default()
    };
    if published.is_empty() {
        return Ok(targets.map(|target| port(target, 0)).collect());
    }
    let published = range(published).ok_or_else(invalid)?;
    if targets.len() == 1 {
        let target = *targets.start();
        return Ok(published.map(|published| port(target, published)).collect());
    }
    if targets.len() != published.len() {
        return Err(invalid());
    }
    Ok(targets.zip(published).map(|(t, p)| port(t, p)).collect())
}

fn range(text: &str) -> Option<RangeInclusive<u16>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| -> Option<u16> {
        text.bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| text.parse().ok())
            .flatten()
    };
    let (first, last) = (number(first)?, number(last)?);
    (first <= last).then_some(first..=last)
}
