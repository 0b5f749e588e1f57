//! The docker command lines of Debian's packages: what they post for a stack file is what
//! `milvus-swarm` must post.
//!
//! Each comes from the machine's own Debian mirror, whatever release the machine itself runs,
//! with lists and a cache of packages of its own: nothing is installed, and apt's own state is
//! not touched, so that no root is needed either.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use crate::paths::Paths;
use crate::progress::Progress;
use crate::{shell, toolchain};

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
    Oracle {
        version: "26.1",
        suite: "trixie",
        package: "docker-cli",
    },
];

/// The keys of Debian's releases where its package puts them; without them apt's own must do.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

impl Oracle {
    /// The path of the CLI, fetched on first use.
    pub fn path(self, paths: &Paths, progress: &Progress) -> Result<PathBuf> {
        // The lab's engine comes with its own.
        let engine = toolchain::docker(paths);
        let path = paths.engines().join(format!("docker-{}", self.version));
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

    /// Whether this version runs at a path: a newer Debian's may want a newer C library.
    fn check(self, docker: &Path) -> Result<()> {
        let says = shell::run(Command::new(docker).arg("--version"))?;
        let right = says.starts_with(&format!("Docker version {}.", self.version));
        ensure!(right, "`{}` is no {}", says.trim(), self.version);
        Ok(())
    }

    /// Unpacks the package below a folder that is thrown away.
    fn fetch(self, folder: &Path) -> Result<PathBuf> {
        for part in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(folder.join(part))?;
        }
        let signed = if Path::new(KEYRING).exists() {
            format!("[signed-by={KEYRING}] ")
        } else {
            String::new()
        };
        let source = format!("deb {signed}{} {} main\n", mirror()?, self.suite);
        fs::write(folder.join("sources.list"), source)?;
        shell::run(apt(folder).arg("update"))?;
        shell::run(apt(folder).args(["download", self.package]))?;
        let unpacked = folder.join("unpacked");
        for file in fs::read_dir(folder)?.flatten() {
            if file.path().extension().is_some_and(|end| end == "deb") {
                let mut unpack = Command::new("dpkg-deb");
                shell::run(unpack.arg("-x").arg(file.path()).arg(&unpacked))?;
            }
        }
        Ok(unpacked.join("usr/bin/docker"))
    }
}

/// apt with everything that it writes in a folder.
fn apt(folder: &Path) -> Command {
    let mut apt = Command::new("apt-get");
    apt.arg("-q").current_dir(folder);
    for (option, name) in [
        ("Dir::Etc::sourcelist", "sources.list"),
        ("Dir::State::lists", "lists"),
        ("Dir::Cache", "cache"),
    ] {
        let path = folder.join(name);
        apt.arg("-o").arg(format!("{option}={}", path.display()));
    }
    for option in [
        "Dir::Etc::sourceparts=-",
        // The user that apt downloads as may not see the folder.
        "APT::Sandbox::User=root",
        // Only the packages are asked for.
        "Acquire::Languages=none",
        "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false",
    ] {
        apt.args(["-o", option]);
    }
    apt
}

/// The Debian mirror that the machine is configured for.
fn mirror() -> Result<String> {
    let format = "$(REPO_URI) $(COMPONENT) $(LABEL)";
    let list = || {
        let mut list = Command::new("apt-get");
        shell::run(list.args(["indextargets", "--format", format, "Created-By: Packages"]))
    };
    let find = |text: &str| {
        text.lines()
            .find_map(|line| Some(line.strip_suffix(" main Debian")?.to_owned()))
    };
    if let Some(uri) = find(&list()?) {
        return Ok(uri);
    }
    // The labels are known only once the lists are there.
    toolchain::refresh_apt().context("apt has no lists yet")?;
    match find(&list()?) {
        Some(uri) => Ok(uri),
        None => bail!("apt is configured for no mirror of Debian"),
    }
}
