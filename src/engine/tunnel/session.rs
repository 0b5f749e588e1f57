//! Which answer belongs to which question.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::BytesMut;
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncWriteExt, WriteHalf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use super::AT_ONCE;
use super::translate::{Found, Request};
use crate::engine::exec::Output;
use crate::engine::frames::Channel;

/// Longer than any answer in base64.
const LINE_LIMIT: usize = super::ANSWER_LIMIT * 2;

/// The state that the two ends of a session share.
#[derive(Clone)]
pub(super) struct Session {
    requests: mpsc::Sender<Vec<u8>>,
    turns: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    next: u64,
    waiting: HashMap<u64, Waiting>,
    /// Why the session is over, if it is.
    over: Option<String>,
}

struct Waiting {
    reply: oneshot::Sender<Found>,
    /// Kept until the answer is here, even if nobody waits for it any more.
    _turn: OwnedSemaphorePermit,
}

impl Session {
    pub(super) fn new(requests: mpsc::Sender<Vec<u8>>) -> Self {
        Self {
            requests,
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            state: Arc::default(),
        }
    }

    /// # Errors
    /// Why the session is over.
    pub(super) async fn exchange(
        &self,
        request: Request,
        limit: Duration,
    ) -> Result<Found, String> {
        let over = || self.over().unwrap_or_default();
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| over())?;
        let (reply, answer) = oneshot::channel();
        let id = {
            let mut state = self.lock();
            if let Some(why) = &state.over {
                return Err(why.clone());
            }
            state.next += 1;
            let id = state.next;
            state.waiting.insert(id, Waiting { reply, _turn: turn });
            id
        };
        // There is room for as many as may be under way; waiting here could lose the turn of
        // someone who stops asking.
        if self.requests.try_send(request.line(id)).is_err() {
            self.end("its input is closed");
        }
        if let Ok(found) = tokio::time::timeout(limit, answer).await {
            return found.map_err(|_| over());
        }
        self.end("it stopped answering");
        Err(over())
    }

    /// Why the session is over, if it is.
    pub(super) fn over(&self) -> Option<String> {
        self.lock().over.clone()
    }

    /// Everyone who waits learns that no answer comes.
    pub(super) fn end(&self, why: &str) {
        let mut state = self.lock();
        if state.over.is_none() {
            state.over = Some(why.into());
        }
        let waiting = std::mem::take(&mut state.waiting);
        drop(state);
        self.turns.close();
        drop(waiting);
    }

    fn settle(&self, line: &[u8]) {
        if let Some((id, found)) = Found::read(line) {
            let waiting = self.lock().waiting.remove(&id);
            if let Some(waiting) = waiting {
                // Whoever asked may be gone.
                let _ = waiting.reply.send(found);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits for the script's first word and gives what came after it.
pub(super) async fn greet(output: &mut Output) -> Result<BytesMut, String> {
    let mut said = BytesMut::new();
    loop {
        match output.next().await {
            Ok(Some((Channel::Out, bytes))) if said.is_empty() || said[0] == b'r' => {
                said.extend_from_slice(&bytes);
                if said.starts_with(b"ready\n") {
                    return Ok(said.split_off(b"ready\n".len()));
                }
            }
            Ok(Some((_, bytes))) => said.extend_from_slice(&bytes),
            Ok(None) => return Err(String::from_utf8_lossy(&said).trim().into()),
            Err(error) => return Err(error.to_string()),
        }
        if said.len() > LINE_LIMIT {
            return Err("it talks without end".into());
        }
    }
}

/// Passes requests on, and closes the script's input after the last.
pub(super) async fn speak(
    mut input: WriteHalf<TokioIo<Upgraded>>,
    mut queue: mpsc::Receiver<Vec<u8>>,
) {
    while let Some(line) = queue.recv().await {
        if input.write_all(&line).await.is_err() || input.flush().await.is_err() {
            return;
        }
    }
}

/// Hands answers to those who wait for them.
pub(super) async fn listen(mut output: Output, mut buffer: BytesMut, session: Session) {
    let mut seen = 0;
    loop {
        while let Some(end) = buffer[seen..].iter().position(|byte| *byte == b'\n') {
            let line = buffer.split_to(seen + end + 1);
            seen = 0;
            session.settle(&line[..line.len() - 1]);
        }
        seen = buffer.len();
        if seen > LINE_LIMIT {
            return session.end("it talks without end");
        }
        match output.next().await {
            Ok(Some((Channel::Out, bytes))) => buffer.extend_from_slice(&bytes),
            Ok(Some(_)) => {}
            Ok(None) => return session.end("its container or its engine ended it"),
            Err(error) => return session.end(&error.to_string()),
        }
    }
}
