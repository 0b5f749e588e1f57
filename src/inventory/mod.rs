//! Inventories: YAML text in, hosts and settings out, or every error with its place.
//!
//! ```text
//! sources -> tree (with places) -> checked against the grammar -> hosts, settings -> rules -> Inventory
//! ```
//! Nothing here touches files, the environment or the terminal.

mod change;
mod check;
pub mod edit;
mod fillers;
pub(crate) mod grammar;
mod hint;
mod hosts;
mod item;
mod merge;
mod model;
pub(crate) mod names;
mod owned;
pub mod pattern;
mod places;
mod problem;
mod render;
mod rules;
pub mod schema;
mod settings;
pub(crate) mod shape;
mod shipped;
pub mod size;
mod source;
mod tree;
mod words;
mod yaml;

pub(crate) use hint::near;
pub use hosts::MAX_HOSTS;
pub use model::{
    Bounds, Credentials, DataPlace, Host, Image, Images, Inventory, Jvm, NamedPath,
    NetworkSettings, Publish, Published, PulsarQuorum, RoleSettings, Subnet,
};
pub use names::THIS_HOST;
pub use owned::{alternatives, is_owned, must_be};
pub use problem::{Amount, Finding, InventoryErrors, Problem};
pub use shipped::{INIT, LAB, LOCAL, PRODUCTION_26, THREE_HOST};
pub use source::{MAX_BYTES, Source, Span};

use crate::role::{Agreement, Role};

use rules::Rules;
use tree::Node;

impl Inventory {
    /// Reads an inventory: the first source, with the others laid over it in turn.
    ///
    /// # Errors
    /// Everything that is wrong with it. Rules about the cluster as a whole are looked at only once
    /// the parts that they speak of are well formed.
    pub fn parse(sources: &[Source]) -> Result<Self, InventoryErrors> {
        let mut findings = Vec::new();
        match read(sources, &mut findings) {
            Some(inventory) if findings.is_empty() => Ok(inventory),
            _ => {
                findings.sort_by_key(|finding| finding.at);
                findings.dedup();
                Err(InventoryErrors {
                    sources: sources.to_vec(),
                    findings,
                })
            }
        }
    }
}

fn read(sources: &[Source], findings: &mut Vec<Finding>) -> Option<Inventory> {
    let mut trees = Vec::new();
    for (index, source) in sources.iter().enumerate() {
        if let Some(finding) = source.check(index) {
            findings.push(finding);
            continue;
        }
        match yaml::read(source, index) {
            Ok(tree) => {
                findings.extend(check::check(&tree));
                trees.push(tree);
            }
            Err(finding) => findings.push(*finding),
        }
    }
    if trees.len() < sources.len() {
        return None;
    }
    let mut trees = trees.into_iter();
    let Some(first) = trees.next() else {
        findings.push(Finding::at(Span::default(), Problem::NoHosts));
        return None;
    };
    let root = trees.fold(first, |base, overlay| merge::merge(base, overlay, findings));
    build(&root, findings)
}

fn build(root: &Node, findings: &mut Vec<Finding>) -> Option<Inventory> {
    let mut listing = hosts::read(root);
    findings.append(&mut listing.findings);
    findings.extend(root.get("config").into_iter().flat_map(owned::check));
    let mut hosts = listing.hosts.clone();
    let milvus = settings::milvus(root);
    let by_default = places::apply_defaults(&mut hosts, model::line(milvus.as_deref()));
    let fillers = fillers::read(root, findings);
    let idle = fillers::idle(&mut hosts, &fillers, &by_default);
    let stores =
        |host: &&Host| Role::agreeing(Agreement::Ensemble).any(|role| host.roles.contains(&role));
    let bookies = hosts.iter().filter(stores).count();
    let inventory = Inventory {
        name: settings::name(root),
        milvus,
        accepted: settings::accepted(root),
        images: settings::images(root),
        mixed: settings::mixed(root),
        roles: settings::roles(root, &hosts, &by_default),
        hosts,
        by_default,
        data: settings::data(root),
        config: settings::config(root),
        publish: settings::publish(root),
        network: settings::network(root),
        credentials: settings::credentials(root),
        pulsar: settings::pulsar(root, bookies as u64),
        fillers,
        idle,
        stacks: settings::stacks(root),
    };
    if findings
        .iter()
        .all(|finding| is_about_elsewhere(root, finding))
    {
        let rules = Rules {
            inventory: &inventory,
            root,
            listing: &listing,
        };
        findings.extend(rules.broken());
    }
    Some(inventory)
}

/// Whether a finding leaves the rules about the whole cluster meaningful: it stands under a key
/// that they do not count.
fn is_about_elsewhere(root: &Node, finding: &Finding) -> bool {
    const APART: [&str; 7] = [
        "name",
        "accept",
        "images",
        "data",
        "config",
        "credentials",
        "stacks",
    ];
    let before = |at: Span| at.source == finding.at.source && at.start <= finding.at.start;
    root.entries()
        .iter()
        .filter(|entry| before(entry.at))
        .max_by_key(|entry| entry.at.start)
        .is_some_and(|entry| APART.contains(&entry.key.as_str()))
}
