//! The words after `--lose`: hosts, ranges of hosts, zones.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::inventory::{Inventory, near, pattern};
use crate::observed::Observed;

/// The hosts that are taken to be lost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Losses {
    pub hosts: BTreeSet<String>,
    pub(super) notes: Vec<String>,
}

/// A word that names nothing that can be lost.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnknownLoss {
    #[error("`{word}`: {why}")]
    Pattern { word: String, why: String },
    #[error("no host and no zone is called `{word}`{}", hint(.near.as_deref(), .zones))]
    Unknown {
        word: String,
        near: Option<String>,
        zones: Vec<String>,
    },
    #[error("`{word}` is a host and a zone: write `host={word}` or `zone={word}`")]
    Ambiguous { word: String },
    #[error("nothing to lose: name hosts or zones, such as node14,node[20-21],zone-b")]
    Nothing,
}

fn hint(near: Option<&str>, zones: &[String]) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None if zones.is_empty() => "; `milvus-swarm status` lists the hosts".to_owned(),
        None => format!("; the zones are {}", zones.join(", ")),
    }
}

impl Losses {
    /// Reads words such as `node14,node[20-21],zone-b`.
    ///
    /// # Errors
    /// A word that names no host and no zone.
    pub fn read(
        text: &str,
        inventory: &Inventory,
        seen: Option<&Observed>,
    ) -> Result<Self, UnknownLoss> {
        let known = Known::of(inventory, seen);
        let mut losses = Self::default();
        for word in words(text) {
            let names = pattern::expand(word).map_err(|why| UnknownLoss::Pattern {
                word: word.to_owned(),
                why,
            })?;
            for name in names {
                losses.hosts.extend(known.find(&name)?);
            }
        }
        if losses.hosts.is_empty() {
            return Err(UnknownLoss::Nothing);
        }
        losses.notes.extend(known.strangers(&losses.hosts));
        Ok(losses)
    }
}

/// Words between commas that stand outside brackets.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut depth = 0_u32;
    text.split(move |c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == ',' && depth == 0
    })
    .map(str::trim)
    .filter(|word| !word.is_empty())
}

struct Known<'a> {
    inventory: BTreeSet<&'a str>,
    /// Nodes of the Swarm that the inventory does not name: managers matter.
    others: BTreeSet<&'a str>,
    zones: BTreeMap<&'a str, Vec<&'a str>>,
}

impl<'a> Known<'a> {
    fn of(inventory: &'a Inventory, seen: Option<&'a Observed>) -> Self {
        let mut zones: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for host in &inventory.hosts {
            if let Some(zone) = &host.zone {
                zones.entry(zone).or_default().push(&host.name);
            }
        }
        let names: BTreeSet<&str> = inventory.hosts.iter().map(|h| h.name.as_str()).collect();
        let nodes = seen.map_or(&[][..], |seen| seen.nodes.as_slice());
        Self {
            others: nodes
                .iter()
                .map(|node| node.hostname.as_str())
                .filter(|name| !names.contains(name))
                .collect(),
            inventory: names,
            zones,
        }
    }

    fn find(&self, name: &str) -> Result<Vec<String>, UnknownLoss> {
        let (kind, name) = match name.split_once('=') {
            Some((kind @ ("host" | "zone"), name)) => (kind, name),
            _ => ("", name),
        };
        let host = kind != "zone" && (self.inventory.contains(name) || self.others.contains(name));
        let zone = self.zones.get(name).filter(|_| kind != "host");
        match (host, zone) {
            (true, Some(_)) => Err(UnknownLoss::Ambiguous {
                word: name.to_owned(),
            }),
            (true, None) => Ok(vec![name.to_owned()]),
            (false, Some(hosts)) => Ok(hosts.iter().map(|&host| host.to_owned()).collect()),
            (false, None) => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, word: &str) -> UnknownLoss {
        let all: Vec<&str> = self
            .zones
            .keys()
            .chain(&self.inventory)
            .chain(&self.others)
            .copied()
            .collect();
        UnknownLoss::Unknown {
            word: word.to_owned(),
            near: near(word, &all).map(str::to_owned),
            zones: self.zones.keys().map(|&zone| zone.to_owned()).collect(),
        }
    }

    fn strangers(&self, lost: &BTreeSet<String>) -> Option<String> {
        let names: Vec<&str> = lost
            .iter()
            .map(String::as_str)
            .filter(|name| !self.inventory.contains(name))
            .collect();
        (!names.is_empty()).then(|| {
            format!(
                "{} in the Swarm, but not in the inventory: only the Swarm's own quorum is looked at",
                if names.len() == 1 {
                    format!("{} is", names[0])
                } else {
                    format!("{} are", names.join(", "))
                }
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn commas_inside_brackets_belong_to_the_range() {
        let split: Vec<&str> = words("a, b[1,3-4],,zone-b").collect();
        assert_eq!(split, ["a", "b[1,3-4]", "zone-b"]);
    }
}
