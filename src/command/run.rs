//! Executing a plan with everything around it: the question, progress, the end.

use std::future::Future;
use std::io::{BufRead, IsTerminal, stdin};
use std::path::Path;
use std::time::Duration;

use super::alone::Job;
use super::context::Scene;
use super::{CommandError, Context};
use crate::drive::{Stop, drive};
use crate::event::Event;
use crate::execute::{Limits, Outcome};
use crate::live::{Guarded, Held};
use crate::plan::{Plan, StepId};
use crate::report::{End, Line, Timings, plan_text};
use crate::source;

/// Shows a plan, refuses it or asks for it.
pub(super) fn agree(context: &Context, plan: &Plan, yes: bool) -> Result<(), CommandError> {
    agree_with(context, plan, "", yes)
}

/// As [`agree`], with what a user should know besides the plan.
pub(super) fn agree_with(
    context: &Context,
    plan: &Plan,
    besides: &str,
    yes: bool,
) -> Result<(), CommandError> {
    if !context.output.json {
        let text = plan_text(&plan.shown(), context.output.out);
        context.output.show(&format!("{text}{besides}"));
    }
    if !plan.refusals.is_empty() {
        if context.output.json {
            context.output.line(&Line::End(End::Refused {
                refusals: plan.refusals.clone(),
            }));
        }
        return Err(CommandError::Refused);
    }
    if yes || plan.is_empty() {
        return Ok(());
    }
    if said_yes(context, "\nGo ahead? [y/N] ")? {
        Ok(())
    } else {
        Err(CommandError::Declined)
    }
}

/// Asks a question that a person answers with yes or no.
pub(super) fn said_yes(context: &Context, question: &str) -> Result<bool, CommandError> {
    let answer = ask(context, question, "say --yes to go ahead")?;
    Ok(matches!(answer.as_str(), "y" | "Y" | "yes"))
}

/// Asks a person; where nobody can answer, says how to answer beforehand.
pub(super) fn ask(
    context: &Context,
    question: &str,
    beforehand: &str,
) -> Result<String, CommandError> {
    if !stdin().is_terminal() {
        return Err(CommandError::Usage(format!(
            "nobody can be asked here: {beforehand}"
        )));
    }
    context.output.ask(question);
    let mut line = String::new();
    stdin()
        .lock()
        .read_line(&mut line)
        .map_err(|error| CommandError::Failed(error.to_string()))?;
    Ok(line.trim().to_owned())
}

/// Executes a plan to its end, under the lock; where the job asks for timings, writes how long
/// each step took, however it ends.
pub(super) async fn drive_plan(
    context: &Context,
    scene: &Scene,
    lock: &Held,
    plan: &Plan,
    job: &Job<'_>,
    interrupt: impl Future<Output = ()>,
) -> Result<(), CommandError> {
    let limits = Limits {
        gate: Duration::from_secs(job.gate_timeout),
        ..Limits::default()
    };
    let mut progress = context.output.progress();
    let stop = async {
        tokio::select! {
            () = interrupt => Stop::Interrupted,
            loss = lock.lost() => Stop::Lost(loss.to_string()),
        }
    };
    let swarm = Guarded {
        live: &scene.live,
        lock,
    };
    let began = tokio::time::Instant::now();
    let mut events = Vec::new();
    let mut failures = Vec::new();
    let outcome = drive(&swarm, plan, scene.seen.clone(), limits, stop, |event| {
        progress.event(plan, event);
        if let Event::Failed { step, message, .. } = event {
            failures.push((*step, message.clone()));
        }
        if job.timings.is_some() {
            events.push(event.clone());
        }
    })
    .await;
    let took = began.elapsed();
    progress.finish();
    let words = match &outcome {
        Outcome::Shut(_, why) => scene.live.last_words(why).await,
        _ => Vec::new(),
    };
    if let Some(path) = job.timings {
        draw(context, path, &Timings::of(plan, &events, took, &outcome));
    }
    if matches!(outcome, Outcome::Failed(..)) {
        // What fails when a run wakes from a long sleep may fail because somebody else has the
        // cluster by now: the next beat tells.
        let _ = lock.sure().await;
    }
    let title = |id: usize| plan.steps[id].action.title();
    let again = || job.again.to_owned();
    let loss = lock.loss();
    // The error tells of one; actions that were under way may have failed after it.
    let told = if loss.is_none() { outcome.step() } else { None };
    failures.retain(|(step, _)| Some(*step) != told);
    tell_other_failures(context, plan, &failures);
    match (outcome, loss) {
        (Outcome::Done, _) => Ok(()),
        // An action that could not start says so as a failure of its own.
        (Outcome::Lost(how), _) => Err(CommandError::Lost {
            how,
            again: again(),
        }),
        (_, Some(loss)) => Err(CommandError::Lost {
            how: loss.to_string(),
            again: again(),
        }),
        (Outcome::Failed(id, failure), None) => Err(CommandError::Step {
            title: title(id),
            failure,
        }),
        (Outcome::Shut(id, why), None) => Err(CommandError::Gate {
            title: title(id),
            why,
            words,
        }),
        (Outcome::Interrupted, None) => Err(CommandError::Interrupted { again: again() }),
    }
}

/// Tells why steps failed of which the error says nothing; with `--json` the events did.
fn tell_other_failures(context: &Context, plan: &Plan, failures: &[(StepId, String)]) {
    if context.output.json {
        return;
    }
    for (step, message) in failures {
        let title = plan.steps[*step].action.title();
        let word = context.output.err.change("note:");
        context.output.say(&format!("{word} {title}: {message}"));
    }
}

/// Writes the page of a run. That it could not be written is not what the run is about.
fn draw(context: &Context, path: &Path, timings: &Timings<'_>) {
    match source::replace(path, &timings.page()) {
        Ok(()) => context
            .output
            .say(&format!("timings are in `{}`", path.display())),
        Err(error) => {
            let word = context.output.err.change("note:");
            context.output.say(&format!("{word} no timings: {error}"));
        }
    }
}
