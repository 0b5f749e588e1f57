//! Commands in a container of the connected engine, with their standard streams.

use std::future::poll_fn;
use std::io::{Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf, ReadHalf, WriteHalf, split};

use super::Engine;
use super::error::EngineError;
use super::frames::{Channel, Frames};
use super::request::{Request, escaped};
use super::store::Created;

/// A running command. It loses its standard input when `input` and `output` are dropped.
pub(super) struct Exec {
    pub(super) id: String,
    pub(super) input: WriteHalf<TokioIo<Upgraded>>,
    pub(super) output: Output,
}

/// What a command writes.
pub(super) struct Output {
    stream: ReadHalf<TokioIo<Upgraded>>,
    frames: Frames,
}

impl Output {
    /// The next piece of either stream; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<(Channel, Bytes)>, Error> {
        let mut buffer = BytesMut::with_capacity(32 << 10);
        poll_fn(|cx| self.poll_next(cx, &mut buffer)).await
    }

    /// `buffer` is a place to read into; nothing is left in it.
    pub(super) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
        buffer: &mut BytesMut,
    ) -> Poll<Result<Option<(Channel, Bytes)>, Error>> {
        loop {
            match self.frames.next() {
                Ok(Some(piece)) => return Poll::Ready(Ok(Some(piece))),
                Ok(None) => {}
                Err(_) => return Poll::Ready(Err(ErrorKind::InvalidData.into())),
            }
            buffer.resize(32 << 10, 0);
            let mut into = ReadBuf::new(buffer);
            match Pin::new(&mut self.stream).poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if into.filled().is_empty() => return Poll::Ready(Ok(None)),
                Poll::Ready(Ok(())) => self.frames.push(into.filled()),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Engine {
    /// Starts a command; the words of `command` are its arguments, through no shell.
    pub(super) async fn exec(
        &self,
        container: &str,
        command: &[&str],
    ) -> Result<Exec, EngineError> {
        let create =
            Request::post(format!("/containers/{}/exec", escaped(container))).body(&json!({
                "AttachStdin": true,
                "AttachStdout": true,
                "AttachStderr": true,
                "Tty": false,
                "Cmd": command,
            }))?;
        let Created { id } = self.http.json(create).await?;
        let start = Request::post(format!("/exec/{id}/start"))
            .upgrade()
            .body(&json!({"Detach": false, "Tty": false}))?;
        let name = start.name();
        let answer = self.http.send(start).await?;
        let stream = hyper::upgrade::on(answer).await;
        let stream = stream.map_err(|error| EngineError::CutOff {
            request: name,
            why: error.to_string(),
        })?;
        let (stream, input) = split(TokioIo::new(stream));
        let frames = Frames::default();
        Ok(Exec {
            id,
            input,
            output: Output { stream, frames },
        })
    }

    /// How a command ended; `None` while it runs.
    pub(super) async fn exec_code(&self, id: &str) -> Result<Option<i64>, EngineError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct State {
            running: bool,
            #[serde(default)]
            exit_code: Value,
        }
        let state: State = self
            .http
            .json(Request::get(format!("/exec/{id}/json")))
            .await?;
        Ok(state.exit_code.as_i64().filter(|_| !state.running))
    }
}
