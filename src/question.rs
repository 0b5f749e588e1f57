//! What gates ask of components, and what comes back: data only.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// One question, asked from inside the cluster's overlay network.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Question {
    Http {
        method: &'static str,
        /// An IP address or a DNS name of the overlay.
        host: String,
        port: u16,
        /// How its certificate is checked; without, it is asked in plain text.
        tls: Option<Trust>,
        path: String,
        headers: Vec<(String, String)>,
        body: Option<Vec<u8>>,
        timeout: Duration,
    },
    /// Send bytes, then read until the peer closes or the time is over.
    Tcp {
        host: String,
        port: u16,
        send: Vec<u8>,
        timeout: Duration,
    },
    /// Read a file of the container that the tunnel ends in.
    File { path: String },
    /// Ask a proxy over gRPC which query nodes lead shards; answered with the JSON of
    /// `milvus::grpc::ShardLeader`s.
    ShardLeaders { host: String },
    /// Ask a proxy over gRPC without a password, and with the one that everybody knows; answered with
    /// the JSON of [`milvus::grpc::Strangers`](crate::milvus::grpc::Strangers).
    Strangers { host: String },
    /// Ask the registry of an image whether it has it: through the engine, not from the overlay.
    /// The status is the registry's; there is no answer where it could not be asked.
    Image { image: String },
    /// Talk with a system: several questions, each of which hangs on the answers before. Answered with
    /// the JSON of an [`Outcome`].
    Talk(Box<Talk>),
}

/// Whose word for a server is taken, besides that of those whom the image trusts.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Trust {
    /// A file with certificates, in the container that the tunnel ends in, in place of the image's.
    pub ca: Option<String>,
}

/// What a talk with a system is about; its row leads it.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Talk {
    /// Name of the system.
    pub system: String,
    /// Name of the cluster.
    pub cluster: String,
    /// The Swarm's identifier.
    pub swarm: String,
    /// The time, by the engine's clock: RFC 3339; empty where it did not say.
    pub at: String,
    /// What the inventory says of the system but files.
    pub settings: BTreeMap<String, String>,
    /// Keys of the secrets that it takes.
    pub secrets: Vec<String>,
    /// Whether something may be written: not by a look.
    pub writes: bool,
}

/// What a talk came to.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It does what is needed; the text says what was seen.
    Good(String),
    /// It does not, and a person must change something.
    Wrong(String),
    /// It does not, and may do so later.
    NotYet(String),
}

/// Somebody who leads a talk: pure, so that it can be tried without a network.
pub trait Lead {
    /// What to ask next, given the answer to what was asked before.
    ///
    /// # Errors
    /// The outcome: there is nothing more to ask.
    fn turn(&mut self, answer: Option<Answer>) -> Result<Turn, Outcome>;

    /// The same, with the outcome as the last turn.
    fn next(&mut self, answer: Option<Answer>) -> Turn {
        self.turn(answer).unwrap_or_else(Turn::Over)
    }
}

/// A turn of a talk.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Turn {
    Ask(Question),
    /// Secrets, each by the name of its file and its own, read wherever they may be read; answered
    /// with the JSON of their texts by those names. Not for a look: it starts a task.
    Secrets(Vec<(String, String)>),
    Over(Outcome),
}

/// Why there is no answer where somebody took the connection and said nothing.
pub const CLOSED: &str = "connection closed without an answer";

/// What came back.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answer {
    Http {
        status: u16,
        body: Vec<u8>,
    },
    Bytes(Vec<u8>),
    /// `connection refused`, `timed out` and the like.
    Failed(String),
}

impl Question {
    /// Whether the answer is not all that comes of it.
    #[must_use]
    pub fn changes(&self) -> bool {
        matches!(self, Self::Http { method, .. } if !matches!(*method, "GET" | "HEAD"))
    }

    /// `GET` without a body.
    #[must_use]
    pub fn get(host: impl Into<String>, port: u16, path: impl Into<String>) -> Self {
        Self::Http {
            method: "GET",
            host: host.into(),
            port,
            tls: None,
            path: path.into(),
            headers: Vec::new(),
            body: None,
            timeout: Duration::from_secs(5),
        }
    }

    /// `POST` of a JSON document.
    #[must_use]
    pub fn post_json(
        host: impl Into<String>,
        port: u16,
        path: impl Into<String>,
        body: &serde_json::Value,
    ) -> Self {
        Self::Http {
            method: "POST",
            host: host.into(),
            port,
            tls: None,
            path: path.into(),
            headers: vec![("Content-Type".into(), "application/json".into())],
            body: Some(body.to_string().into_bytes()),
            timeout: Duration::from_secs(5),
        }
    }

    /// The same question with an `Authorization` header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: String) -> Self {
        if let Self::Http { headers, .. } = &mut self {
            headers.push((name.into(), value));
        }
        self
    }

    /// Where it goes, for one that goes to a host.
    #[must_use]
    pub fn host(&self) -> Option<&str> {
        match self {
            Self::Http { host, .. }
            | Self::Tcp { host, .. }
            | Self::ShardLeaders { host }
            | Self::Strangers { host } => Some(host),
            Self::File { .. } | Self::Image { .. } | Self::Talk(_) => None,
        }
    }

    /// The same question with another time limit.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        match &mut self {
            Self::Http { timeout, .. } | Self::Tcp { timeout, .. } => *timeout = limit,
            Self::File { .. }
            | Self::ShardLeaders { .. }
            | Self::Strangers { .. }
            | Self::Image { .. }
            | Self::Talk(_) => {}
        }
        self
    }
}

impl Answer {
    /// The body of a 200 answer, or why there is none.
    ///
    /// # Errors
    /// Another status, or no answer at all.
    pub fn ok(&self) -> Result<&[u8], String> {
        match self {
            Self::Http { status: 200, body } | Self::Bytes(body) => Ok(body),
            Self::Http { status, body } => {
                let text = String::from_utf8_lossy(body);
                let text: String = text.trim().chars().take(200).collect();
                Err(if text.is_empty() {
                    format!("HTTP {status}")
                } else {
                    format!("HTTP {status}: {text}")
                })
            }
            Self::Failed(why) => Err(why.clone()),
        }
    }

    /// The JSON document of a 200 answer.
    ///
    /// # Errors
    /// Another status, no answer, or not JSON.
    pub fn json(&self) -> Result<serde_json::Value, String> {
        serde_json::from_slice(self.ok()?).map_err(|e| format!("not JSON: {e}"))
    }
}
