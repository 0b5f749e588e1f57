//! A layer: one tar in the cache, named by the hash of everything that it is made of.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest, Sha256};

use super::hex;
use super::workshop::Workshop;
use crate::paths::Paths;

/// A layer and how to make it.
pub struct Layer {
    pub name: &'static str,
    /// Whatever decides the content and is not in `make`: pinned versions, embedded files.
    pub inputs: Vec<&'static str>,
    pub make: Make,
}

/// How a layer comes about.
pub enum Make {
    /// Debian's minimal base system.
    Base,
    /// What a script, run as root in a root made of other layers, adds to it.
    Chroot {
        on: &'static [&'static str],
        script: &'static str,
        /// Whether it may reach the package mirror; else it has a loopback of its own.
        network: bool,
    },
    /// A folder filled by a function.
    Tree(fn(&Workshop, &Path) -> Result<()>),
}

impl Layer {
    pub fn tar(&self, paths: &Paths, all: &[Layer]) -> PathBuf {
        paths
            .layers()
            .join(format!("{}-{}.tar", self.name, self.key(all)))
    }

    /// The hash of the layer's tar, if it has been built.
    pub fn diff(&self, paths: &Paths, all: &[Layer]) -> Option<String> {
        fs::read_to_string(self.tar(paths, all).with_extension("sha256")).ok()
    }

    /// The layers that it stands on.
    pub fn below(&self) -> &'static [&'static str] {
        match self.make {
            Make::Chroot { on, .. } => on,
            Make::Base | Make::Tree(_) => &[],
        }
    }

    fn key(&self, all: &[Layer]) -> String {
        let mut hash = Sha256::new();
        for input in &self.inputs {
            hash.update(input.as_bytes());
            hash.update([0]);
        }
        if let Make::Chroot { on, script, .. } = self.make {
            hash.update(script.as_bytes());
            for layer in on
                .iter()
                .filter_map(|name| all.iter().find(|layer| layer.name == *name))
            {
                hash.update(layer.key(all).as_bytes());
            }
        }
        hex(&hash.finalize().as_slice()[..6])
    }
}

/// Removes layers that no recipe asks for any more.
pub fn remove_stale(paths: &Paths, all: &[Layer]) {
    let wanted: Vec<PathBuf> = all
        .iter()
        .flat_map(|layer| {
            let tar = layer.tar(paths, all);
            [tar.with_extension("sha256"), tar]
        })
        .collect();
    if let Ok(entries) = fs::read_dir(paths.layers()) {
        for file in entries.flatten().map(|entry| entry.path()) {
            if !wanted.contains(&file) {
                fs::remove_file(file).ok();
            }
        }
    }
}
