//! The few Engine API calls that the lab needs, over a unix socket.
//!
//! HTTP/1.0 on purpose: the engine answers without chunks and closes, so that an
//! answer is simply all that can be read.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// An engine, by its socket.
#[derive(Clone, Debug)]
pub struct Api {
    socket: PathBuf,
}

impl Api {
    pub fn new(socket: impl Into<PathBuf>) -> Self {
        Self {
            socket: socket.into(),
        }
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    pub fn get(&self, path: &str) -> Result<Value> {
        self.call("GET", path, None, Duration::from_secs(30))
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Value> {
        self.call("POST", path, Some(body), Duration::from_secs(90))
    }

    /// Whether the engine answers within a second.
    pub fn answers(&self) -> bool {
        self.call("GET", "/_ping", None, Duration::from_secs(1))
            .is_ok()
    }

    /// Waits until the engine answers.
    pub fn wait(&self, at_most: Duration) -> Result<()> {
        let until = Instant::now() + at_most;
        while !self.answers() {
            if Instant::now() > until {
                bail!(
                    "no answer from {} within {at_most:?}",
                    self.socket.display()
                );
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        timeout: Duration,
    ) -> Result<Value> {
        let context = || format!("{method} {path} on {}", self.socket.display());
        let (status, text) = self
            .exchange(method, path, body, timeout)
            .with_context(context)?;
        let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
        if status >= 400 {
            let said = value["message"]
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            bail!("{}: {status} {said}", context());
        }
        Ok(value)
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
        timeout: Duration,
    ) -> Result<(u16, String)> {
        let mut stream = UnixStream::connect(&self.socket)?;
        stream.set_read_timeout(Some(timeout))?;
        let body = body.map(Value::to_string).unwrap_or_default();
        // In one piece: an engine that answers before it read the whole of a request closes on
        // the rest, which the kernel tells us as a reset.
        let request = format!(
            "{method} {path} HTTP/1.0\r\nHost: lab\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let answer = String::from_utf8_lossy(&answer);
        let (head, text) = answer.split_once("\r\n\r\n").context("cut short")?;
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Ok((status.context("no status")?, text.to_owned()))
    }
}
