//! `plan`: what `up` would do, and nothing else.

use std::path::Path;

use super::{CommandError, Context};
use crate::cli::PlanArgs;
use crate::inventory::Inventory;
use crate::plan::{self, Plan};
use crate::report::{graph, plan_text};
use crate::source;

/// Exit code of `plan --exit-code` when there is something to do.
const WORK: u8 = 10;

pub(super) async fn plan(context: &Context, args: &PlanArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let (plan, lock) = match &args.observed {
        Some(path) => (recorded(context, loaded.inventory, path)?, None),
        None => {
            let mut scene = context.scene(loaded.inventory, args.probe).await?;
            let plan = scene.plan_up().await;
            scene.live.close().await;
            (plan, scene.seen.lock)
        }
    };
    let json = serde_json::to_string_pretty(&plan)
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    if let Some(path) = &args.out {
        source::replace(path, &json)?;
    }
    if let Some(path) = &args.graph {
        source::replace(path, &graph(&plan))?;
    }
    if context.output.json {
        context.output.print(&format!("{json}\n"));
    } else {
        context.output.print(&plan_text(&plan, context.output.out));
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
fn recorded(context: &Context, inventory: Inventory, path: &Path) -> Result<Plan, CommandError> {
    let replay = context.replay(inventory, path)?;
    let unknown = replay.snapshot.unknown(&replay.cluster);
    if !unknown.is_empty() {
        let gates: Vec<String> = unknown.iter().map(|gate| gate.to_string()).collect();
        context.output.say(&format!(
            "{} {} not recorded and {} as unknown, so the plan waits for {}: {}",
            context.output.err.change("note:"),
            if gates.len() == 1 {
                "1 gate was".to_owned()
            } else {
                format!("{} gates were", gates.len())
            },
            if gates.len() == 1 { "counts" } else { "count" },
            if gates.len() == 1 { "it" } else { "them" },
            gates.join("; ")
        ));
    }
    Ok(plan::up(
        &replay.cluster.wanted,
        &replay.snapshot.observed,
        &replay.snapshot.verdicts(),
    ))
}
