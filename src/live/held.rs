//! A lock that is held: its beats, what may be done under it, and letting go of it.

use std::convert::Infallible;
use std::future::{Future, pending};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::{Live, failure};
use crate::drive::Swarm;
use crate::engine::{Engine, EngineError, Fence, Leave};
use crate::execute::Failure;
use crate::gate::Asked;
use crate::lock::{BEAT, Elapsed, FRESH, Holding, LOOK, Loss, Standing};
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
    proof: Arc<Proof>,
}

/// What is known of our lock, for whoever is about to change something.
struct Proof {
    known: Mutex<Known>,
    /// A beat was written, or the lock is lost.
    changed: Notify,
}

struct Known {
    holding: Holding,
    clock: Clock,
    /// Why the last beat was not written.
    trouble: String,
}

impl Proof {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Elapsed {
        self.known().clock.now()
    }

    fn standing(&self) -> Standing {
        let mut known = self.known();
        let now = known.clock.now();
        known.holding.standing(now)
    }

    /// Resolves in a moment in which something may be done.
    async fn sure(&self) -> Result<(), String> {
        let sure = async {
            loop {
                let changed = self.changed.notified();
                match self.standing() {
                    Standing::Sure => return Ok(()),
                    Standing::Lost(loss) => return Err(loss.to_string()),
                    Standing::Unsure => changed.await,
                }
            }
        };
        timeout(PATIENCE, sure).await.unwrap_or_else(|_| {
            Err(format!(
                "the lock could not be kept for {}s: {}",
                PATIENCE.as_secs(),
                self.known().trouble
            ))
        })
    }
}

impl Fence for Proof {
    fn leave(&self) -> Leave<'_> {
        Box::pin(self.sure())
    }
}

impl Held {
    /// From here on, nothing is changed through this engine without the lock.
    pub(super) fn new(live: &Live, id: String) -> Self {
        let proof = Arc::new(Proof {
            known: Mutex::new(Known {
                holding: Holding::new(id),
                clock: Clock::new(),
                trouble: String::new(),
            }),
            changed: Notify::new(),
        });
        live.engine.fence(Arc::clone(&proof) as Arc<dyn Fence>);
        Self {
            engine: live.engine.clone(),
            cluster: live.cluster.clone(),
            proof,
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
        match self.proof.standing() {
            Standing::Lost(loss) => Some(loss),
            Standing::Sure | Standing::Unsure => None,
        }
    }

    /// Resolves when the lock is lost.
    pub async fn lost(&self) -> Loss {
        loop {
            let changed = self.proof.changed.notified();
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
        self.proof.sure().await.map_err(|message| Failure {
            message,
            hint: None,
            moved: false,
        })
    }

    async fn beat(&self) -> Infallible {
        loop {
            match self.one_beat().await {
                Ok(()) if self.loss().is_some() => return pending().await,
                Ok(()) => sleep(BEAT).await,
                Err(error) => {
                    self.proof.known().trouble = error.to_string();
                    sleep(LOOK).await;
                }
            }
        }
    }

    async fn one_beat(&self) -> Result<(), EngineError> {
        loop {
            let asked = self.proof.now();
            let found = self.engine.lock(&self.cluster).await?;
            let beat = self.proof.known().holding.saw(found);
            let Some(beat) = beat else { break };
            let sent = self.proof.now();
            // Whoever was stopped in between looks again: by now it may be somebody else's.
            if sent.saturating_sub(asked) < FRESH {
                self.engine.write_lock(&self.cluster, &beat).await?;
                self.proof.known().holding.wrote(sent);
                break;
            }
        }
        self.proof.changed.notify_waiters();
        Ok(())
    }

    /// Lets the lock go. Only ever removes the object that was ours.
    ///
    /// # Errors
    /// The engine does not answer; others see then that nobody beats.
    pub async fn release(self) -> Result<(), EngineError> {
        let id = self.proof.known().holding.id().to_owned();
        let mut tries = 1;
        loop {
            match self.engine.remove_lock(&id).await {
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
