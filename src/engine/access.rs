//! What decides besides an address how an engine is reached: whose word TLS takes, and whether the
//! user accepts a connection without it.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::target::TlsFiles;

/// How engines behind `tcp://` are reached. The default is an environment that says nothing: no
/// TLS, and so no engine but those of this machine.
#[derive(Clone, Debug, Default)]
pub struct Access {
    tls: Tls,
    /// Whether others may read along and act in the user's name.
    insecure: bool,
}

/// What the environment says of TLS.
#[derive(Clone, Debug, Default)]
enum Tls {
    #[default]
    Unsaid,
    /// `DOCKER_TLS` alone: whoever answers is believed.
    Unverified,
    /// `DOCKER_TLS_VERIFY`; the folder with `ca.pem`, `cert.pem` and `key.pem`.
    Verified(PathBuf),
}

impl Access {
    /// What `docker` reads from the environment, and what `--insecure` says.
    pub fn new(env: impl Fn(&str) -> Option<String>, docker_config: &Path, insecure: bool) -> Self {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let tls = if env("DOCKER_TLS_VERIFY").is_some() {
            let folder = env("DOCKER_CERT_PATH");
            Tls::Verified(folder.map_or_else(|| docker_config.to_owned(), PathBuf::from))
        } else if env("DOCKER_TLS").is_some() {
            Tls::Unverified
        } else {
            Tls::Unsaid
        };
        Self { tls, insecure }
    }

    /// TLS with the files in a folder.
    #[must_use]
    pub fn with_tls(folder: &Path) -> Self {
        Self {
            tls: Tls::Verified(folder.to_owned()),
            insecure: false,
        }
    }

    /// The files of a connection over TCP; none where TLS is not asked for.
    ///
    /// # Errors
    /// TLS that proves nothing is asked for.
    pub(super) fn files(&self) -> Result<Option<TlsFiles>, String> {
        match &self.tls {
            Tls::Unsaid => Ok(None),
            Tls::Unverified => Err(
                "DOCKER_TLS without DOCKER_TLS_VERIFY proves nothing; set DOCKER_TLS_VERIFY=1"
                    .into(),
            ),
            Tls::Verified(folder) => {
                let client = (folder.join("cert.pem"), folder.join("key.pem"));
                Ok(Some(TlsFiles {
                    ca: folder.join("ca.pem"),
                    client: (client.0.exists() || client.1.exists()).then_some(client),
                    server_name: None,
                }))
            }
        }
    }

    /// Whether a host may be talked to without TLS.
    pub(super) fn allows_clear_text_to(&self, host: &str) -> bool {
        self.insecure || is_this_machine(host)
    }
}

/// Whether what is sent to a host stays on this machine. A name other than `localhost` may mean
/// anything.
fn is_this_machine(host: &str) -> bool {
    let address = host.parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn only_loopback_is_this_machine() {
        for host in ["localhost", "LocalHost", "127.0.0.1", "127.9.9.9", "::1"] {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "h1",
            "10.0.0.1",
            "0.0.0.0",
            "localhost.example.com",
            "fe80::1",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
