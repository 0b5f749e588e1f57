//! Reads hosts and groups: ranges are expanded, roles of several groups add up.

use std::collections::{BTreeSet, HashMap};
use std::net::IpAddr;

use crate::role::Role;

use super::model::Host;
use super::names::THIS_HOST;
use super::pattern;
use super::problem::{Finding, Problem};
use super::source::Span;
use super::tree::Node;

/// The most hosts of one inventory.
pub const MAX_HOSTS: usize = 20_000;

/// The hosts of an inventory and where things about them are written.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// In the order in which the file names them.
    pub hosts: Vec<Host>,
    /// Every place where a role is given, in file order.
    pub mentions: Vec<(Role, Span)>,
    pub findings: Vec<Finding>,
    /// The position of each host by name.
    index: HashMap<String, usize>,
    /// Where each host is first named, and its values with their places.
    drafts: Vec<Draft>,
}

#[derive(Debug, Default)]
struct Draft {
    at: Span,
    /// Where it is named under `hosts`.
    single: Option<Span>,
    address: Option<(String, Span)>,
    engine: Option<(String, Span)>,
    zone: Option<(String, Span)>,
}

/// One entry of `hosts` or `groups` with its names expanded.
struct Block<'a> {
    node: &'a Node,
    names: Vec<(String, Span)>,
    single: bool,
}

/// Reads `hosts` and `groups` in the order in which the file has them.
pub(super) fn read(root: &Node) -> Listing {
    let mut listing = Listing::default();
    for entry in root.entries() {
        let single = entry.key == "hosts";
        if single || entry.key == "groups" {
            for node in list(&entry.value) {
                let key = if single { "name" } else { "hosts" };
                let names = node.get(key).map(expand).unwrap_or_default();
                listing.block(&Block {
                    node,
                    names,
                    single,
                });
            }
        }
    }
    listing.finish();
    listing
}

/// The items of a true list: `hosts` takes no single value in place of one.
fn list(node: &Node) -> &[Node] {
    match node.value {
        super::tree::Value::List(ref items) => items,
        _ => &[],
    }
}

/// Every word that a value or its items stand for; what is malformed stands for nothing.
fn expand(node: &Node) -> Vec<(String, Span)> {
    node.items()
        .iter()
        .filter_map(|item| Some((item.at, pattern::expand(item.text()?).ok()?)))
        .flat_map(|(at, words)| words.into_iter().map(move |word| (word, at)))
        .take(MAX_HOSTS + 1)
        .collect()
}

impl Listing {
    /// Where a host is first named.
    pub fn place(&self, host: usize) -> Span {
        self.drafts
            .get(host)
            .map(|draft| draft.at)
            .unwrap_or_default()
    }

    fn block(&mut self, block: &Block<'_>) {
        if self.hosts.len() + block.names.len() > MAX_HOSTS {
            let hosts = self.hosts.len() + block.names.len();
            if !self
                .findings
                .iter()
                .any(|f| matches!(f.problem, Problem::TooManyHosts { .. }))
            {
                let most = MAX_HOSTS;
                self.findings.push(Finding::at(
                    block.node.at,
                    Problem::TooManyHosts { hosts, most },
                ));
            }
            return;
        }
        let roles: Vec<(Role, Span)> = block
            .node
            .get("roles")
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .filter_map(|item| Some((Role::parse(item.text()?)?, item.at)))
            .collect();
        let addresses = self.values(block, "address");
        let engines = self.values(block, "engine");
        let zone = block
            .node
            .get("zone")
            .and_then(|node| Some((node.text()?.to_owned(), node.at)));

        let mut here = HashMap::new();
        for (position, (name, at)) in block.names.iter().enumerate() {
            let host = self.host(name, *at);
            let single = self.drafts[host].single.filter(|_| block.single);
            let again = here.insert(name, *at).or(single);
            if let Some(first) = again {
                self.findings.push(
                    Finding::at(*at, Problem::DuplicateHost { host: name.clone() })
                        .also(first, "first here"),
                );
                continue;
            }
            if block.single {
                self.drafts[host].single = Some(*at);
            }
            self.hosts[host]
                .roles
                .extend(roles.iter().map(|(role, _)| *role));
            self.set(host, "address", addresses.get(position).cloned());
            self.set(host, "engine", engines.get(position).cloned());
            self.set(host, "zone", zone.clone());
        }
        self.mentions.extend(roles);
    }

    /// The values of a key that counts in step with the hosts.
    fn values(&mut self, block: &Block<'_>, key: &'static str) -> Vec<(String, Span)> {
        let Some(node) = block.node.get(key) else {
            return Vec::new();
        };
        let values = expand(node);
        if values.len() == block.names.len() || values.is_empty() || block.names.is_empty() {
            return values;
        }
        self.findings.push(Finding::at(
            node.at,
            Problem::RangeMismatch {
                key,
                values: values.len(),
                hosts: block.names.len(),
            },
        ));
        Vec::new()
    }

    /// The position of a host, which is new if it was not named before.
    fn host(&mut self, name: &str, at: Span) -> usize {
        if let Some(host) = self.index.get(name) {
            return *host;
        }
        let host = self.hosts.len();
        self.index.insert(name.to_owned(), host);
        self.drafts.push(Draft {
            at,
            ..Draft::default()
        });
        self.hosts.push(Host {
            name: name.to_owned(),
            address: None,
            engine: None,
            roles: BTreeSet::new(),
            zone: None,
        });
        host
    }

    /// Gives a host a value, unless it has another one.
    fn set(&mut self, host: usize, key: &'static str, value: Option<(String, Span)>) {
        let Some((value, at)) = value else { return };
        let draft = &mut self.drafts[host];
        let slot = match key {
            "address" => &mut draft.address,
            "engine" => &mut draft.engine,
            _ => &mut draft.zone,
        };
        match slot {
            None => *slot = Some((value, at)),
            Some((old, _)) if *old == value => {}
            Some((old, first)) => {
                let finding = Finding::at(
                    at,
                    Problem::Conflict {
                        host: self.hosts[host].name.clone(),
                        key,
                        one: old.clone(),
                        other: value,
                    },
                );
                self.findings.push(finding.also(*first, "the other one"));
            }
        }
    }

    /// Finds hosts that differ only in case: names in a network have none.
    fn unlike(&mut self) {
        let mut seen: HashMap<String, usize> = HashMap::new();
        for (host, named) in self.hosts.iter().enumerate() {
            if let Some(first) = seen.insert(named.name.to_lowercase(), host) {
                let problem = Problem::SameName {
                    one: self.hosts[first].name.clone(),
                    other: named.name.clone(),
                };
                let finding = Finding::at(self.place(host), problem);
                self.findings
                    .push(finding.also(self.place(first), "first here"));
            }
        }
    }

    /// Moves the values to the hosts and looks at all hosts together.
    fn finish(&mut self) {
        self.unlike();
        self.unique(
            "address",
            |draft| draft.address.as_ref(),
            |text| {
                text.parse::<IpAddr>()
                    .map_or_else(|_| text.to_lowercase(), |ip| ip.to_canonical().to_string())
            },
        );
        self.unique("engine", |draft| draft.engine.as_ref(), str::to_owned);
        for (host, draft) in self.hosts.iter_mut().zip(&self.drafts) {
            let text =
                |value: &Option<(String, Span)>| value.as_ref().map(|(text, _)| text.clone());
            host.address = text(&draft.address);
            host.engine = text(&draft.engine);
            host.zone = text(&draft.zone);
            if host.roles.is_empty() {
                self.findings.push(Finding::at(
                    draft.at,
                    Problem::NoRole {
                        host: host.name.clone(),
                    },
                ));
            }
        }
        if let Some(this) = self.index.get(THIS_HOST)
            && self.hosts.len() > 1
        {
            let others = self.hosts.len() - 1;
            self.findings.push(Finding::at(
                self.place(*this),
                Problem::ThisNotAlone { others },
            ));
        }
    }

    fn unique(
        &mut self,
        key: &'static str,
        value: fn(&Draft) -> Option<&(String, Span)>,
        same: fn(&str) -> String,
    ) {
        let mut seen: HashMap<String, (usize, Span)> = HashMap::new();
        for (host, draft) in self.drafts.iter().enumerate() {
            let Some((text, at)) = value(draft) else {
                continue;
            };
            if let Some((other, first)) = seen.get(&same(text)) {
                let problem = Problem::SameValue {
                    key,
                    value: text.clone(),
                    one: self.hosts[*other].name.clone(),
                    other: self.hosts[host].name.clone(),
                };
                self.findings
                    .push(Finding::at(*at, problem).also(*first, "the other one"));
            } else {
                seen.insert(same(text), (host, *at));
            }
        }
    }
}
