//! A lock that is held: its beats, what may be done under it, and letting go of it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, pending};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::{Live, failure};
use crate::drive::Swarm;
use crate::engine::{Engine, EngineError};
use crate::execute::Failure;
use crate::gate::Asked;
use crate::lock::{BEAT, Elapsed, Holding, LOOK, Loss, Standing};
use crate::observed::Observed;
use crate::plan::Action;
use crate::question::Answer;

/// What needs the lock waits so long for a beat to be written, and for an engine that may answer
/// again: managers that elect a leader take 20 s.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);
/// Tries to let go of a lock.
const TRIES: u32 = 4;

/// A lock that is ours, while its beats are written: they are while something is done
/// [`beside`](Self::beside) them.
pub struct Held {
    engine: Engine,
    cluster: String,
    holding: RefCell<Holding>,
    clock: RefCell<Clock>,
    /// A beat was written, or the lock is lost.
    changed: Notify,
    /// Why the last beat was not written.
    trouble: RefCell<String>,
}

impl Held {
    pub(super) fn new(live: &Live, id: String) -> Self {
        Self {
            engine: live.engine.clone(),
            cluster: live.cluster.clone(),
            holding: RefCell::new(Holding::new(id)),
            clock: RefCell::new(Clock::new()),
            changed: Notify::new(),
            trouble: RefCell::default(),
        }
    }

    /// Does something and writes beats meanwhile.
    pub async fn beside<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            biased;
            never = self.beat() => match never {},
            done = work => done,
        }
    }

    /// How the lock was lost, if it was.
    #[must_use]
    pub fn loss(&self) -> Option<Loss> {
        match self.standing() {
            Standing::Lost(loss) => Some(loss),
            Standing::Sure | Standing::Unsure => None,
        }
    }

    /// Resolves when the lock is lost.
    pub async fn lost(&self) -> Loss {
        loop {
            let changed = self.changed.notified();
            if let Some(loss) = self.loss() {
                return loss;
            }
            changed.await;
        }
    }

    /// Resolves when an action may start.
    ///
    /// # Errors
    /// The lock is lost, or its beats cannot be written.
    pub async fn sure(&self) -> Result<(), Failure> {
        let fail = |message| Failure {
            message,
            hint: None,
            moved: false,
        };
        let sure = async {
            loop {
                let changed = self.changed.notified();
                match self.standing() {
                    Standing::Sure => return Ok(()),
                    Standing::Lost(loss) => return Err(fail(loss.to_string())),
                    Standing::Unsure => changed.await,
                }
            }
        };
        timeout(PATIENCE, sure).await.unwrap_or_else(|_| {
            Err(fail(format!(
                "the lock could not be kept for {}s: {}",
                PATIENCE.as_secs(),
                self.trouble.borrow()
            )))
        })
    }

    fn standing(&self) -> Standing {
        let now = self.clock.borrow_mut().now();
        self.holding.borrow().standing(now)
    }

    async fn beat(&self) -> Infallible {
        loop {
            match self.one_beat().await {
                Ok(()) if self.loss().is_some() => return pending().await,
                Ok(()) => sleep(BEAT).await,
                Err(error) => {
                    self.trouble.replace(error.to_string());
                    sleep(LOOK).await;
                }
            }
        }
    }

    async fn one_beat(&self) -> Result<(), EngineError> {
        let found = self.engine.lock(&self.cluster).await?;
        let beat = self.holding.borrow_mut().saw(found);
        if let Some(beat) = beat {
            let sent = self.clock.borrow_mut().now();
            self.engine.write_lock(&self.cluster, &beat).await?;
            self.holding.borrow_mut().wrote(sent);
        }
        self.changed.notify_waiters();
        Ok(())
    }

    /// Lets the lock go. Only ever removes the object that was ours.
    ///
    /// # Errors
    /// The engine does not answer; others see then that nobody beats.
    pub async fn release(self) -> Result<(), EngineError> {
        let id = self.holding.borrow().id().to_owned();
        let mut tries = 1;
        loop {
            match self.engine.remove_config(&id).await {
                Err(error) if error.may_pass() && tries < TRIES => {
                    tries += 1;
                    sleep(LOOK).await;
                }
                done => return done,
            }
        }
    }
}

/// A Swarm on which nothing is done without the lock.
pub struct Guarded<'a> {
    pub live: &'a Live,
    pub lock: &'a Held,
}

impl Swarm for Guarded<'_> {
    async fn observe(&self) -> Result<Observed, Failure> {
        self.live.look().await.map_err(failure)
    }

    async fn act(&self, action: &Action) -> Result<(), Failure> {
        self.lock.sure().await?;
        self.live.carry_out(action).await
    }

    async fn ask(&self, asked: &[Asked]) -> Vec<Answer> {
        Swarm::ask(self.live, asked).await
    }
}

/// Time as a holder must count it: the clock that programs wait by stands still while a machine
/// sleeps, and others do not. Each step counts the longer of that clock and the wall's.
struct Clock {
    last: (Instant, Timestamp),
    elapsed: Elapsed,
}

impl Clock {
    fn new() -> Self {
        Self {
            last: (Instant::now(), Timestamp::now()),
            elapsed: Duration::ZERO,
        }
    }

    fn now(&mut self) -> Elapsed {
        let now = (Instant::now(), Timestamp::now());
        let wall = now.1.duration_since(self.last.1);
        // A wall clock that was set back counts for nothing.
        let wall = Duration::try_from(wall).unwrap_or_default();
        self.elapsed += wall.max(now.0.duration_since(self.last.0));
        self.last = now;
        self.elapsed
    }
}
