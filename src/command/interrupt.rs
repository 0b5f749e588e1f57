//! Being asked to end: Ctrl-C, a time limit, a CI that is cancelled, a terminal or a machine that
//! goes away.

use std::future::poll_fn;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::source;

/// Requests to end, from when this is made.
pub(super) struct Interrupts(Vec<Signal>);

impl Interrupts {
    /// Listens from now on; for as long as the process lives, none of these signals ends it by
    /// itself any more. Must be called within a tokio runtime.
    pub(super) fn listen() -> Self {
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        // Who started it with `nohup` wants it to outlive the terminal.
        if !source::ignores_hangup() {
            kinds.push(SignalKind::hangup());
        }
        let streams = kinds.into_iter().filter_map(|kind| signal(kind).ok());
        Self(streams.collect())
    }

    /// Resolves at the next request.
    pub(super) async fn next(&mut self) {
        poll_fn(|context| {
            let mut streams = self.0.iter_mut();
            if streams.any(|stream| stream.poll_recv(context).is_ready()) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// Resolves at the first request to end from now on.
pub(super) async fn interrupted() {
    Interrupts::listen().next().await;
}
