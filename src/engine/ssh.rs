//! An engine on another host, through the user's own `ssh`.
//!
//! Each connection is one `ssh … docker system dial-stdio`, as Docker's own client does it,
//! so the user's keys, agent, jump hosts and connection sharing apply.

use std::io::Error;
use std::pin::Pin;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, BufReader, ReadBuf};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::target::Endpoint;

/// How long the last line of a dying `ssh` is waited for.
const LAST_WORDS: Duration = Duration::from_millis(300);

/// Starts `ssh` and keeps what it said last.
pub(super) struct Ssh {
    said: Arc<Mutex<Option<String>>>,
}

impl Ssh {
    pub(super) fn new() -> Self {
        Self {
            said: Arc::default(),
        }
    }

    /// Must be called within a tokio runtime.
    #[expect(
        clippy::unused_async,
        reason = "dialling is asynchronous for every endpoint"
    )]
    pub(super) async fn dial(&self, endpoint: &Endpoint) -> Result<SshStream, Error> {
        let mut child = Command::new("ssh")
            .args(arguments(endpoint))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(input), Some(output), Some(complaints)) =
            (child.stdin.take(), child.stdout.take(), child.stderr.take())
        else {
            return Err(Error::other("`ssh` has no standard streams"));
        };
        tokio::spawn(listen(complaints, Arc::clone(&self.said)));
        Ok(SshStream {
            input,
            output,
            _child: child,
        })
    }

    pub(super) async fn last_words(&self) -> Option<String> {
        tokio::time::sleep(LAST_WORDS).await;
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.take()
    }
}

/// Keeps the last line that is no mere notice.
async fn listen(complaints: ChildStderr, said: Arc<Mutex<Option<String>>>) {
    let mut lines = BufReader::new(complaints).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let line = line.trim();
        if !line.is_empty() && !line.starts_with("Warning: Permanently added") {
            let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
            *said = Some(line.chars().take(400).collect());
        }
    }
}

/// The words after `ssh`. Nothing here passes through a local shell; what the remote shell
/// reads was held to plain characters when the address was read.
fn arguments(endpoint: &Endpoint) -> Vec<String> {
    let mut words: Vec<String> = ["-T", "-o", "ConnectTimeout=10", "-o", "BatchMode=yes"]
        .map(Into::into)
        .into();
    if let Endpoint::Ssh {
        user,
        host,
        port,
        socket,
    } = endpoint
    {
        if let Some(user) = user {
            words.extend(["-l".into(), user.clone()]);
        }
        if let Some(port) = port {
            words.extend(["-p".into(), port.to_string()]);
        }
        words.extend(["--".into(), host.clone(), "docker".into()]);
        if let Some(socket) = socket {
            words.push(format!("--host=unix://{socket}"));
        }
        words.extend(["system".into(), "dial-stdio".into()]);
    }
    words
}

/// The standard streams of one `ssh`, which ends when this is dropped.
pub(super) struct SshStream {
    input: ChildStdin,
    output: ChildStdout,
    _child: Child,
}

impl AsyncRead for SshStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.output).poll_read(cx, buf)
    }
}

impl AsyncWrite for SshStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<Result<usize, Error>> {
        Pin::new(&mut self.input).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.input).poll_shutdown(cx)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use crate::engine::{Access, Target};

    #[test]
    fn the_host_comes_after_the_options() {
        let words = |address: &str| {
            let target = Target::parse(address, "--host", &Access::default()).unwrap();
            super::arguments(&target.endpoint).join(" ")
        };
        let options = "-T -o ConnectTimeout=10 -o BatchMode=yes";
        assert_eq!(
            words("ssh://h1"),
            format!("{options} -- h1 docker system dial-stdio")
        );
        assert_eq!(
            words("ssh://me@h1:2222/run/d.sock"),
            format!(
                "{options} -l me -p 2222 -- h1 docker --host=unix:///run/d.sock system dial-stdio"
            )
        );
    }
}
