//! A byte stream to a peer in the overlay, for protocols that are more than one question.

use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::curl::host_is_plain;
use super::{CONNECTING, Tunnel};
use crate::engine::Engine;
use crate::engine::error::EngineError;
use crate::engine::exec::Exec;
use crate::engine::frames::Channel;

/// Says `+` once it is connected. Ends when either side does: an exec session cannot close its
/// standard input alone, so the end of what is sent is the end of the stream.
const SCRIPT: &str = r#"
export LC_ALL=C
exec 3<>"/dev/tcp/$0/$1" 4<&0 || exit
printf +
cat <&3 &
cat <&4 >&3 &
wait -n
kill $(jobs -p) 2>/dev/null
"#;

/// A stream through a container. It ends when this is dropped.
pub struct TunnelStream {
    exec: Exec,
    ready: Bytes,
    buffer: BytesMut,
}

impl Tunnel {
    /// Connects to a port from inside a container, in a session of its own.
    ///
    /// # Errors
    /// `NoExec` with the reason of the container's shell, such as `Connection refused`.
    pub async fn open_stream(
        engine: &Engine,
        container: &str,
        host: &str,
        port: u16,
    ) -> Result<TunnelStream, EngineError> {
        let no = |why: String| EngineError::NoExec {
            container: container.into(),
            why,
        };
        host_is_plain(host).map_err(no)?;
        let port = port.to_string();
        let command = ["bash", "-c", SCRIPT, host, &port];
        let mut exec = engine.exec(container, &command).await?;
        // The shell has to start, too.
        let greeted = tokio::time::timeout(CONNECTING * 2, greet(&mut exec)).await;
        let ready = greeted
            .unwrap_or_else(|_| Err(format!("no connection to {host}:{port} in time")))
            .map_err(no)?;
        Ok(TunnelStream {
            exec,
            ready,
            buffer: BytesMut::with_capacity(32 << 10),
        })
    }
}

/// What came after the `+`, or what the shell complained of.
async fn greet(exec: &mut Exec) -> Result<Bytes, String> {
    let mut complaint = String::new();
    loop {
        match exec.output.next().await {
            Ok(Some((Channel::Out, mut bytes))) if bytes.first() == Some(&b'+') => {
                bytes.advance(1);
                return Ok(bytes);
            }
            Ok(Some((_, bytes))) if complaint.len() < 4096 => {
                complaint.push_str(&String::from_utf8_lossy(&bytes));
            }
            Ok(Some(_)) => {}
            Ok(None) => {
                let last = complaint.trim().rsplit(": ").next().unwrap_or_default();
                return Err(last.to_ascii_lowercase());
            }
            Err(error) => return Err(error.to_string()),
        }
    }
}

impl AsyncRead for TunnelStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<Result<(), Error>> {
        let this = &mut *self;
        loop {
            if !this.ready.is_empty() {
                let length = this.ready.len().min(into.remaining());
                into.put_slice(&this.ready.split_to(length));
                return Poll::Ready(Ok(()));
            }
            match this.exec.output.poll_next(cx, &mut this.buffer) {
                Poll::Ready(Ok(Some((Channel::Out, bytes)))) => this.ready = bytes,
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(Ok(None)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl AsyncWrite for TunnelStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize, Error>> {
        match Pin::new(&mut self.exec.input).poll_write(cx, bytes) {
            Poll::Ready(Ok(0)) if !bytes.is_empty() => {
                Poll::Ready(Err(ErrorKind::WriteZero.into()))
            }
            other => other,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.exec.input).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), Error>> {
        Pin::new(&mut self.exec.input).poll_shutdown(cx)
    }
}
