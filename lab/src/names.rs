//! The lab's name server: it knows no name, and says so at once.

use std::fs::{self, File};
use std::process::{Command, Stdio};

use anyhow::{Result, bail};

use crate::cgroup;
use crate::host::MACHINE;
use crate::paths::Paths;

const GROUP: &str = "milvus-swarm-lab/names";

const SCRIPT: &str = include_str!("../names.pl");

/// Starts it on the bridge, unless it runs.
pub fn start(paths: &Paths) -> Result<()> {
    if !cgroup::members(GROUP).is_empty() {
        return Ok(());
    }
    let script = paths.run.join("names.pl");
    fs::write(&script, SCRIPT)?;
    let groups = cgroup::make(GROUP)?;
    let enter: String = groups
        .iter()
        .map(|file| format!("echo $$ > {}\n", file.display()))
        .collect();
    let log = paths.run.join("names.log");
    let status = Command::new("setsid")
        .args(["--fork", "sh", "-c"])
        .arg(format!("{enter}exec perl {} {MACHINE}", script.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(&log)?)
        .status()?;
    if !status.success() {
        bail!("the lab's name server did not start: see {}", log.display());
    }
    Ok(())
}
