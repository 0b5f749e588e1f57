//! Docker contexts: the engines that `docker context` keeps in `~/.docker`.
#![expect(
    clippy::disallowed_methods,
    reason = "Docker's own files are read where engines are found"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::error::EngineError;
use super::target::{Endpoint, Target, TlsFiles};
use crate::digest::sha256;

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Endpoints", default)]
    endpoints: Endpoints,
}

#[derive(Default, Deserialize)]
struct Endpoints {
    docker: Option<DockerEndpoint>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DockerEndpoint {
    #[serde(default)]
    host: String,
    #[serde(default, rename = "SkipTLSVerify")]
    skip_tls_verify: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CliConfig {
    #[serde(default)]
    current_context: String,
}

/// The context that `docker context use` chose, if it chose one.
pub(super) fn current(docker_config: &Path) -> Result<Option<String>, EngineError> {
    let path = docker_config.join("config.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(bad_file(&path, &error)),
    };
    let config: CliConfig =
        serde_json::from_slice(&text).map_err(|error| bad_file(&path, &error))?;
    Ok(Some(config.current_context).filter(|name| !name.is_empty()))
}

/// The engine of a context.
pub(super) fn target(
    docker_config: &Path,
    name: &str,
    said_by: &str,
) -> Result<Target, EngineError> {
    let origin = format!("{said_by} context `{name}`");
    if name == "default" {
        return Target::parse(super::target::DEFAULT_HOST, &origin, None);
    }
    let bad = |why: String| EngineError::BadTarget {
        origin: origin.clone(),
        why,
    };
    let folder = sha256(name.as_bytes());
    let contexts = docker_config.join("contexts");
    let path = contexts.join("meta").join(&folder).join("meta.json");
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Err(bad(
                "there is no such context; `docker context ls` lists them".into(),
            ));
        }
        Err(error) => return Err(bad_file(&path, &error)),
    };
    let meta: Meta = serde_json::from_slice(&text).map_err(|error| bad_file(&path, &error))?;
    let docker = meta
        .endpoints
        .docker
        .ok_or_else(|| bad("it has no endpoint `docker`".into()))?;
    let mut target = Target::parse(&docker.host, &origin, None)?;
    let pem = contexts.join("tls").join(&folder).join("docker");
    if let Endpoint::Tcp { port, tls, .. } = &mut target.endpoint {
        if docker.skip_tls_verify {
            return Err(bad(
                "it skips the verification of TLS, which this tool never does".into(),
            ));
        }
        let ca = pem.join("ca.pem");
        if ca.exists() {
            let client = (pem.join("cert.pem"), pem.join("key.pem"));
            *tls = Some(TlsFiles {
                ca,
                client: client.0.exists().then_some(client),
                server_name: None,
            });
            if !has_port(&docker.host) {
                *port = 2376;
            }
        }
    }
    Ok(target)
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':')
        .is_some_and(|(_, port)| port.trim_end_matches('/').parse::<u16>().is_ok())
}

fn bad_file(path: &Path, why: &dyn std::fmt::Display) -> EngineError {
    EngineError::BadFile {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}
