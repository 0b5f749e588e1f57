//! The releases of the Docker engine that hosts can run: the oldest that is supported, and those
//! that users of today have.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use crate::paths::Paths;
use crate::progress::Progress;
use crate::{debian, moby, oracle, shell, toolchain};

/// A release of the Docker engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
pub enum Release {
    /// Debian bookworm's
    #[default]
    #[value(name = "20.10")]
    #[serde(rename = "20.10")]
    V20,
    /// Debian trixie's
    #[value(name = "26.1")]
    #[serde(rename = "26.1")]
    V26,
    /// built from its Go modules: minutes on first use
    #[value(name = "29")]
    #[serde(rename = "29")]
    V29,
}

impl Release {
    /// The newest that there is.
    pub const NEWEST: Self = Self::V29;

    /// Makes sure that the cache has it.
    pub fn ensure(self, paths: &Paths, progress: &Progress) -> Result<()> {
        // Its runc serves 26.1 too, as trixie's wants a newer C library than bookworm's; its
        // `docker-init` serves all.
        toolchain::ensure(paths, progress)?;
        if self == Self::V20 {
            return Ok(());
        }
        oracle::NEWEST.path(paths, progress)?;
        let dir = self.folder(paths);
        if dir.join("complete").exists() {
            return Ok(());
        }
        if dir.exists() {
            fs::remove_dir_all(&dir)?;
        }
        let work = paths.engines().join("work");
        let made = match self {
            Self::V29 => moby::build(&work, progress)?,
            Self::V20 | Self::V26 => {
                progress.step("unpacking the Docker engine of Debian trixie");
                if work.exists() {
                    fs::remove_dir_all(&work)?;
                }
                debian::unpack("trixie", &["docker.io", "containerd"], &work)?
            }
        };
        fs::write(made.join("complete"), "")?;
        fs::rename(made, &dir)?;
        // Not by the library: what Go keeps is read-only.
        shell::run(Command::new("rm").arg("-rf").arg(&work))?;
        let version = shell::run(Command::new(self.dockerd(paths)).arg("--version"))?;
        progress.done(version.trim());
        Ok(())
    }

    pub fn dockerd(self, paths: &Paths) -> PathBuf {
        self.folder(paths).join("usr/sbin/dockerd")
    }

    /// Where its programs are looked for, in this order.
    pub fn programs(self, paths: &Paths) -> Vec<PathBuf> {
        [self.folder(paths), toolchain::engine(paths)]
            .iter()
            .flat_map(|dir| [dir.join("usr/sbin"), dir.join("usr/bin")])
            .collect()
    }

    /// A Docker command line that it speaks to: 29.0 refuses that of 20.10.
    pub fn docker(self, paths: &Paths) -> PathBuf {
        match self {
            Self::V20 => toolchain::docker(paths),
            Self::V26 | Self::V29 => oracle::NEWEST.file(paths),
        }
    }

    fn folder(self, paths: &Paths) -> PathBuf {
        match self {
            Self::V20 => toolchain::engine(paths),
            Self::V26 => paths.engines().join("trixie"),
            Self::V29 => paths.engines().join(moby::VERSION),
        }
    }
}
