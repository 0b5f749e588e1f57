//! A sign that something changed: a reason to look again before the next poll is due.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::Engine;
use super::error::EngineError;
use super::request::Request;

/// Pauses between tries to listen again.
const PAUSES: [u64; 5] = [200, 500, 1000, 2000, 5000];

/// Listens to the Swarm's events until it is dropped.
///
/// Swarm tells of services, nodes, networks, configs and secrets but never of tasks, and what
/// happens while nobody listens is lost: this shortens waits and replaces no look.
pub struct Events {
    notify: Arc<Notify>,
    task: AbortHandle,
}

impl Engine {
    /// Starts to listen. Must be called within a tokio runtime.
    #[must_use]
    pub fn events(&self) -> Events {
        let notify = Arc::new(Notify::new());
        let task = tokio::spawn(listen(self.clone(), Arc::clone(&notify)));
        Events {
            notify,
            task: task.abort_handle(),
        }
    }
}

impl Events {
    /// Returns once something has happened since it last returned.
    pub async fn changed(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(engine: Engine, notify: Arc<Notify>) {
    let mut tries = 0;
    loop {
        match hear(&engine, &notify).await {
            Ok(()) => tries = 0,
            Err(_) => tries += 1,
        }
        let pause = PAUSES[tries.min(PAUSES.len() - 1)];
        tokio::time::sleep(Duration::from_millis(pause)).await;
        tries = tries.max(1);
    }
}

/// Until the stream ends.
async fn hear(engine: &Engine, notify: &Notify) -> Result<(), EngineError> {
    let request = Request::get("/events").filter(&[("scope", &["swarm"])]);
    let mut body = engine.http.send(request).await?.into_body();
    // Something may have happened before anybody listened.
    notify.notify_one();
    while let Some(Ok(part)) = body.frame().await {
        if part.data_ref().is_some_and(|bytes| !bytes.is_empty()) {
            notify.notify_one();
        }
    }
    Ok(())
}
