//! `status --watch`: looks until interrupted, and asks the engine for as little as that takes.
//!
//! Components are asked through one tunnel that stays open. Swarm tells by events when anything but
//! a task changes; tasks are listed once in a while, and everything now and then, since an event may
//! get lost.

use std::time::Duration;

use tokio::time::{Instant, sleep_until, timeout};

use super::context::Scene;
use super::interrupt::interrupted;
use super::status::{BRIEF, SECOND_LOOK, code, show_over, told};
use super::{CommandError, Context, error};
use crate::engine::{EngineError, Events};
use crate::gate::Verdict;
use crate::hear::{self, Hearing};
use crate::inventory::Inventory;
use crate::plan::{Heard, Verdicts};
use crate::status::Status;

/// Components are asked this often.
const AGAIN: Duration = Duration::from_secs(2);
/// Much may happen at once: two looks at the Swarm are no closer.
const APART: Duration = Duration::from_secs(1);
/// Tasks are listed this often while all is well, and twice as often else.
const TASKS: Duration = Duration::from_secs(20);
/// Everything is looked at this often, whatever is heard.
const ALL: Duration = Duration::from_secs(180);
/// What is asked over connections of its own, each a process that the engine starts.
const SELDOM: Duration = Duration::from_secs(300);
/// An engine that did not answer is tried again after this, twice that, and so on up to the longest.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// The same of a place to ask from, which is waited for a quarter of a minute each time.
const FIRST_PAUSE_OF_PLACE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// An engine that did not answer has so long to take a probe away.
const PARTING: Duration = Duration::from_secs(2);
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
                    if let Some(watched) = watched.take() {
                        let _ = timeout(PARTING, watched.scene.live.close()).await;
                    }
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
    if let Some(begun) = watched {
        begun.wait_and_look().await?;
        if begun.is_up_to_date() {
            return Ok(begun.status().await);
        }
        begun.scene.live.close().await;
    }
    let begun = watched.insert(Watched::begin(context, inventory).await?);
    Ok(begun.status().await)
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
    /// Whether tasks were listed since a place to ask from was last looked for.
    has_looked: bool,
    /// Why components can't be asked, and when that is tried again.
    deaf: Option<String>,
    try_again: Instant,
    pause: Duration,
    /// Whether each component that was asked is well.
    is_well: bool,
    warnings: Vec<String>,
    /// Names of the secrets that it was begun with.
    secrets: Vec<String>,
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
            has_looked: true,
            deaf: None,
            try_again: now,
            pause: FIRST_PAUSE_OF_PLACE,
            is_well: true,
            warnings: Vec::new(),
            secrets: Vec::new(),
        };
        watched.secrets = watched.wanted_secrets();
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
        let is_told = timeout(left, self.events.changed()).await.is_ok();
        if is_told || self.seen.elapsed() >= ALL {
            sleep_until(self.seen + APART).await;
            self.scene.look_again().await?;
            self.look_at_images().await;
            self.seen = Instant::now();
            self.tasks_seen = self.seen;
            self.has_looked = true;
        } else if self.tasks_seen.elapsed() >= if self.is_well { TASKS } else { TASKS / 2 } {
            self.look_at_tasks().await?;
        }
        Ok(())
    }

    async fn look_at_tasks(&mut self) -> Result<(), CommandError> {
        self.scene.look_at_tasks().await?;
        self.tasks_seen = Instant::now();
        self.has_looked = true;
        Ok(())
    }

    /// Whether what it asks with is still what the cluster has: a password may have changed.
    fn is_up_to_date(&self) -> bool {
        self.secrets == self.wanted_secrets()
    }

    fn wanted_secrets(&self) -> Vec<String> {
        let secrets = self.scene.cluster.wanted.secrets.iter();
        secrets.map(|secret| secret.name.clone()).collect()
    }

    async fn status(&mut self) -> Status {
        self.asked = Instant::now();
        let was_well = self.is_well;
        let mut verdicts = self.verdicts().await;
        if was_well && !self.is_well && self.asked.elapsed() < SECOND_LOOK {
            // What is not well for a moment is no news, and a task may be another one by now.
            tokio::time::sleep(SECOND_LOOK).await;
            if self.look_at_tasks().await.is_ok() {
                verdicts = self.verdicts().await;
            }
        }
        let heard = Heard {
            verdicts,
            warnings: self.warnings.clone(),
            ..Heard::default()
        };
        told(&self.scene, &heard, self.deaf.as_deref())
    }

    async fn verdicts(&mut self) -> Verdicts {
        let Scene { live, seen, .. } = &self.scene;
        let is_due = Instant::now() >= self.try_again;
        if live.is_connected() {
            self.deaf = None;
        } else if is_due || std::mem::take(&mut self.has_looked) {
            // A proxy that is there by now costs less to find than a probe to make.
            match live.can_ask().await {
                Ok(()) => self.deaf = None,
                Err(_) if is_due => {
                    self.deaf = live.reach(seen).await.err();
                    self.try_again = Instant::now() + self.pause;
                    self.pause = match self.deaf {
                        Some(_) => longer(self.pause),
                        None => FIRST_PAUSE_OF_PLACE,
                    };
                }
                Err(_) => {}
            }
        }
        if self.deaf.is_some() {
            self.is_well = true;
            return Verdicts::new();
        }
        let lost = seen.nodes.iter().any(|node| node.state != "ready");
        live.be_brief(lost.then_some(BRIEF));
        let verdicts = hear::verdicts(live, &self.scene.cluster.wanted, seen).await;
        self.is_well = verdicts.values().all(Verdict::is_open);
        verdicts
    }
}
