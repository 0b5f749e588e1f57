//! The words after `--lose`: hosts, ranges of hosts, zones.

use std::collections::{BTreeMap, BTreeSet};

use thiserror::Error;

use crate::inventory::{Inventory, near, pattern};
use crate::observed::Observed;
use crate::words::names;

/// The hosts that are taken to be lost.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Losses {
    pub hosts: BTreeSet<String>,
}

/// A word that names nothing that can be lost.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum UnknownLoss {
    #[error("`{word}`: {why}")]
    Pattern { word: String, why: String },
    #[error("no host and no zone of the inventory is called `{word}`")]
    Unknown {
        word: String,
        near: Option<String>,
        /// The hosts and zones that there are, in words.
        known: String,
    },
    /// Its loss would tell nothing about a cluster that does not run there.
    #[error("`{word}` is a node of the Swarm, but no host of the inventory")]
    Elsewhere { word: String, known: String },
    #[error("`{word}` is a host and a zone: write `host={word}` or `zone={word}`")]
    Ambiguous { word: String },
    #[error("nothing to lose: name hosts or zones, such as node14,node[20-21],zone-b")]
    Nothing,
}

impl UnknownLoss {
    /// What to do about it, where the error itself does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { near, known, .. } => Some(match near {
                Some(near) => format!("did you mean `{near}`? the inventory has {known}"),
                None => format!("the inventory has {known}"),
            }),
            Self::Elsewhere { known, .. } => Some(format!(
                "the inventory has {known}; if another one is meant, name it with `-i FILE`"
            )),
            Self::Pattern { .. } | Self::Ambiguous { .. } | Self::Nothing => None,
        }
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
    /// Nodes of the Swarm, hosts or not.
    nodes: BTreeSet<&'a str>,
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
        let nodes = seen.map_or(&[][..], |seen| seen.nodes.as_slice());
        Self {
            nodes: nodes.iter().map(|node| node.hostname.as_str()).collect(),
            inventory: inventory.hosts.iter().map(|h| h.name.as_str()).collect(),
            zones,
        }
    }

    fn find(&self, name: &str) -> Result<Vec<String>, UnknownLoss> {
        let (kind, name) = match name.split_once('=') {
            Some((kind @ ("host" | "zone"), name)) => (kind, name),
            _ => ("", name),
        };
        let host = kind != "zone" && self.inventory.contains(name);
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
        let (word, known) = (word.to_owned(), self.in_words());
        if self.nodes.contains(word.as_str()) {
            return UnknownLoss::Elsewhere { word, known };
        }
        let all: Vec<&str> = self.zones.keys().chain(&self.inventory).copied().collect();
        UnknownLoss::Unknown {
            near: near(&word, &all).map(str::to_owned),
            word,
            known,
        }
    }

    fn in_words(&self) -> String {
        let kind = |noun: &str, all: Vec<&str>| {
            let plural = if all.len() == 1 { "" } else { "s" };
            format!("the {noun}{plural} {}", names(all))
        };
        let hosts = kind("host", self.inventory.iter().copied().collect());
        if self.zones.is_empty() {
            return hosts;
        }
        let zones = kind("zone", self.zones.keys().copied().collect());
        format!("{hosts}, and {zones}")
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
