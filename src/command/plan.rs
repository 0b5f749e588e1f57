//! `plan`: what `up` would do, and nothing else.

use super::{CommandError, Context};
use crate::cli::PlanArgs;
use crate::plan;
use crate::report::plan_text;
use crate::source;

/// Exit code of `plan --exit-code` when there is something to do.
const WORK: u8 = 10;

pub(super) async fn plan(context: &Context, args: &PlanArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let mut scene = context
        .scene(loaded.inventory, args.stacks.as_deref(), false)
        .await?;
    scene.plan_drain().await;
    let verdicts = scene.live.verdicts(&scene.cluster, &scene.seen).await;
    let plan = plan::up(&scene.cluster.wanted, &scene.seen, &verdicts);
    let json = serde_json::to_string_pretty(&plan)
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    if let Some(path) = &args.out {
        source::replace(path, &json)?;
    }
    if context.output.json {
        context.output.print(&format!("{json}\n"));
    } else {
        context.output.print(&plan_text(&plan, context.output.out));
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
