//! The docker command lines of Debian's packages: what they post for a stack file is what
//! `milvus-swarm` must post.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, ensure};

use crate::paths::Paths;
use crate::progress::Progress;
use crate::{debian, shell, toolchain};

/// A docker CLI that Debian ships.
#[derive(Clone, Copy, Debug)]
pub struct Oracle {
    /// Its first two numbers, which a release of Debian never changes.
    pub version: &'static str,
    suite: &'static str,
    package: &'static str,
}

/// The oldest that stack files are meant for, and the one of today's Debian.
pub const ORACLES: [Oracle; 2] = [
    Oracle {
        version: "20.10",
        suite: "bookworm",
        package: "docker.io",
    },
    NEWEST,
];

/// The newest, for engines that older ones do not speak to.
pub const NEWEST: Oracle = Oracle {
    version: "26.1",
    suite: "trixie",
    package: "docker-cli",
};

impl Oracle {
    /// The path of the CLI, fetched on first use.
    pub fn path(self, paths: &Paths, progress: &Progress) -> Result<PathBuf> {
        // The lab's engine comes with its own.
        let engine = toolchain::docker(paths);
        let path = self.file(paths);
        for path in [engine, path.clone()] {
            if self.check(&path).is_ok() {
                return Ok(path);
            }
        }
        progress.step(format!("fetching Debian's docker {}", self.version));
        let folder = format!("docker-{}.{}", self.version, std::process::id());
        let folder = paths.engines().join(folder);
        let fetched = self.fetch(&folder).and_then(|docker| {
            self.check(&docker)?;
            fs::rename(docker, &path)?;
            Ok(path)
        });
        fs::remove_dir_all(&folder).ok();
        fetched
    }

    /// Where [`Self::path`] puts what it fetches.
    pub fn file(self, paths: &Paths) -> PathBuf {
        paths.engines().join(format!("docker-{}", self.version))
    }

    /// Whether this version runs at a path: a newer Debian's may want a newer C library.
    fn check(self, docker: &Path) -> Result<()> {
        let says = shell::run(Command::new(docker).arg("--version"))?;
        let right = says.starts_with(&format!("Docker version {}.", self.version));
        ensure!(right, "`{}` is no {}", says.trim(), self.version);
        Ok(())
    }

    /// Unpacks the package below a folder that is thrown away.
    fn fetch(self, folder: &Path) -> Result<PathBuf> {
        let unpacked = debian::unpack(self.suite, &[self.package], folder)?;
        Ok(unpacked.join("usr/bin/docker"))
    }
}
