//! What a component is asked before others rely on it: a gate names a check, and the component's
//! row has it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answers, Asked, Verdict};
use crate::observed::Observed;

/// The check of a component whose tasks are renewed one after the other: so many are of the new spec
/// and have taken over from those before.
pub const RENEWED: &str = "renewed";

/// The check of a component whose processes outlive their tasks: that on a node has ended.
pub const GONE: &str = "gone";

/// The check of a component that makes room for another: nothing of it is left anywhere.
pub const ENDED: &str = "ended";

/// The check of a component whose tasks hand over before they leave: that on a node leads nothing.
pub const LEADS_NOTHING: &str = "leads-no-shard";

/// The check of a component that lets nobody in without a password: where one does, nothing is well.
pub const GUARDED: &str = "guarded";

/// A check of members: services of one task each, pinned to their data.
#[derive(Clone, Debug, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Members {
    /// Name of the component.
    pub component: String,
    /// Name of the check among those of the component.
    pub check: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The services, in full.
    pub members: Vec<String>,
    /// How many of them must pass.
    pub at_least: usize,
    /// Services of other components that are asked as well, by component.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asks: BTreeMap<String, Vec<String>>,
}

/// A check of the tasks of one service.
#[derive(
    Clone, Debug, Default, Deserialize, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize,
)]
pub struct Tasks {
    /// Name of the component.
    pub component: String,
    /// Name of the check among those of the component.
    pub check: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The service, in full.
    pub service: String,
    /// How many tasks it has by its spec.
    pub tasks: u64,
    /// Of those, how many are of the new spec, where they are renewed one after the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewed: Option<u64>,
    /// The one task that is asked about, by the name of its node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Services of other components that are asked, by component.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub asks: BTreeMap<String, Vec<String>>,
}

impl Members {
    /// The services of another component.
    #[must_use]
    pub fn asked(&self, component: &str) -> &[String] {
        self.asks.get(component).map_or(&[], Vec::as_slice)
    }
}

impl Tasks {
    /// The services of another component.
    #[must_use]
    pub fn asked(&self, component: &str) -> &[String] {
        self.asks.get(component).map_or(&[], Vec::as_slice)
    }

    /// The same of the one task on a node.
    #[must_use]
    pub fn on(&self, node: &str) -> Self {
        Self {
            node: Some(node.to_owned()),
            ..self.clone()
        }
    }

    /// The node that is asked about; an empty name, which no node has, where it is about all.
    #[must_use]
    pub fn node(&self) -> &str {
        self.node.as_deref().unwrap_or_default()
    }
}

/// One thing that a component can be asked. `G` is what a gate says of it.
#[derive(Debug)]
pub struct Check<G: 'static> {
    pub name: &'static str,
    /// Milliseconds from the start of its tasks until it passes. Only the order of these numbers
    /// matters: they were read off bring-ups of 26 hosts, and nothing waits on them.
    pub takes: u64,
    /// Names of other components that it asks.
    pub asks: &'static [&'static str],
    /// What is waited for, in words.
    pub words: fn(&G) -> String,
    /// What to ask now.
    pub questions: fn(&G, &Observed) -> Vec<Asked>,
    /// Reads the answers.
    pub judge: fn(&G, &Observed, &[Asked], &Answers) -> Verdict,
}

/// The checks of a component, by how its tasks are spread.
#[derive(Clone, Copy, Debug)]
pub enum Checks {
    Members(&'static [&'static Check<Members>]),
    Tasks(&'static [&'static Check<Tasks>]),
}

impl Checks {
    /// That of members with a name.
    #[must_use]
    pub fn of_members(self, name: &str) -> Option<&'static Check<Members>> {
        match self {
            Self::Members(all) => all.iter().copied().find(|check| check.name == name),
            Self::Tasks(_) => None,
        }
    }

    /// That of tasks with a name.
    #[must_use]
    pub fn of_tasks(self, name: &str) -> Option<&'static Check<Tasks>> {
        match self {
            Self::Tasks(all) => all.iter().copied().find(|check| check.name == name),
            Self::Members(_) => None,
        }
    }
}
