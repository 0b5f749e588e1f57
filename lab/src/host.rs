//! One host of the lab: its name, address and the paths that belong to it.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::paths::Paths;
use crate::release::Release;

/// The most hosts a lab can have.
pub const MOST: u8 = 30;

/// The machine's own address on the lab's bridge.
pub const MACHINE: &str = "10.99.0.254";

/// A host; everything about it follows from its number, but for the size and the engine.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    pub number: u8,
    /// A size to report in place of the machine's.
    #[serde(default)]
    pub size: Size,
    /// The release of Docker that it runs.
    #[serde(default)]
    pub engine: Release,
}

/// What an engine reports as its memory and CPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    pub memory: Option<u64>,
    pub cpus: Option<usize>,
}

impl Host {
    pub fn new(number: u8) -> Self {
        Self {
            number,
            ..Self::default()
        }
    }

    /// The Swarm node's hostname; `build` is the private engine that loads images.
    pub fn name(&self) -> String {
        match self.number {
            0 => "build".to_owned(),
            n => format!("node{n:02}"),
        }
    }

    pub fn address(&self) -> String {
        format!("10.99.0.{}", self.number)
    }

    /// The machine's end of the host's cable.
    pub fn cable(&self) -> String {
        format!("mslab{:02}", self.number)
    }

    /// The engine's cgroup, and its containers' parent.
    pub fn cgroup(&self) -> String {
        format!("{}/{}", crate::cgroup::ROOT, self.name())
    }

    pub fn socket(&self, paths: &Paths) -> PathBuf {
        paths.run.join(format!("{}.sock", self.name()))
    }

    pub fn log(&self, paths: &Paths) -> PathBuf {
        paths.run.join(format!("{}.log", self.name()))
    }

    pub fn netns(&self, paths: &Paths) -> PathBuf {
        paths.run.join("netns").join(self.name())
    }

    pub fn data(&self, paths: &Paths) -> PathBuf {
        match self.number {
            0 => paths.seed(),
            _ => paths.hosts().join(self.name()),
        }
    }
}

/// Reads `NAME=MEMORY[/CPUS]`, e.g. `node04=64G` or `node04=8G/1`; `*` names every host.
pub fn parse_size(text: &str) -> Result<(String, Size)> {
    let wrong = || format!("`{text}` is no size: write NAME=MEMORY[/CPUS], like node04=64G/1");
    let (name, size) = text.split_once('=').with_context(wrong)?;
    let (memory, cpus) = match size.split_once('/') {
        Some((memory, cpus)) => (memory, Some(cpus.parse().with_context(wrong)?)),
        None => (size, None),
    };
    let memory = match memory {
        "" => None,
        text => Some(parse_bytes(text).with_context(wrong)?),
    };
    Ok((name.to_owned(), Size { memory, cpus }))
}

fn parse_bytes(text: &str) -> Result<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 10,
        "m" | "mb" | "mib" => 20,
        "g" | "gb" | "gib" => 30,
        other => bail!("unknown unit `{other}`"),
    };
    Ok(digits.parse::<u64>()? << unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes() {
        let (name, size) = parse_size("node04=64G/1").unwrap();
        assert_eq!(name, "node04");
        assert_eq!(size.memory, Some(64 << 30));
        assert_eq!(size.cpus, Some(1));
        assert_eq!(parse_size("*=/1").unwrap().1.memory, None);
        assert!(parse_size("node04").is_err());
        assert!(parse_size("node04=8X").is_err());
    }
}
