//! The images that a cluster runs.

use std::cmp::Ordering;
use std::fmt;

use super::SYSTEMS;
use crate::release::Release;

/// An image that a cluster runs: the row is in the folder of its system. Two are the same when
/// their names are.
#[derive(Clone, Copy)]
pub struct Image {
    /// Its key under `images`.
    pub name: &'static str,
    /// How people write it.
    pub title: &'static str,
    /// What a release runs where the inventory names none.
    pub of: fn(&Release) -> String,
    /// Where its tags went when a repository ended, from and to.
    pub moved: Option<(&'static str, &'static str)>,
}

impl Image {
    /// Every image.
    pub fn all() -> impl Iterator<Item = Self> {
        let runs = SYSTEMS.iter().filter_map(|system| system.runs);
        runs.map(|runs| runs.image)
    }
}

impl fmt::Debug for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Image {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Image {}

impl PartialOrd for Image {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Image {
    fn cmp(&self, other: &Self) -> Ordering {
        self.name.cmp(other.name)
    }
}
