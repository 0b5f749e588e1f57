//! Executing a plan as the only one who changes the cluster.

use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use super::context::Scene;
use super::interrupt::Interrupts;
use super::{CommandError, Context, run};
use crate::live::{Live, NotTaken};
use crate::lock::{DEAD, Holder, Lock, Pulse};
use crate::plan::{Plan, stands};
use crate::source;

/// How a verb has its plan executed.
pub(super) struct Job<'a> {
    pub verb: &'static str,
    /// Seconds to wait for somebody else who holds the lock.
    pub lock_wait: u64,
    /// Seconds that a gate may stay shut.
    pub gate_timeout: u64,
    /// The command that goes on from where this one stops.
    pub again: &'a str,
    /// Where to write how long each step took.
    pub timings: Option<&'a Path>,
}

/// Takes the lock, makes sure that the plan is still what would be made now, executes it and
/// lets the lock go. `first` is done before the first action, once the plan is sure.
///
/// Asked to end, it waits for what is under way, and lets the lock go. Asked once more, it waits for
/// nothing: an engine that hangs would hold it for minutes.
pub(super) async fn execute(
    context: &Context,
    scene: &mut Scene,
    agreed: &Plan,
    job: &Job<'_>,
    plan_now: impl AsyncFnOnce(&mut Scene) -> Plan,
    first: impl FnOnce() -> Result<(), CommandError>,
) -> Result<(), CommandError> {
    let (mut once, mut twice) = (Interrupts::listen(), Interrupts::listen());
    let insisted = async {
        twice.next().await;
        twice.next().await;
    };
    tokio::select! {
        () = insisted => Err(CommandError::CutShort { again: job.again.to_owned() }),
        done = locked(context, scene, agreed, job, plan_now, first, once.next()) => done,
    }
}

/// The same, until `interrupt` resolves.
async fn locked(
    context: &Context,
    scene: &mut Scene,
    agreed: &Plan,
    job: &Job<'_>,
    plan_now: impl AsyncFnOnce(&mut Scene) -> Plan,
    first: impl FnOnce() -> Result<(), CommandError>,
    interrupt: impl Future<Output = ()>,
) -> Result<(), CommandError> {
    let mut interrupt = pin!(interrupt);
    let stopped = || CommandError::Interrupted {
        again: job.again.to_owned(),
    };
    let holder = holder(job.verb);
    let taken = tokio::select! {
        () = &mut interrupt => {
            scene.live.forgo(&holder).await;
            Err(stopped())
        }
        taken = take(context, &scene.live, &holder, job) => taken,
    };
    let lock = match taken {
        Ok(lock) => lock,
        Err(error) => {
            scene.live.close().await;
            return Err(error);
        }
    };
    let done = lock
        .beside(async {
            let sure = tokio::select! {
                () = &mut interrupt => Err(stopped()),
                sure = still(scene, agreed, plan_now) => sure,
            };
            let done = match sure.and_then(|()| first()) {
                Ok(()) => run::drive_plan(context, scene, &lock, agreed, job, interrupt).await,
                Err(error) => Err(error),
            };
            // Whoever has the lock next starts a probe of their own.
            scene.live.close().await;
            done
        })
        .await;
    if let Err(error) = lock.release().await {
        context.output.say(&format!(
            "{} the lock could not be let go of: {error}; others take it over in {}s",
            context.output.err.change("note:"),
            DEAD.as_secs()
        ));
    }
    done
}

/// Something may have moved while the user was asked and the lock was waited for.
async fn still(
    scene: &mut Scene,
    agreed: &Plan,
    plan_now: impl AsyncFnOnce(&mut Scene) -> Plan,
) -> Result<(), CommandError> {
    scene.look_again().await?;
    let fresh = plan_now(scene).await;
    stands(agreed, &fresh).map_err(CommandError::Moved)
}

async fn take(
    context: &Context,
    live: &Live,
    holder: &Holder,
    job: &Job<'_>,
) -> Result<crate::live::Held, CommandError> {
    let mut told = Told::default();
    let tell = |lock: &Lock, pulse: Pulse| {
        if let Some(line) = told.line(lock, pulse, job.lock_wait) {
            context.output.say(&line);
        }
    };
    let wait = Duration::from_secs(job.lock_wait);
    live.take_lock(holder, wait, tell)
        .await
        .map_err(|why| match why {
            NotTaken::Held(lock) => CommandError::Held {
                lock,
                waited: job.lock_wait,
            },
            NotTaken::Engine(error) => CommandError::Engine(error),
        })
}

/// What the user knows of a lock that is waited for: each thing is said once.
#[derive(Default)]
pub(super) struct Told {
    asked: String,
    lives: String,
}

impl Told {
    pub(super) fn line(&mut self, lock: &Lock, pulse: Pulse, wait: u64) -> Option<String> {
        let holder = &lock.holder;
        let once = |said: &mut String| {
            let new = *said != holder.token;
            said.clone_from(&holder.token);
            new
        };
        match pulse {
            Pulse::Still(_) => once(&mut self.asked).then(|| {
                format!(
                    "the cluster is locked: {holder}; looking whether that run lives (up to {}s)",
                    DEAD.as_secs()
                )
            }),
            Pulse::Beats => once(&mut self.lives)
                .then(|| format!("that run lives; waiting for its end (up to {wait}s)")),
            Pulse::Dead => Some(format!(
                "that run gave no sign of life for {}s: taking its lock over",
                DEAD.as_secs()
            )),
        }
    }
}

fn holder(verb: &str) -> Holder {
    Holder {
        who: source::who(),
        since: crate::live::now(),
        from: source::from(),
        verb: verb.to_owned(),
        token: crate::live::token(),
    }
}
