//! What Milvus needs and does not bring: one of several systems meets each need, as the inventory
//! chooses.

use std::collections::BTreeMap;

use crate::inventory::NamedPath;
use crate::inventory::shape::Key;

/// A need of Milvus.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Slot {
    /// Collections, segments, who leads: etcd's part.
    Metadata,
    /// Segments and indexes as objects.
    Storage,
    /// What is written and not in storage yet.
    Log,
}

impl Slot {
    /// Every need.
    pub const ALL: [Self; 3] = [Self::Metadata, Self::Storage, Self::Log];

    /// The key of the inventory under which one is chosen that meets it.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Metadata => "metadata",
            Self::Storage => "storage",
            Self::Log => "log",
        }
    }
}

/// How a system comes to meet a need.
#[derive(Clone, Copy, Debug)]
pub struct Filler {
    pub slot: Slot,
    /// How an inventory chooses it; none of what meets the need where nothing is chosen.
    pub choice: Option<Choice>,
}

/// How an inventory chooses a system.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Its key under that of the need.
    pub key: Key,
    /// What is wrong with what was said of it, beyond its grammar: the key and why.
    pub check: fn(&Filling) -> Vec<(&'static str, String)>,
    /// What tells it apart from others of its kind: data that is there is not elsewhere. It is
    /// the value of a node label.
    pub identity: fn(&Filling) -> String,
    /// Components whose gates must be open before it is used, where it has no services; what was
    /// chosen in place of one stands for it.
    pub needs: &'static [&'static str],
    /// What it wants of that which meets another need: the need, and a setting by which that one's
    /// gate is told.
    pub demands: &'static [(Slot, &'static str)],
    /// What its own services ask as Milvus does, with the same credentials.
    pub asks: &'static [Slot],
    /// Components without which it does nothing, and what users miss then besides.
    pub hangs_on: &'static [(&'static str, &'static str)],
}

/// What an inventory says of the system that it chose for a need.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filling {
    /// Name of the system.
    pub system: &'static str,
    /// Its settings but files, by their keys, as they are written.
    pub settings: BTreeMap<&'static str, String>,
    /// The files that it names, by their keys.
    pub files: BTreeMap<&'static str, NamedPath>,
}
