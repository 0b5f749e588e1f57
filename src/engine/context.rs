//! Docker contexts: the engines that `docker context` keeps in `~/.docker`.
#![expect(
    clippy::disallowed_methods,
    reason = "Docker's own files are read where engines are found"
)]

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;

use super::access::Access;
use super::error::EngineError;
use super::target::{Target, TlsFiles};
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
    access: &Access,
) -> Result<Target, EngineError> {
    let origin = format!("{said_by} context `{name}`");
    if name == "default" {
        return Target::parse(super::target::DEFAULT_HOST, &origin, access);
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
    // Of a context, and none of the environment's.
    let files = if docker.skip_tls_verify {
        Err("it skips the verification of TLS, which this tool never does".into())
    } else {
        files(&contexts.join("tls").join(&folder).join("docker"), name)
    };
    Target::with_files(&docker.host, &origin, access, files)
}

/// The TLS files of a context: those of its folder, or none where it keeps none.
///
/// # Errors
/// One is missing that the others are of no use without. Connecting all the same would be in clear.
fn files(folder: &Path, context: &str) -> Result<Option<TlsFiles>, String> {
    let [ca, certificate, key] = ["ca.pem", "cert.pem", "key.pem"].map(|name| folder.join(name));
    let is_there = |path: &Path| {
        let found = path.try_exists();
        found.map_err(|error| format!("cannot use `{}`: {error}", path.display()))
    };
    let missing = match (is_there(&ca)?, is_there(&certificate)?, is_there(&key)?) {
        (false, false, false) => return Ok(None),
        (true, has, also) if has == also => {
            return Ok(Some(TlsFiles {
                ca,
                client: has.then_some((certificate, key)),
                server_name: None,
            }));
        }
        (false, ..) => "its TLS has no `ca.pem` to know the engine by",
        (true, false, _) => "its TLS has a key and no `cert.pem` for it",
        (true, true, _) => "its TLS has a certificate and no `key.pem` for it",
    };
    Err(format!(
        "{missing}; give it all three: docker context update {context} --docker \
         host=...,ca=FILE,cert=FILE,key=FILE"
    ))
}

fn bad_file(path: &Path, why: &dyn std::fmt::Display) -> EngineError {
    EngineError::BadFile {
        path: path.display().to_string(),
        why: why.to_string(),
    }
}
