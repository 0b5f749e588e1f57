//! Where the lab keeps things: a cache that may be deleted, and the state of the run.

use std::path::PathBuf;

use anyhow::{Context, Result};

/// The two folders of the lab.
#[derive(Clone, Debug)]
pub struct Paths {
    /// Images, engine, Python environments and the hosts' data roots.
    pub cache: PathBuf,
    /// Sockets, logs, namespaces and the state of the running lab.
    pub run: PathBuf,
}

impl Paths {
    /// `MILVUS_SWARM_CACHE`, else `~/.cache/milvus-swarm`.
    pub fn from_env() -> Result<Self> {
        let cache = match std::env::var_os("MILVUS_SWARM_CACHE") {
            Some(dir) => PathBuf::from(dir),
            None => PathBuf::from(
                std::env::var_os("HOME").context("HOME is not set: set MILVUS_SWARM_CACHE")?,
            )
            .join(".cache/milvus-swarm"),
        };
        Ok(Self {
            cache,
            run: PathBuf::from("/run/milvus-swarm-lab"),
        })
    }

    /// Data roots of the hosts, on the same file system as [`Self::seed`].
    pub fn hosts(&self) -> PathBuf {
        self.cache.join("hosts")
    }

    /// The data root that holds every image; hosts are hard-linked copies of it.
    pub fn seed(&self) -> PathBuf {
        self.cache.join("seed")
    }

    /// Finished image layers, one tar each.
    pub fn layers(&self) -> PathBuf {
        self.cache.join("layers")
    }

    /// Scratch space of the image builder; empty when nothing is being built.
    pub fn work(&self) -> PathBuf {
        self.cache.join("work")
    }

    pub fn engines(&self) -> PathBuf {
        self.cache.join("engine")
    }
}
