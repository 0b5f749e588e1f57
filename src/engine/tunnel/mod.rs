//! Questions asked from inside the cluster's overlay network.
//!
//! A tunnel is one command in a container of the connected engine: a constant script that
//! reads questions and writes answers, many at the same time. What it needs there is bash,
//! curl and coreutils.

mod curl;
mod session;
mod stream;
mod translate;

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::Engine;
use super::error::EngineError;
use crate::question::{Answer, Question};
use session::{Session, listen, speak};
pub use stream::TunnelStream;

const SCRIPT: &str = include_str!("session.sh");
/// Longest answer, in bytes.
const ANSWER_LIMIT: usize = 4 << 20;
/// Questions under way at once; others wait their turn.
const AT_ONCE: usize = 16;
/// The script keeps to the time limit of each question; if it is this late, it is gone.
const LATE: Duration = Duration::from_secs(15);
/// A host that lives takes a connection at once, whatever its programs do; one that is gone says nothing.
/// There is room for one packet that gets lost, which Linux sends again after a second.
const CONNECTING: Duration = Duration::from_secs(2);
/// From the start of the command to its first word.
const OPENING: Duration = Duration::from_secs(20);

/// A session in a container. It ends when this is dropped.
pub struct Tunnel {
    session: Session,
    tasks: [AbortHandle; 2],
}

impl Tunnel {
    /// Starts the session.
    ///
    /// # Errors
    /// `NoExec` where the container lacks a program; `NotFound` where there is no container.
    pub async fn open(engine: &Engine, container: &str) -> Result<Self, EngineError> {
        let limit = (ANSWER_LIMIT + 1).to_string();
        let command = ["bash", "-c", SCRIPT, "milvus-swarm", &limit];
        let mut exec = engine.exec(container, &command).await?;
        let opened = tokio::time::timeout(OPENING, session::greet(&mut exec.output)).await;
        let why = match opened {
            Ok(Ok(rest)) => {
                let (requests, queue) = mpsc::channel(AT_ONCE);
                let session = Session::new(requests);
                let writer = tokio::spawn(speak(exec.input, queue));
                let reader = tokio::spawn(listen(exec.output, rest, session.clone()));
                let tasks = [writer.abort_handle(), reader.abort_handle()];
                return Ok(Self { session, tasks });
            }
            Ok(Err(why)) if !why.is_empty() => why,
            Ok(Err(_)) => match engine.exec_code(&exec.id).await {
                Ok(Some(code)) => format!("`bash` ended at once with {code}"),
                _ => "`bash` ended at once".into(),
            },
            Err(_) => format!("`bash` said nothing for {}s", OPENING.as_secs()),
        };
        Err(EngineError::NoExec {
            container: container.into(),
            why,
        })
    }

    /// Asks and waits for the answer; any number of questions may be under way. When the
    /// session has ended the answer is `Failed`, and `is_alive` says so: open another.
    pub async fn ask(&self, question: Question) -> Answer {
        let request = match translate::request(&question) {
            Ok(request) => request,
            Err(why) => return Answer::Failed(why),
        };
        let limit = request.limit + LATE;
        match self.session.exchange(request, limit).await {
            Ok(found) => translate::answer(&question, found),
            Err(why) => Answer::Failed(format!("the tunnel ended: {why}")),
        }
    }

    /// Whether the session goes on.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        self.session.over().is_none()
    }
}

impl Drop for Tunnel {
    /// The script ends when its standard input does.
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.session.end("it was closed");
    }
}
