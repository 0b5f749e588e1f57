//! `up`: make the Swarm what the inventory says.

use std::ffi::OsStr;
use std::path::Path;

use super::alone::{self, Job};
use super::context::Scene;
use super::interrupt::interrupted;
use super::{CommandError, Context, password, run, written};
use crate::cli::UpArgs;
use crate::plan::{Plan, SavedError};
use crate::report::{End, Line};
use crate::source;
use crate::system::DOOR;

pub(super) async fn up(context: &Context, args: &UpArgs) -> Result<u8, CommandError> {
    written::check(args.timings.as_deref(), Some("html"))?;
    let loaded = context.load()?;
    let path = args.plan.as_deref();
    let saved = path.map(|path| saved(path, &loaded.inventory.name));
    let saved = path.zip(saved.transpose()?);
    let mut scene = context.scene(loaded.inventory, true).await?;
    if args.renew_networks {
        scene.renew_networks()?;
    }
    let plan = scene.plan_up().await;
    let stands = saved.map_or(Ok(()), |(path, saved)| still(path, &saved, &plan));
    agreed(context, &scene, &plan, args.yes, stands).await?;
    let plan = match args.plan {
        // One from a file is made of what was heard then.
        Some(_) => plan,
        None => known(context, &mut scene, plan, args.yes).await?,
    };
    let mut again = context.command("up");
    if args.renew_networks {
        again.push_str(" --renew-networks");
    }
    let job = Job {
        verb: "up",
        lock_wait: args.lock.lock_wait,
        gate_timeout: args.gate_timeout,
        again: &again,
        timings: args.timings.as_deref(),
    };
    carry_out(context, &mut scene, &plan, &job, || Ok(())).await
}

/// Has a plan agreed on that may run, if what was looked at before stands. A probe that was started to
/// make it goes where it is not to run.
pub(super) async fn agreed(
    context: &Context,
    scene: &Scene,
    plan: &Plan,
    yes: bool,
    stands: Result<(), CommandError>,
) -> Result<(), CommandError> {
    let agreed = stands
        .and_then(|()| password::check(plan))
        .and_then(|()| run::agree(context, plan, yes));
    if agreed.is_err() {
        scene.live.close().await;
    }
    agreed
}

/// The plan that was agreed on, or, where more is known now that it was, another one that is.
pub(super) async fn known(
    context: &Context,
    scene: &mut Scene,
    plan: Plan,
    yes: bool,
) -> Result<Plan, CommandError> {
    let fresh = scene.plan_agreed().await;
    let Some(fresh) = fresh.filter(|fresh| plan.is_still(fresh).is_err()) else {
        return Ok(plan);
    };
    context.output.say(&format!(
        "{} more is known now, such as who leads which shard, and the plan is another one:",
        context.output.err.change("note:")
    ));
    agreed(context, scene, &fresh, yes, Ok(())).await?;
    Ok(fresh)
}

/// A saved plan for a cluster.
fn saved(path: &Path, cluster: &str) -> Result<Plan, CommandError> {
    let text = source::read(path).map_err(CommandError::NoPlan)?;
    Plan::read(&text, cluster).map_err(|error| CommandError::Misused {
        why: format!("`{}` {error}", path.display()),
        hint: hint(path, &error).to_owned(),
    })
}

fn hint(path: &Path, error: &SavedError) -> &'static str {
    let ending = path.extension().and_then(OsStr::to_str);
    match error {
        SavedError::OtherCluster { .. } => "name the inventory that goes with it: -i FILE",
        SavedError::Format(_) => {
            "`milvus-swarm plan --out FILE` makes it anew, to be looked at again"
        }
        _ if matches!(ending, Some("yml" | "yaml")) => {
            "an inventory is named with `-i`: milvus-swarm -i FILE up"
        }
        _ => "`milvus-swarm plan --out FILE` saves one",
    }
}

/// Whether a saved plan is still the one that would be made now, which is the one that runs: what
/// stands in a file is compared and never executed.
fn still(path: &Path, saved: &Plan, fresh: &Plan) -> Result<(), CommandError> {
    saved
        .is_still(fresh)
        .map_err(|why| CommandError::Moved(format!("`{}`: {why}", path.display())))
}

/// Executes a plan that was agreed on, after `first`, and tells where Milvus is.
pub(super) async fn carry_out(
    context: &Context,
    scene: &mut Scene,
    plan: &Plan,
    job: &Job<'_>,
    first: impl FnOnce() -> Result<(), CommandError>,
) -> Result<u8, CommandError> {
    if plan.is_empty() {
        first()?;
        if job.timings.is_some() {
            context
                .output
                .say("nothing was done, so there are no timings");
        }
    } else {
        // Every gate would wait for it; what is begun would be left in the middle.
        if let Err(why) = scene.live.room_to_ask() {
            scene.live.close().await;
            return Err(CommandError::Failed(format!("{why}; nothing was changed")));
        }
        let now = async |scene: &mut Scene| scene.plan_up().await;
        alone::execute(context, scene, plan, job, now, first).await?;
    }
    tokio::select! {
        () = interrupted() => {
            let again = job.again.to_owned();
            return Err(CommandError::Interrupted { again });
        }
        told = endpoint(context, scene) => told?,
    }
    Ok(0)
}

/// Where users connect, and as whom: the hosts on which a task listens now, not before the plan.
async fn endpoint(context: &Context, scene: &Scene) -> Result<(), CommandError> {
    if scene.inventory.publish.port(DOOR).is_none() {
        return Ok(());
    }
    let seen = scene.live.look().await?;
    let endpoints = scene.cluster.endpoints(&scene.inventory, &seen);
    if context.output.json {
        context
            .output
            .line(&Line::End(End::Endpoints { endpoints }));
        return Ok(());
    }
    context.output.print(&format!(
        "\nMilvus {} answers at {}\nuser root; show the password with: {}\n",
        scene.cluster.runs,
        endpoints.join(", "),
        context.command("credentials")
    ));
    Ok(())
}
