//! Which Docker engine is meant, and how it is reached.

use std::fmt;
use std::path::{Path, PathBuf};

use super::access::Access;
use super::context;
use super::error::EngineError;
use crate::address;

/// Where Docker listens when nobody says otherwise.
pub(super) const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";

/// A way to an engine.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Endpoint {
    Unix(PathBuf),
    Tcp {
        host: String,
        port: u16,
        tls: Option<TlsFiles>,
    },
    /// The standard input and output of `docker system dial-stdio` on another host.
    Ssh {
        user: Option<String>,
        host: String,
        port: Option<u16>,
        /// Socket on that host, if not Docker's own default.
        socket: Option<String>,
    },
}

/// PEM files of a TLS connection.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TlsFiles {
    pub ca: PathBuf,
    /// Certificate and key of the client.
    pub client: Option<(PathBuf, PathBuf)>,
    /// Name to expect in the server's certificate, if not the host's.
    pub server_name: Option<String>,
}

/// An engine and who named it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    pub endpoint: Endpoint,
    /// `--host`, `DOCKER_HOST`, ``context `prod` `` or `default`.
    pub origin: String,
}

impl Target {
    /// The engine that the Docker CLI would use: `--host`, then `DOCKER_HOST`, then
    /// `DOCKER_CONTEXT`, then the current context, then the local socket.
    ///
    /// # Errors
    /// An address that cannot be read, or may not be talked to in clear; a context that does not
    /// exist, or lacks what its TLS needs.
    pub fn discover(
        host_flag: Option<&str>,
        env: impl Fn(&str) -> Option<String>,
        docker_config: &Path,
        access: &Access,
    ) -> Result<Self, EngineError> {
        let env = |name: &str| env(name).filter(|value| !value.is_empty());
        let named = host_flag
            .map(|host| (host.to_owned(), "--host"))
            .or_else(|| env("DOCKER_HOST").map(|host| (host, "DOCKER_HOST")));
        if let Some((host, origin)) = named {
            return Self::parse(&host, origin, access);
        }
        if let Some(name) = env("DOCKER_CONTEXT") {
            return context::target(docker_config, &name, "DOCKER_CONTEXT", access);
        }
        match context::current(docker_config)? {
            Some(name) => context::target(docker_config, &name, "current", access),
            None => Self::parse(DEFAULT_HOST, "default", access),
        }
    }

    /// Reads `unix://`, `tcp://` and `ssh://` addresses.
    ///
    /// # Errors
    /// An address that cannot be read, or may not be talked to in clear.
    pub fn parse(host: &str, origin: &str, access: &Access) -> Result<Self, EngineError> {
        let tls = access.files();
        Self::with_files(host, origin, access, tls)
    }

    /// The same with TLS files that are known already, or the reason why there are none.
    pub(super) fn with_files(
        host: &str,
        origin: &str,
        access: &Access,
        tls: Result<Option<TlsFiles>, String>,
    ) -> Result<Self, EngineError> {
        let named = || format!("{origin} `{}`", address::without_password(host));
        let endpoint = endpoint(host, tls).map_err(|why| EngineError::BadTarget {
            origin: named(),
            why,
        })?;
        if let Endpoint::Tcp {
            host, tls: None, ..
        } = &endpoint
            && !access.allows_clear_text_to(host)
        {
            return Err(EngineError::InClear { origin: named() });
        }
        Ok(Self {
            endpoint,
            origin: origin.into(),
        })
    }
}

fn endpoint(address: &str, tls: Result<Option<TlsFiles>, String>) -> Result<Endpoint, String> {
    if address::password(address).is_some() {
        return Err(
            "a password does not belong in an address; an engine knows its users by a key (`ssh://`) \
             or a certificate (DOCKER_CERT_PATH)"
                .into(),
        );
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err("expected `unix://`, `tcp://` or `ssh://` in front".into());
    };
    match scheme {
        "unix" if rest.starts_with('/') => Ok(Endpoint::Unix(rest.into())),
        "unix" => Err("the path of a socket begins with `/`".into()),
        "tcp" => {
            let (mut host, port) = host_and_port(rest.trim_end_matches('/'))?;
            if host.contains('@') {
                return Err("a `tcp://` address has no user: certificates say who you are".into());
            }
            if host.is_empty() {
                host = "127.0.0.1".into();
            }
            let tls = tls?;
            let default = if tls.is_some() { 2376 } else { 2375 };
            Ok(Endpoint::Tcp {
                host,
                port: port.unwrap_or(default),
                tls,
            })
        }
        "ssh" => ssh(rest),
        _ => Err(format!(
            "`{scheme}://` is not one of `unix://`, `tcp://` and `ssh://`"
        )),
    }
}

/// `[user@]host[:port][/socket]`. These words become arguments of `ssh`, and the socket is
/// read by a shell on the other host, so each is held to what such words look like.
fn ssh(rest: &str) -> Result<Endpoint, String> {
    let (place, socket) = match rest.find('/') {
        Some(at) => (&rest[..at], Some(&rest[at..]).filter(|path| *path != "/")),
        None => (rest, None),
    };
    let (user, place) = match place.rsplit_once('@') {
        Some((user, place)) => (Some(user), place),
        None => (None, place),
    };
    let (host, port) = host_and_port(place)?;
    let plain = |word: &str, more: &str| {
        !word.is_empty()
            && !word.starts_with('-')
            && word
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    if !plain(&host, ".-_:") {
        return Err(format!("`{host}` is not a host name"));
    }
    if let Some(user) = user.filter(|user| !plain(user, ".-_@+")) {
        return Err(format!("`{user}` is not a user name"));
    }
    if let Some(socket) = socket.filter(|socket| !plain(socket, "/.-_")) {
        return Err(format!("`{socket}` is not a path this tool passes on"));
    }
    Ok(Endpoint::Ssh {
        user: user.map(Into::into),
        host,
        port,
        socket: socket.map(Into::into),
    })
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest
                .split_once(']')
                .ok_or_else(|| format!("`{text}` lacks a `]`"))?;
            (host, after.strip_prefix(':'))
        }
        None => match text.rsplit_once(':') {
            Some((host, _)) if host.contains(':') => {
                return Err(format!("write an IPv6 address as `[{text}]`"));
            }
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    if host.contains(|c: char| c == '/' || c.is_whitespace() || c.is_control()) {
        return Err(format!("`{host}` is not a host name"));
    }
    let port = port
        .map(|port| port.parse().map_err(|_| format!("`{port}` is not a port")))
        .transpose()?;
    Ok((host.into(), port))
}

impl fmt::Display for Endpoint {
    /// The address as `DOCKER_HOST` would spell it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bracketed = |host: &str| {
            if host.contains(':') {
                format!("[{host}]")
            } else {
                host.to_owned()
            }
        };
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp { host, port, .. } => write!(f, "tcp://{}:{port}", bracketed(host)),
            Self::Ssh {
                user,
                host,
                port,
                socket,
            } => {
                f.write_str("ssh://")?;
                if let Some(user) = user {
                    write!(f, "{user}@")?;
                }
                f.write_str(&bracketed(host))?;
                if let Some(port) = port {
                    write!(f, ":{port}")?;
                }
                f.write_str(socket.as_deref().unwrap_or_default())
            }
        }
    }
}

#[cfg(test)]
#[path = "target_tests.rs"]
#[allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a test may panic and needs files"
)]
mod tests;
