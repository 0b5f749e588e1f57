//! `status --watch`: looks until interrupted, and asks the engine for as little as that takes.
//!
//! Components are asked through one tunnel that stays open. Swarm tells by events when anything but
//! a task changes; tasks are listed once in a while.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::context::Scene;
use super::interrupt::interrupted;
use super::status::{BRIEF, SECOND_LOOK, code, show_over, told};
use super::{CommandError, Context, error};
use crate::engine::{EngineError, Events};
use crate::hear::{self, Hearing};
use crate::inventory::Inventory;
use crate::plan::{Heard, Verdicts};
use crate::status::Status;

/// Components are asked this often.
const AGAIN: Duration = Duration::from_secs(2);
/// Much may happen at once: two looks at the Swarm are no closer.
const APART: Duration = Duration::from_secs(1);
/// Tasks are listed this often while nothing else happens.
const TASKS: Duration = Duration::from_secs(10);
/// What is asked over connections of its own, each a process that the engine starts.
const SELDOM: Duration = Duration::from_secs(300);
/// An engine that did not answer is tried again after this, twice that, and so on up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The same of a place to ask from, which is waited for a quarter of a minute each time.
const FIRST_PAUSE_OF_PLACE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// Exit code of a watch that was interrupted before it saw anything.
const INTERRUPTED: u8 = 130;

/// Ends with the exit code of the last look. An engine that does not answer for a moment is what
/// somebody watches for: it is told, and asked again.
pub(super) async fn watch(context: &Context, inventory: &Inventory) -> Result<u8, CommandError> {
    let mut last = INTERRUPTED;
    let mut watched = None;
    let looks = async {
        let mut pause = FIRST_PAUSE;
        loop {
            match next(context, inventory, &mut watched).await {
                Ok(status) => {
                    show_over(context, &status)?;
                    last = code(&status);
                    pause = FIRST_PAUSE;
                }
                Err(error) if may_pass(&error) => {
                    context.output.clear();
                    error::report(&error, context.output);
                    last = error.code();
                    // Another manager may answer by then.
                    watched = None;
                    tokio::time::sleep(pause).await;
                    pause = longer(pause);
                }
                Err(error) => return Err(error),
            }
        }
    };
    let ended = tokio::select! {
        ended = looks => ended,
        () = interrupted() => Ok(()),
    };
    if let Some(watched) = watched {
        watched.scene.live.close().await;
    }
    ended.map(|()| last)
}

/// The status at the beginning, and then after a while each.
async fn next(
    context: &Context,
    inventory: &Inventory,
    watched: &mut Option<Watched>,
) -> Result<Status, CommandError> {
    match watched {
        Some(watched) => {
            watched.wait_and_look().await?;
            Ok(watched.status().await)
        }
        None => {
            let begun = watched.insert(Watched::begin(context, inventory).await?);
            Ok(begun.status().await)
        }
    }
}

/// Whether the next look may succeed where this one did not.
const fn may_pass(error: &CommandError) -> bool {
    match error {
        CommandError::Engine(error) => !matches!(
            error,
            EngineError::BadTarget { .. }
                | EngineError::BadFile { .. }
                | EngineError::InClear { .. }
        ),
        _ => false,
    }
}

fn longer(pause: Duration) -> Duration {
    (pause * 2).min(LONGEST_PAUSE)
}

/// A cluster that somebody looks on.
struct Watched {
    scene: Scene,
    events: Events,
    /// When the Swarm, and when its tasks were last looked at.
    seen: Instant,
    tasks_seen: Instant,
    /// When the last round of questions began.
    asked: Instant,
    /// Why components can't be asked, and when that is tried again.
    deaf: Option<String>,
    try_again: Instant,
    pause: Duration,
    warnings: Vec<String>,
}

impl Watched {
    async fn begin(context: &Context, inventory: &Inventory) -> Result<Self, CommandError> {
        let scene = context.scene(inventory.clone(), true).await?;
        scene.live.keep_answers(SELDOM);
        scene.live.give_up_silent_hosts(BRIEF);
        let now = Instant::now();
        let mut watched = Self {
            events: scene.live.engine().events(),
            scene,
            seen: now,
            tasks_seen: now,
            asked: now,
            deaf: None,
            try_again: now,
            pause: FIRST_PAUSE_OF_PLACE,
            warnings: Vec::new(),
        };
        watched.look_at_images().await;
        Ok(watched)
    }

    async fn look_at_images(&mut self) {
        let Scene { live, cluster, .. } = &self.scene;
        self.warnings = live.stand_ins(&cluster.wanted).await.into_iter().collect();
    }

    /// Until components are to be asked again, or something happened.
    async fn wait_and_look(&mut self) -> Result<(), CommandError> {
        let left = (self.asked + AGAIN).saturating_duration_since(Instant::now());
        if timeout(left, self.events.changed()).await.is_ok() {
            sleep_until(self.seen + APART).await;
            self.scene.look_again().await?;
            self.look_at_images().await;
            self.seen = Instant::now();
            self.tasks_seen = self.seen;
        } else if self.tasks_seen.elapsed() >= TASKS {
            self.scene.look_at_tasks().await?;
            self.tasks_seen = Instant::now();
        }
        Ok(())
    }

    async fn status(&mut self) -> Status {
        self.asked = Instant::now();
        let verdicts = self.verdicts().await;
        let heard = Heard {
            verdicts,
            warnings: self.warnings.clone(),
            ..Heard::default()
        };
        told(&self.scene, &heard, self.deaf.as_deref())
    }

    async fn verdicts(&mut self) -> Verdicts {
        let Scene { live, seen, .. } = &self.scene;
        if !live.is_connected() {
            if Instant::now() >= self.try_again {
                self.deaf = live.reach(seen).await.err();
                self.try_again = Instant::now() + self.pause;
                self.pause = match self.deaf {
                    Some(_) => longer(self.pause),
                    None => FIRST_PAUSE_OF_PLACE,
                };
            }
            if !live.is_connected() {
                return Verdicts::new();
            }
        }
        self.deaf = None;
        let lost = seen.nodes.iter().any(|node| node.state != "ready");
        live.be_brief(lost.then_some(BRIEF));
        let ask = || hear::verdicts(live, &self.scene.cluster.wanted, seen);
        let verdicts = ask().await;
        if verdicts.values().all(crate::gate::Verdict::is_open)
            || self.asked.elapsed() >= SECOND_LOOK
        {
            return verdicts;
        }
        // What is not well for a moment is no news.
        tokio::time::sleep(SECOND_LOOK).await;
        ask().await
    }
}
