//! `status`: what runs, whether it is healthy, and what is wrong.

use std::path::Path;
use std::time::Duration;

use tokio::time::Instant;

use super::context::Scene;
use super::watch::watch;
use super::{CommandError, Context, written};
use crate::cli::StatusArgs;
use crate::count::count;
use crate::hear::{self, Hearing};
use crate::inventory::Inventory;
use crate::plan::{Heard, Leaver, Verdicts};
use crate::report::{status_brief, status_text};
use crate::snapshot::Snapshot;
use crate::source;
use crate::status::Status;

/// A component that did not answer well is asked once more after this: a broker that moves a
/// topic or a server that was busy for a moment is no news.
/// Where hosts are gone, what took as long as that is not asked twice.
pub(super) const SECOND_LOOK: Duration = Duration::from_secs(1);
/// How long an answer is waited for while hosts are gone: what hangs on them gives none.
pub(super) const BRIEF: Duration = Duration::from_millis(2200);
/// Exit code of a cluster that is not healthy.
const UNHEALTHY: u8 = 6;

pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result<u8, CommandError> {
    written::check(args.record.as_deref(), None)?;
    let loaded = context.load()?;
    if args.watch {
        return watch(context, &loaded.inventory).await;
    }
    let status = look(context, &loaded.inventory, args.record.as_deref()).await?;
    show(context, &status)?;
    Ok(code(&status))
}

pub(super) const fn code(status: &Status) -> u8 {
    if status.healthy { 0 } else { UNHEALTHY }
}

fn show(context: &Context, status: &Status) -> Result<(), CommandError> {
    if context.output.json {
        let printed = context.output.document(status);
        printed.map_err(|error| CommandError::Failed(error.to_string()))?;
    } else {
        context
            .output
            .show(&status_text(status, context.output.out));
    }
    Ok(())
}

/// The same over what was shown before, where that is on a terminal.
pub(super) fn show_over(context: &Context, status: &Status) -> Result<(), CommandError> {
    if context.output.json {
        return show(context, status);
    }
    let style = context.output.out;
    context
        .output
        .show_over(&status_text(status, style), &status_brief(status, style));
    Ok(())
}

async fn look(
    context: &Context,
    inventory: &Inventory,
    record: Option<&Path>,
) -> Result<Status, CommandError> {
    let mut scene = context.scene(inventory.clone(), true).await?;
    let deaf = scene.live.reach(&scene.seen).await.err();
    let ask =
        async |scene: &Scene| hear::verdicts(&scene.live, &scene.cluster.wanted, &scene.seen).await;
    let lost = scene.seen.nodes.iter().any(|node| node.state != "ready");
    if lost {
        scene.live.be_brief(Some(BRIEF));
    }
    scene.live.give_up_silent_hosts(BRIEF);
    let start = Instant::now();
    let mut verdicts = ask(&scene).await;
    let is_gone = lost || scene.live.met_silence();
    let is_late = is_gone && start.elapsed() >= SECOND_LOOK;
    if !is_late && verdicts.values().any(|verdict| !verdict.is_open()) {
        tokio::time::sleep(SECOND_LOOK).await;
        scene.look_again().await?;
        verdicts = ask(&scene).await;
    }
    if let Some(path) = record {
        let leavers = match &scene.cluster.wanted.drain {
            // Whoever answered the gates knows which query node leads a shard, too.
            Some(drain) if !verdicts.is_empty() => {
                Some(hear::leavers(&scene.live, drain, &scene.seen, false).await)
            }
            _ => None,
        };
        save(context, &scene, &verdicts, leavers, path)?;
    }
    let warnings = scene.live.stand_ins(&scene.cluster.wanted).await;
    scene.live.close().await;
    let heard = Heard {
        verdicts,
        warnings: warnings.into_iter().collect(),
        ..Heard::default()
    };
    Ok(told(&scene, &heard, deaf.as_deref()))
}

/// What was seen and heard.
pub(super) fn told(scene: &Scene, heard: &Heard, deaf: Option<&str>) -> Status {
    Status::of(&scene.cluster, &scene.inventory, &scene.seen, heard, deaf)
}

fn save(
    context: &Context,
    scene: &Scene,
    verdicts: &Verdicts,
    leavers: Option<Vec<Leaver>>,
    path: &Path,
) -> Result<(), CommandError> {
    let snapshot = Snapshot::of(&scene.cluster, &scene.seen, verdicts, leavers);
    let text = snapshot
        .to_text(source::MAX_BYTES)
        .map_err(|error| CommandError::snapshot(path, &error))?;
    source::replace_private(path, &text)?;
    let seen = &scene.seen;
    context.output.say(&format!(
        "recorded {}, {}, {} and {} in `{}`",
        count(seen.nodes.len(), "node"),
        count(seen.services.len(), "service"),
        count(seen.tasks.len(), "task"),
        count(verdicts.len(), "gate"),
        path.display()
    ));
    if !snapshot.hidden.is_empty() {
        context.output.say(&format!(
            "{} left out, because it may be a credential: {}",
            context.output.err.change("note:"),
            snapshot.hidden.join("; ")
        ));
    }
    Ok(())
}
