//! Everything this program says to Docker engines: its only network and its only clock.
//!
//! `Target` finds the engine and `Engine::connect` reaches it over a socket, TCP, TLS or SSH.
//! Objects are named by name on this side; their identifiers stay in here.

mod access;
mod connect;
mod context;
mod error;
mod events;
mod exec;
mod fence;
mod frames;
mod http;
mod link;
mod lock;
mod login;
mod logs;
mod names;
mod node;
mod observe;
mod read;
mod registry;
mod request;
mod rows;
mod service;
mod ssh;
mod store;
mod target;
mod tls;
mod tunnel;
mod wire;

use std::path::Path;
use std::sync::{Arc, OnceLock};

pub use access::Access;
pub use error::{EngineError, Refused};
pub use events::Events;
pub use fence::{Fence, Leave};
pub use names::Kind;
pub use observe::CLUSTER_LABEL;
pub use registry::Told;
pub use target::{Endpoint, Target, TlsFiles};
pub use tunnel::{Tunnel, TunnelStream};

/// A connected engine. Clones share its connections.
#[derive(Clone)]
pub struct Engine {
    http: Arc<http::Http>,
    version: String,
    names: Arc<names::Names>,
    logins: Arc<login::Logins>,
    identity: Arc<OnceLock<observe::Identity>>,
}

impl Engine {
    /// The address, as `DOCKER_HOST` would spell it.
    #[must_use]
    pub fn address(&self) -> String {
        self.http.target().endpoint.to_string()
    }

    /// Passes on the logins to registries that are kept in this folder (`~/.docker`).
    #[must_use]
    pub fn with_logins(mut self, docker_config: &Path) -> Self {
        self.logins = Arc::new(login::Logins::read(docker_config));
        self
    }

    /// What time it was where the engine is when it last answered, as `2026-11-30T12:00:00Z`.
    #[must_use]
    pub fn time(&self) -> Option<String> {
        self.http.time().map(|time| time.to_string())
    }

    /// The API version spoken, such as `1.41`.
    #[must_use]
    pub fn api_version(&self) -> &str {
        &self.version
    }
}
