//! Executing a plan with everything around it: the question, progress, Ctrl-C, the probe.

use std::io::{BufRead, IsTerminal, stdin};
use std::time::Duration;

use super::{CommandError, Context};
use crate::drive::drive;
use crate::execute::{Limits, Outcome};
use crate::live::Live;
use crate::observed::Observed;
use crate::plan::Plan;
use crate::report::plan_text;

/// Shows a plan, refuses it or asks for it.
pub(super) fn agree(context: &Context, plan: &Plan, yes: bool) -> Result<(), CommandError> {
    if !context.output.json {
        context.output.print(&plan_text(plan, context.output.out));
    }
    if !plan.refusals.is_empty() {
        if context.output.json {
            let json = serde_json::to_string(plan)
                .map_err(|error| CommandError::Failed(error.to_string()))?;
            context.output.print(&format!("{json}\n"));
        }
        return Err(CommandError::Refused);
    }
    if yes || plan.is_empty() {
        return Ok(());
    }
    match ask(context, "\nGo ahead? [y/N] ")?.as_str() {
        "y" | "Y" | "yes" => Ok(()),
        _ => Err(CommandError::Declined),
    }
}

/// Asks a person; where nobody can answer, says how to answer beforehand.
pub(super) fn ask(context: &Context, question: &str) -> Result<String, CommandError> {
    if !stdin().is_terminal() {
        return Err(CommandError::Usage(
            "nobody can be asked here: say --yes to go ahead".to_owned(),
        ));
    }
    context.output.say(question);
    let mut line = String::new();
    stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    Ok(line.trim().to_owned())
}

/// Executes a plan to its end.
pub(super) async fn execute(
    context: &Context,
    live: &Live,
    plan: &Plan,
    seen: Observed,
    gate_timeout: u64,
    again: &str,
) -> Result<(), CommandError> {
    let limits = Limits {
        gate: Duration::from_secs(gate_timeout),
        ..Limits::default()
    };
    let mut progress = context.output.progress();
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let outcome = drive(live, plan, seen, limits, interrupt, |event| {
        progress.event(plan, event);
    })
    .await;
    progress.finish();
    live.close().await;
    let title = |id: usize| plan.steps[id].action.title();
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Failed(id, failure) => Err(CommandError::Step {
            title: title(id),
            failure,
        }),
        Outcome::Shut(id, why) => Err(CommandError::Gate {
            title: title(id),
            why,
        }),
        Outcome::Interrupted => Err(CommandError::Interrupted {
            again: again.to_owned(),
        }),
    }
}
