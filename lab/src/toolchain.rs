//! What the lab needs of the machine: a few Debian packages, and an engine of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, bail};

use crate::paths::Paths;
use crate::progress::Progress;
use crate::shell;

/// Unpacked beside the system, never installed: the machine's own Docker stays as it is.
const ENGINE: [&str; 4] = ["docker.io", "containerd", "runc", "tini"];

/// The engine's libraries; harmless to have.
const LIBRARIES: [(&str, &str); 3] = [
    ("libdevmapper1.02.1", "libdevmapper.so.1.02.1"),
    ("libseccomp2", "libseccomp.so.2"),
    ("libsystemd0", "libsystemd.so.0"),
];

/// Makes sure of everything that a running lab needs.
pub fn ensure(paths: &Paths, progress: &Progress) -> Result<()> {
    let mut missing: Vec<&str> = [
        ("ip", "iproute2"),
        ("iptables", "iptables"),
        ("nsenter", "util-linux"),
    ]
    .into_iter()
    .filter(|(program, _)| !(shell::has(program) || Path::new("/usr/sbin").join(program).exists()))
    .map(|(_, package)| package)
    .collect();
    let known = shell::run(Command::new("/sbin/ldconfig").arg("-p")).unwrap_or_default();
    missing.extend(
        LIBRARIES
            .iter()
            .filter(|(_, file)| !known.contains(file))
            .map(|(package, _)| *package),
    );
    install(&missing, progress)?;
    if engine(paths).join("complete").exists() {
        return Ok(());
    }
    progress.step("unpacking Debian's Docker engine");
    let dir = engine(paths);
    let debs = paths.engines().join("debs");
    let partial = dir.with_extension("partial");
    for old in [&debs, &partial, &dir] {
        if old.exists() {
            fs::remove_dir_all(old)?;
        }
    }
    fs::create_dir_all(&debs)?;
    refresh_apt()?;
    shell::run(
        Command::new("apt-get")
            .arg("download")
            .args(ENGINE)
            .current_dir(&debs),
    )
    .context("apt does not have Debian's docker.io: the lab needs Debian bookworm")?;
    for deb in fs::read_dir(&debs)?.flatten() {
        shell::run(
            Command::new("dpkg-deb")
                .arg("-x")
                .arg(deb.path())
                .arg(&partial),
        )?;
    }
    fs::write(partial.join("complete"), "")?;
    fs::rename(&partial, &dir)?;
    fs::remove_dir_all(&debs)?;
    let version = shell::run(Command::new(dir.join("usr/sbin/dockerd")).arg("--version"))?;
    progress.done(version.trim());
    Ok(())
}

/// The folder that Debian's engine is unpacked in.
pub fn engine(paths: &Paths) -> PathBuf {
    paths.engines().join("debian")
}

/// The Docker command line of the engine's own version.
pub fn docker(paths: &Paths) -> PathBuf {
    engine(paths).join("usr/bin/docker")
}

/// Installs Debian packages that are missing.
pub fn install(packages: &[&str], progress: &Progress) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    progress.step(format!("installing {}", packages.join(", ")));
    refresh_apt()?;
    shell::run(
        Command::new("apt-get")
            .args(["install", "-y", "-q", "--no-install-recommends"])
            .args(packages)
            .env("DEBIAN_FRONTEND", "noninteractive"),
    )
    .map(drop)
}

/// Installs the package of each program that is not on the path.
pub fn need(programs: &[(&str, &'static str)], progress: &Progress) -> Result<()> {
    let missing: Vec<&str> = programs
        .iter()
        .filter(|(program, _)| !shell::has(program))
        .map(|(_, package)| *package)
        .collect();
    install(&missing, progress)
}

/// Makes a Python environment.
pub fn venv(dir: &Path) -> Result<()> {
    let make = || shell::run(Command::new("python3").args(["-m", "venv"]).arg(dir));
    if make().is_ok() {
        return Ok(());
    }
    fs::remove_dir_all(dir).ok();
    install(&["python3", "python3-venv"], &Progress::silent())?;
    make().map(drop)
}

/// The machine's own Debian mirror and suite, e.g. for `mmdebstrap`.
pub fn mirror() -> Result<(String, &'static str)> {
    refresh_apt()?;
    let format = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(ORIGIN)";
    let text = shell::run(Command::new("apt-get").args([
        "indextargets",
        "--format",
        format,
        "Created-By: Packages",
    ]))?;
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        if let [uri, "bookworm", "main", "Debian"] = words[..] {
            return Ok((uri.to_owned(), "bookworm"));
        }
    }
    bail!("apt has no Debian bookworm: the lab's images are made of it")
}

/// Renews apt's lists, once.
pub(crate) fn refresh_apt() -> Result<()> {
    static ONCE: Once = Once::new();
    let mut result = Ok(String::new());
    ONCE.call_once(|| result = shell::run(Command::new("apt-get").args(["update", "-q"])));
    result.map(drop)
}
