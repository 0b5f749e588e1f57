//! Requests before they are sent.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use serde::Serialize;

use super::error::EngineError;

/// A manager without a leader answers after 20 s.
const ANSWER_LIMIT: Duration = Duration::from_secs(60);

/// A request in the making.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) query: String,
    pub(super) body: Bytes,
    pub(super) registry_auth: Option<String>,
    pub(super) upgrade: bool,
    pub(super) limit: Duration,
    /// Whether it is about a lock, which is what leave to send others depends on.
    pub(super) is_of_lock: bool,
}

impl Request {
    fn new(method: Method, path: impl Into<String>) -> Self {
        Self {
            method,
            path: path.into(),
            query: String::new(),
            body: Bytes::new(),
            registry_auth: None,
            upgrade: false,
            limit: ANSWER_LIMIT,
            is_of_lock: false,
        }
    }

    pub(super) fn get(path: impl Into<String>) -> Self {
        Self::new(Method::GET, path)
    }

    pub(super) fn post(path: impl Into<String>) -> Self {
        Self::new(Method::POST, path)
    }

    pub(super) fn delete(path: impl Into<String>) -> Self {
        Self::new(Method::DELETE, path)
    }

    pub(super) fn query(mut self, key: &str, value: &str) -> Self {
        self.query
            .push(if self.query.is_empty() { '?' } else { '&' });
        self.query.push_str(key);
        self.query.push('=');
        self.query.push_str(&escaped(value));
        self
    }

    /// `filters={"label":["a=b"]}`.
    pub(super) fn filter(self, filters: &[(&str, &[&str])]) -> Self {
        let filters: BTreeMap<_, _> = filters.iter().copied().collect();
        let json = serde_json::to_string(&filters).unwrap_or_default();
        self.query("filters", &json)
    }

    pub(super) fn body(mut self, body: &impl Serialize) -> Result<Self, EngineError> {
        let json = serde_json::to_vec(body).map_err(|error| EngineError::NotUnderstood {
            request: self.name(),
            why: error.to_string(),
        })?;
        self.body = json.into();
        Ok(self)
    }

    pub(super) fn registry_auth(mut self, auth: Option<String>) -> Self {
        self.registry_auth = auth;
        self
    }

    /// Asks for a raw stream in both directions.
    pub(super) fn upgrade(mut self) -> Self {
        self.upgrade = true;
        self
    }

    /// For the whole answer, or for its head where the body is a stream.
    pub(super) fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// It is about a lock, and needs no leave to be sent.
    pub(super) fn of_lock(mut self) -> Self {
        self.is_of_lock = true;
        self
    }

    /// Whether it needs leave to be sent: it may change something.
    pub(super) fn needs_leave(&self) -> bool {
        self.method != Method::GET && !self.is_of_lock
    }

    /// How errors name it: without the query.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// Percent-encodes all but RFC 3986's unreserved characters.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}
