//! A Python with pymilvus, outside the repo.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::paths::Paths;
use crate::progress::Progress;
use crate::{shell, toolchain};

/// pymilvus of the Milvus that the lab runs, and the versions that it still works with.
const PACKAGES: [&str; 4] = [
    "pymilvus==2.3.5",
    "environs<10",
    "marshmallow<3.20",
    "setuptools<70",
];

/// The Python to run tests with; made on first use.
pub fn python(paths: &Paths, progress: &Progress) -> Result<PathBuf> {
    let dir = paths.cache.join("client");
    let python = dir.join("bin/python");
    let stamp = dir.join("packages");
    let wanted = PACKAGES.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|made| made == wanted) && python.exists() {
        return Ok(python);
    }
    progress.step("making a Python environment with pymilvus");
    if dir.exists() {
        fs::remove_dir_all(&dir)?;
    }
    toolchain::venv(&dir)?;
    shell::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(PACKAGES),
    )?;
    shell::run(Command::new(&python).args(["-c", "import pymilvus"]))?;
    fs::write(stamp, wanted)?;
    Ok(python)
}
