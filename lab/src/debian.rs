//! Packages of any of Debian's releases, unpacked beside the system.
//!
//! They come from the machine's own Debian mirror, whatever release the machine itself runs, with
//! lists and a cache of packages of their own: nothing is installed, and apt's own state is not
//! touched, so that no root is needed either.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::{shell, toolchain};

/// The keys of Debian's releases where its package puts them; without them apt's own must do.
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Unpacks packages of a release below a folder that the caller throws away.
pub fn unpack(suite: &str, packages: &[&str], folder: &Path) -> Result<PathBuf> {
    for part in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(folder.join(part))?;
    }
    let signed = if Path::new(KEYRING).exists() {
        format!("[signed-by={KEYRING}] ")
    } else {
        String::new()
    };
    let source = format!("deb {signed}{} {suite} main\n", mirror()?);
    fs::write(folder.join("sources.list"), source)?;
    shell::run(apt(folder).arg("update"))?;
    shell::run(apt(folder).arg("download").args(packages))?;
    let unpacked = folder.join("unpacked");
    for file in fs::read_dir(folder)?.flatten() {
        if file.path().extension().is_some_and(|end| end == "deb") {
            let mut unpack = Command::new("dpkg-deb");
            shell::run(unpack.arg("-x").arg(file.path()).arg(&unpacked))?;
        }
    }
    Ok(unpacked)
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
