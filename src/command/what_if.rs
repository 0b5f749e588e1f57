//! `what-if`: what would be left if hosts were lost.

use super::{CommandError, Context};
use crate::cli::WhatIfArgs;
use crate::formed;
use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::report::what_if_text;
use crate::topology::Topology;
use crate::wanted::{Anew, WantedError};
use crate::what_if::{Answer, Losses, Question, answer};

/// Exit code of a cluster that would not survive.
const UNHEALTHY: u8 = 6;

pub(super) async fn what_if(context: &Context, args: &WhatIfArgs) -> Result<u8, CommandError> {
    let inventory = context.load()?.inventory;
    let lose = args.lose.join(",");
    let answer = if let Some(path) = &args.observed {
        let replay = context.replay(inventory, path, &Anew::default())?;
        let seen = &replay.snapshot.observed;
        ask(
            &replay.inventory,
            &replay.cluster.topology,
            Some(seen),
            &lose,
        )?
    } else if args.offline {
        context.without_engine("--offline")?;
        let release = formed::release(&inventory, None).map_err(WantedError::from)?;
        let topology = Topology::place(&inventory, &release, None);
        ask(&inventory, &topology, None, &lose)?
    } else {
        let scene = context.scene(inventory, false).await;
        let scene = scene.inspect_err(|error| {
            if matches!(error, CommandError::Engine(_)) {
                context.output.say(
                    "no Swarm answers: `--offline` answers from the inventory alone, `--observed \
                     FILE` from what `status --record` saw\n",
                );
            }
        })?;
        let topology = &scene.cluster.topology;
        ask(&scene.inventory, topology, Some(&scene.seen), &lose)?
    };
    if context.output.json {
        let printed = context.output.document(&answer);
        printed.map_err(|error| CommandError::Failed(error.to_string()))?;
    } else {
        let text = what_if_text(&answer, context.output.out);
        context.output.print(&text);
    }
    Ok(if answer.survives { 0 } else { UNHEALTHY })
}

fn ask(
    inventory: &Inventory,
    topology: &Topology,
    seen: Option<&Observed>,
    lose: &str,
) -> Result<Answer, CommandError> {
    let losses = Losses::read(lose, inventory, seen).map_err(|error| {
        let why = error.to_string();
        match error.hint() {
            Some(hint) => CommandError::Misused { why, hint },
            None => CommandError::Usage(why),
        }
    })?;
    let question = Question {
        inventory,
        topology,
        seen,
    };
    Ok(answer(&question, &losses))
}
