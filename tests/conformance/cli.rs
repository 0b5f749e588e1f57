//! The docker CLIs that stand as oracles.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use milvus_swarm::compose::image::ResolveImage;
use serde_json::Value;

use crate::engine::{Engine, Posted, World};

/// A docker CLI.
#[derive(Clone, Debug)]
pub struct Cli {
    pub path: PathBuf,
    /// Such as `28.2.2`.
    pub version: String,
    pub major: u32,
}

/// What came of a deployment.
pub struct Deployed {
    pub ok: bool,
    pub posted: Posted,
    pub stderr: String,
}

impl Cli {
    /// The CLI on `PATH`, and those in `MILVUS_SWARM_DOCKER_CLIS` (paths with colons between).
    ///
    /// Without any, the test fails unless `MILVUS_SWARM_WITHOUT_DOCKER_CLI=1` says that this is
    /// meant; then there is nothing to compare with.
    pub fn all() -> Vec<Self> {
        let path = std::env::var("PATH").unwrap_or_default();
        let on_path = std::env::split_paths(&path).map(|dir| dir.join("docker"));
        let more = std::env::var("MILVUS_SWARM_DOCKER_CLIS").unwrap_or_default();
        let mut clis: Vec<Self> = on_path
            .filter(|path| path.is_file())
            .take(1)
            .map(Self::at)
            .collect();
        clis.extend(
            std::env::split_paths(&more)
                .filter(|p| !p.as_os_str().is_empty())
                .map(Self::at),
        );
        let without = std::env::var("MILVUS_SWARM_WITHOUT_DOCKER_CLI").is_ok_and(|v| v == "1");
        assert!(
            !clis.is_empty() || without,
            "no docker CLI on PATH or in MILVUS_SWARM_DOCKER_CLIS to compare with; \
             MILVUS_SWARM_WITHOUT_DOCKER_CLI=1 leaves the comparison out"
        );
        if clis.is_empty() {
            println!("not compared with any docker CLI");
        }
        // The one on `PATH` may be one of the others.
        let mut seen = BTreeSet::new();
        clis.retain(|cli| seen.insert(cli.version.clone()));
        clis
    }

    fn at(path: PathBuf) -> Self {
        let output = Command::new(&path).arg("--version").output();
        let output = output.unwrap_or_else(|e| panic!("{} does not run: {e}", path.display()));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let version = text
            .split_whitespace()
            .nth(2)
            .unwrap_or_default()
            .trim_end_matches(',')
            .to_owned();
        let major = version
            .split('.')
            .next()
            .and_then(|major| major.parse().ok());
        let major = major.unwrap_or_else(|| panic!("{} says `{text}`", path.display()));
        Self {
            path,
            version,
            major,
        }
    }

    /// Runs `docker stack deploy` on `directory/stack.yml` with `services` in the Swarm.
    pub fn deploy(
        &self,
        directory: &Path,
        namespace: &str,
        environment: &BTreeMap<String, String>,
        mode: ResolveImage,
        services: &BTreeMap<String, Value>,
    ) -> Deployed {
        let world = World {
            services: services.clone(),
            ..World::default()
        };
        let mode = match mode {
            ResolveImage::Always => "always",
            ResolveImage::Changed => "changed",
            ResolveImage::Never => "never",
        };
        let flags = ["--resolve-image", mode];
        self.deploy_in(&world, directory, namespace, environment, &flags)
    }

    /// The same with other flags in another Swarm.
    pub fn deploy_in(
        &self,
        world: &World,
        directory: &Path,
        namespace: &str,
        environment: &BTreeMap<String, String>,
        flags: &[&str],
    ) -> Deployed {
        let engine = Engine::start(directory, world);
        let output = Command::new(&self.path)
            .args(["stack", "deploy"])
            .args(flags)
            .args(["-c", "stack.yml", namespace])
            .current_dir(directory)
            .env_clear()
            .envs(environment)
            .env("DOCKER_HOST", engine.host())
            .env("DOCKER_CONFIG", directory)
            .output()
            .unwrap();
        Deployed {
            ok: output.status.success(),
            posted: engine.posted(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}
