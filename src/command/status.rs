//! `status`: what runs, whether it is healthy, and what is wrong.

use std::time::Duration;

use super::{CommandError, Context};
use crate::cli::StatusArgs;
use crate::report::status_text;
use crate::status::Status;

const AGAIN: Duration = Duration::from_secs(2);
/// Exit code of a cluster that is not healthy.
const UNHEALTHY: u8 = 6;

pub(super) async fn status(context: &Context, args: &StatusArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    loop {
        let status = look(context, &loaded.inventory).await?;
        if context.output.json {
            let json = serde_json::to_string(&status)
                .map_err(|error| CommandError::Failed(error.to_string()))?;
            context.output.print(&format!("{json}\n"));
        } else {
            if args.watch {
                // Home, then erase what is below.
                context.output.print("\u{1b}[H\u{1b}[2J");
            }
            context
                .output
                .print(&status_text(&status, context.output.out));
        }
        if !args.watch {
            return Ok(if status.healthy { 0 } else { UNHEALTHY });
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = tokio::signal::ctrl_c() => return Ok(0),
        }
    }
}

async fn look(
    context: &Context,
    inventory: &crate::inventory::Inventory,
) -> Result<Status, CommandError> {
    let scene = context.scene(inventory.clone(), None, false).await?;
    let verdicts = scene.live.verdicts(&scene.cluster, &scene.seen).await;
    Ok(Status::of(&scene.cluster, &scene.seen, &verdicts))
}
