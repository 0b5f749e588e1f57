//! `plan`: what `up` would do, and nothing else.

use std::path::Path;

use super::{CommandError, Context, password, written};
use crate::cli::PlanArgs;
use crate::count::count;
use crate::inventory::Inventory;
use crate::plan::Plan;
use crate::report::{graph, json_pretty, plan_text};
use crate::source;
use crate::wanted::Anew;

/// Exit code of `plan --exit-code` when there is something to do.
const WORK: u8 = 10;

pub(super) async fn plan(context: &Context, args: &PlanArgs) -> Result<u8, CommandError> {
    written::check(args.out.as_deref(), None)?;
    written::check(args.graph.as_deref(), Some("svg"))?;
    let loaded = context.load()?;
    let (plan, lock) = match &args.observed {
        Some(path) => {
            let anew = Anew {
                networks: args.renew_networks,
                ..Anew::default()
            };
            (recorded(context, loaded.inventory, path, &anew)?, None)
        }
        None => {
            let mut scene = context.scene(loaded.inventory, args.probe).await?;
            if args.renew_networks {
                scene.renew_networks()?;
            }
            let plan = scene.plan_up().await;
            scene.live.close().await;
            (plan, scene.seen.lock)
        }
    };
    let plan = plan.shown();
    let json = json_pretty(&plan).map_err(|error| CommandError::Failed(error.to_string()))?;
    if let Some(path) = &args.out {
        source::replace_private(path, &json)?;
    }
    if let Some(path) = &args.graph {
        source::replace(path, &graph(&plan))?;
    }
    if context.output.json {
        context.output.print(&format!("{json}\n"));
    } else {
        context.output.show(&plan_text(&plan, context.output.out));
    }
    if let Some(lock) = lock {
        context.output.say(&format!(
            "{} somebody works on the cluster, so this plan may change: {}",
            context.output.err.change("note:"),
            lock.holder
        ));
    }
    if !plan.refusals.is_empty() {
        return Err(CommandError::Refused);
    }
    Ok(if args.exit_code && !plan.is_empty() {
        WORK
    } else {
        0
    })
}

/// The plan that would have been made when the Swarm was recorded.
fn recorded(
    context: &Context,
    inventory: Inventory,
    path: &Path,
    anew: &Anew,
) -> Result<Plan, CommandError> {
    let replay = context.replay(inventory, path, anew)?;
    let seen = &replay.snapshot.observed;
    let unknown = replay.snapshot.unknown(&replay.cluster);
    if !unknown.is_empty() {
        let gates: Vec<String> = unknown.iter().map(|gate| gate.to_string()).collect();
        let (were, counts, them) = match gates.len() {
            1 => ("was", "counts", "it"),
            _ => ("were", "count", "them"),
        };
        context.output.say(&format!(
            "{} {} {were} not recorded and {counts} as unknown, so the plan waits for {them}: {}",
            context.output.err.change("note:"),
            count(gates.len(), "gate"),
            gates.join("; ")
        ));
    }
    let mode = replay.inventory.images.resolve;
    let heard = replay.snapshot.heard(&replay.cluster.wanted, mode);
    let mut plan = replay.cluster.plan(&replay.inventory, seen, &heard);
    plan.warnings
        .extend(password::exposed(&replay.cluster.wanted.secrets));
    Ok(plan)
}
