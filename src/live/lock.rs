//! Taking a cluster's lock, and removing somebody else's: carries out what `lock` orders.

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::act::random;
use super::{Held, Live, held::PATIENCE};
use crate::engine::{Engine, EngineError};
use crate::lock::{Contender, Holder, Input, LOOK, Lock, Next, Pulse, Watch};

/// Why a lock was not taken.
#[derive(Debug)]
pub enum NotTaken {
    /// Somebody who lives holds it.
    Held(Box<Lock>),
    Engine(EngineError),
}

impl Live {
    /// Takes the lock of the cluster; `tell` hears of every look at one that somebody else
    /// holds. Cancelled, it may leave a lock behind: see [`Live::forgo`].
    ///
    /// # Errors
    /// Somebody else holds it and lives for longer than `wait`, or the engine does not answer.
    pub async fn take_lock(
        &self,
        holder: &Holder,
        wait: Duration,
        mut tell: impl FnMut(&Lock, Pulse),
    ) -> Result<Held, NotTaken> {
        let began = Instant::now();
        self.token.replace(Some(holder.token.clone()));
        let mut contender = Contender::new(holder.token.clone(), wait);
        let mut next = Next::Look;
        loop {
            let done = match next {
                Next::Look => self.see_lock().await.map(Input::Saw),
                Next::Wait { lock, pulse } => {
                    tell(&lock, pulse);
                    sleep(LOOK).await;
                    self.see_lock().await.map(Input::Saw)
                }
                Next::Create => match self.engine.create_lock(&self.cluster, holder).await {
                    Err(EngineError::Conflict(_)) => Ok(Input::Created),
                    other => other.map(|()| Input::Created),
                },
                Next::Claim(lock) => {
                    tell(&lock, Pulse::Dead);
                    let claim = self.engine.claim_lock(&self.cluster, &lock, &holder.who);
                    match claim.await {
                        Err(EngineError::OutOfSequence(_) | EngineError::NotFound(_)) => {
                            Ok(Input::Moved)
                        }
                        other => other.map(|()| Input::Claimed),
                    }
                }
                Next::Remove(id) => {
                    let removed = self.engine.remove_lock(&id).await;
                    removed.map(|()| Input::Removed)
                }
                Next::Hold(lock) => return Ok(Held::new(self, lock.id)),
                Next::Refuse(lock) => return Err(NotTaken::Held(Box::new(lock))),
            };
            let input = match done {
                Ok(input) => input,
                Err(error) if error.may_pass() && began.elapsed() < wait.max(PATIENCE) => {
                    sleep(LOOK).await;
                    Input::Blind
                }
                Err(error) => return Err(NotTaken::Engine(error)),
            };
            next = contender.step(began.elapsed(), input);
        }
    }

    /// Lets go of a lock that was being taken when the user changed their mind.
    pub async fn forgo(&self, holder: &Holder) {
        if let Ok(Some(lock)) = self.engine.lock(&self.cluster).await
            && lock.holder.token == holder.token
        {
            let _ = self.engine.remove_lock(&lock.id).await;
        }
    }

    async fn see_lock(&self) -> Result<Option<Lock>, EngineError> {
        let found = self.engine.lock(&self.cluster).await?;
        self.last.borrow_mut().lock.clone_from(&found);
        Ok(found)
    }

    /// Whether somebody else works on the cluster, as far as the last look told.
    pub(super) fn is_others(&self) -> bool {
        let last = self.last.borrow();
        let token = last.lock.as_ref().map(|lock| &lock.holder.token);
        token.is_some() && token != self.token.borrow().as_ref()
    }
}

/// Looks at somebody else's lock until it is known whether its holder lives; nothing if it is
/// let go of meanwhile.
///
/// # Errors
/// The engine does not answer.
pub async fn watch_lock(
    engine: &Engine,
    cluster: &str,
    mut tell: impl FnMut(&Lock, Pulse),
) -> Result<Option<(Lock, Pulse)>, EngineError> {
    let began = Instant::now();
    let mut watch = Watch::default();
    while let Some(lock) = engine.lock(cluster).await? {
        match watch.saw(began.elapsed(), &lock) {
            pulse @ Pulse::Still(_) => tell(&lock, pulse),
            pulse => return Ok(Some((lock, pulse))),
        }
        sleep(LOOK).await;
    }
    Ok(None)
}

/// Removes somebody else's lock: as it was seen, or with `force` whatever its holder does.
///
/// # Errors
/// `OutOfSequence` if the holder wrote a beat since.
pub async fn end_lock(
    engine: &Engine,
    cluster: &str,
    lock: &Lock,
    by: &str,
    force: bool,
) -> Result<(), EngineError> {
    if !force {
        engine.claim_lock(cluster, lock, by).await?;
    }
    engine.remove_lock(&lock.id).await
}

/// The time for people, as RFC 3339.
#[must_use]
pub fn now() -> String {
    format!("{:.0}", Timestamp::now())
}

/// A word that no other run comes up with.
#[must_use]
pub fn token() -> String {
    random(16)
}
