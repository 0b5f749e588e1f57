//! The logins to registries that `docker login` left, passed on to the engine.
#![expect(
    clippy::disallowed_methods,
    reason = "Docker's own files are read where engines are found"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

/// What Docker's own client calls its default registry.
const DOCKER_HUB: &str = "https://index.docker.io/v1/";
/// A credential helper may ask a keychain, but not a person.
const HELPER_LIMIT: Duration = Duration::from_secs(10);

/// `config.json` of Docker's client, as far as it tells logins.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Logins {
    auths: BTreeMap<String, Entry>,
    creds_store: String,
    cred_helpers: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Entry {
    auth: String,
    identitytoken: String,
}

/// `X-Registry-Auth` before it is encoded.
#[derive(Serialize)]
struct Login {
    #[serde(skip_serializing_if = "String::is_empty")]
    username: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    password: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    identitytoken: String,
    serveraddress: String,
}

impl Logins {
    /// No file, or one that cannot be read, means no logins.
    pub(super) fn read(docker_config: &Path) -> Self {
        fs::read(docker_config.join("config.json"))
            .ok()
            .and_then(|text| serde_json::from_slice(&text).ok())
            .unwrap_or_default()
    }

    /// The value of `X-Registry-Auth` for an image.
    pub(super) async fn header(&self, image: &str) -> Option<String> {
        let registry = registry(image);
        let login = match self.kept(registry) {
            Some(login) => login,
            None => self.helped(registry).await?,
        };
        // Engines decode base64 for URLs; the other alphabet breaks some passwords.
        let json = serde_json::to_vec(&login).ok()?;
        Some(BASE64_URL_SAFE.encode(json))
    }

    fn kept(&self, registry: &str) -> Option<Login> {
        let (name, entry) = self
            .auths
            .iter()
            .find(|(name, _)| host(name) == host(registry))?;
        let plain = BASE64_STANDARD.decode(entry.auth.trim()).ok()?;
        let plain = String::from_utf8(plain).ok()?;
        let (username, password) = plain.split_once(':').unwrap_or_default();
        if username.is_empty() && entry.identitytoken.is_empty() {
            return None;
        }
        Some(Login {
            username: username.into(),
            password: password.trim_end_matches('\0').into(),
            identitytoken: entry.identitytoken.clone(),
            serveraddress: name.clone(),
        })
    }

    /// Asks `docker-credential-…`, as Docker's client does.
    async fn helped(&self, registry: &str) -> Option<Login> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Helped {
            username: String,
            secret: String,
        }
        let named = self
            .cred_helpers
            .iter()
            .find(|(name, _)| host(name) == host(registry));
        let helper = named.map_or(&self.creds_store, |(_, helper)| helper);
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if helper.is_empty() || !helper.chars().all(plain) {
            return None;
        }
        let mut child = Command::new(format!("docker-credential-{helper}"))
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .ok()?;
        let mut input = child.stdin.take()?;
        input.write_all(registry.as_bytes()).await.ok()?;
        drop(input);
        let output = tokio::time::timeout(HELPER_LIMIT, child.wait_with_output()).await;
        let answer: Helped = serde_json::from_slice(&output.ok()?.ok()?.stdout).ok()?;
        let token = answer.username == "<token>";
        Some(Login {
            identitytoken: if token {
                answer.secret.clone()
            } else {
                String::new()
            },
            password: if token { String::new() } else { answer.secret },
            username: if token {
                String::new()
            } else {
                answer.username
            },
            serveraddress: registry.into(),
        })
    }
}

/// The registry of an image, as `config.json` names it.
fn registry(image: &str) -> &str {
    match image.split_once('/') {
        Some((first, _))
            if first == "localhost" || first.contains(['.', ':']) && host(first) != "docker.io" =>
        {
            first
        }
        _ => DOCKER_HUB,
    }
}

/// The host and port in any spelling of a registry.
fn host(name: &str) -> &str {
    let name = name.split_once("://").map_or(name, |(_, rest)| rest);
    match name.split('/').next().unwrap_or(name) {
        "index.docker.io" | "registry-1.docker.io" => "docker.io",
        host => host,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;

    #[test]
    fn an_image_names_its_registry() {
        for (image, expected) in [
            ("nginx", DOCKER_HUB),
            ("milvusdb/milvus:v2.3.5", DOCKER_HUB),
            ("docker.io/library/nginx", DOCKER_HUB),
            ("localhost/x", "localhost"),
            ("reg:5000/a/b:1", "reg:5000"),
            ("quay.io/a/b@sha256:00", "quay.io"),
        ] {
            assert_eq!(registry(image), expected, "{image}");
        }
    }

    #[tokio::test]
    async fn a_login_is_passed_on_in_the_alphabet_of_urls() {
        let folder = tempfile::tempdir().unwrap();
        let auth = BASE64_STANDARD.encode("me:p??>>~~\u{ff}");
        let config = format!(r#"{{"auths": {{"https://reg:5000/v2/": {{"auth": "{auth}"}}}}}}"#);
        fs::write(folder.path().join("config.json"), config).unwrap();
        let logins = Logins::read(folder.path());
        let header = logins.header("reg:5000/a:1").await.unwrap();
        assert!(!header.contains(['+', '/']));
        let json = BASE64_URL_SAFE.decode(header).unwrap();
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        assert_eq!(json["username"], "me");
        assert_eq!(json["password"], "p??>>~~\u{ff}");
        assert_eq!(logins.header("other/a:1").await, None);
    }

    #[tokio::test]
    async fn no_file_is_no_login() {
        let logins = Logins::read(Path::new("/nowhere"));
        assert_eq!(logins.header("nginx").await, None);
    }
}
