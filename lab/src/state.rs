//! What the running lab is, on disk: written before anything is made.

use std::fs::{self, File};
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::host::Host;
use crate::paths::Paths;

/// The lab as it was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Where the hosts' data roots are.
    pub cache: PathBuf,
    pub hosts: Vec<Host>,
    pub managers: u8,
    pub mtu: u32,
}

impl State {
    /// The lab that was asked for last, if there is one.
    pub fn load(paths: &Paths) -> Result<Option<Self>> {
        let file = paths.run.join("lab.json");
        if !file.exists() {
            return Ok(None);
        }
        let text = fs::read_to_string(&file)?;
        let state = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: `milvus-swarm-lab down`", file.display()))?;
        Ok(Some(state))
    }

    pub fn save(&self, paths: &Paths) -> Result<()> {
        let partial = paths.run.join("lab.json.partial");
        fs::write(&partial, serde_json::to_string_pretty(self)?)?;
        fs::rename(partial, paths.run.join("lab.json"))?;
        Ok(())
    }

    pub fn host(&self, name: &str) -> Result<&Host> {
        match self.hosts.iter().find(|host| host.name() == name) {
            Some(host) => Ok(host),
            None => bail!(
                "no host `{name}` in this lab of {}: see `milvus-swarm-lab status`",
                self.hosts.len()
            ),
        }
    }
}

/// Held while the lab is being changed; given back when dropped, or when the process dies.
pub fn lock(paths: &Paths) -> Result<File> {
    fs::create_dir_all(&paths.run)
        .with_context(|| format!("cannot make {}: the lab needs root", paths.run.display()))?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(paths.run.with_extension("lock"))?;
    file.lock().context("another milvus-swarm-lab is at work")?;
    Ok(file)
}
