//! What the kernel and the resolver of a container are told: capabilities, ulimits, hosts, DNS.

use std::collections::BTreeSet;

use super::error::StackError;
use super::node::{Node, Value};
use super::section::Section;
use crate::spec::{DnsConfig, Ulimit};

/// `cap_add` and `cap_drop` in the spelling of the API: a capability in both is added, `ALL`
/// swallows the others (docker/cli `EffectiveCapAddCapDrop`).
pub(super) fn capabilities(
    section: &Section<'_>,
) -> Result<(Vec<String>, Vec<String>), StackError> {
    let read = |name: &str| -> Result<BTreeSet<String>, StackError> {
        let Some(node) = section.get(name) else {
            return Ok(BTreeSet::new());
        };
        let all: BTreeSet<String> = node.unique_texts()?.iter().map(|c| capability(c)).collect();
        let everything = "ALL".to_owned();
        Ok(if all.contains(&everything) {
            BTreeSet::from([everything])
        } else {
            all
        })
    };
    let (add, drop) = (read("cap_add")?, read("cap_drop")?);
    let real = |name: &&String| *name != "RESET";
    Ok((
        add.iter().filter(real).cloned().collect(),
        drop.difference(&add).filter(real).cloned().collect(),
    ))
}

fn capability(name: &str) -> String {
    let name = name.trim().to_uppercase();
    if matches!(name.as_str(), "ALL" | "RESET") || name.starts_with("CAP_") {
        name
    } else {
        format!("CAP_{name}")
    }
}

/// `ulimits`, sorted by name; a number is both the soft and the hard limit.
pub(super) fn ulimits(node: &Node) -> Result<Vec<Ulimit>, StackError> {
    let mut ulimits = Vec::new();
    for (key, node) in node.map()? {
        if key.text.is_empty() || !key.text.bytes().all(|b| b.is_ascii_lowercase()) {
            return Err(node.invalid(&key.text, "the name of a limit in lower case"));
        }
        let (soft, hard) = if let Value::Map(_) = node.value {
            let section = node.section(&["hard", "soft"], false)?;
            let get = |name: &'static str| {
                let missing = || node.error(super::error::Problem::Missing { key: name });
                section.get(name).ok_or_else(missing)?.cast_integer()
            };
            (get("soft")?, get("hard")?)
        } else {
            let both = node.cast_integer()?;
            (both, both)
        };
        ulimits.push(Ulimit {
            name: key.text.to_string(),
            hard,
            soft,
            ..Ulimit::default()
        });
    }
    ulimits.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(ulimits)
}

/// `extra_hosts` as `address name`: a list in its order, a mapping sorted.
pub(super) fn extra_hosts(node: &Node) -> Result<Vec<String>, StackError> {
    let wanted = "`name:address`";
    let mut pairs = Vec::new();
    if node.list().is_ok() {
        for text in node.unique_texts()? {
            let pair = text.split_once('=').or_else(|| text.split_once(':'));
            let (name, address) = pair.ok_or_else(|| node.invalid(&text, wanted))?;
            pairs.push((name.to_owned(), address.to_owned()));
        }
    } else {
        for (key, node) in node.map()? {
            pairs.push((key.text.to_string(), node.text()?.to_owned()));
        }
        pairs.sort_by_key(|(name, address)| format!("{name}:{address}"));
    }
    let host = |(name, address): (String, String)| {
        if name.is_empty() || name.contains(':') || address.is_empty() {
            return Err(node.invalid(&format!("{name}:{address}"), wanted));
        }
        let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
        Ok(format!("{} {name}", bare.unwrap_or(&address)))
    };
    pairs.into_iter().map(host).collect()
}

/// `dns` and `dns_search`. docker/cli 29 drops addresses that are none; here they are errors.
pub(super) fn dns(section: &Section<'_>) -> Result<Option<DnsConfig>, StackError> {
    let list = |name: &str| -> Result<Vec<String>, StackError> {
        let node = section.get(name);
        Ok(node
            .map(Node::text_or_texts)
            .transpose()?
            .unwrap_or_default())
    };
    let dns = DnsConfig {
        nameservers: list("dns")?,
        search: list("dns_search")?,
        ..DnsConfig::default()
    };
    if let Some(node) = section.get("dns") {
        for address in &dns.nameservers {
            if address.parse::<std::net::IpAddr>().is_err() {
                return Err(node.invalid(address, "an IP address"));
            }
        }
    }
    Ok((dns != DnsConfig::default()).then_some(dns))
}
