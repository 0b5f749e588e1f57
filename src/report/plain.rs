//! Progress where nobody watches: one line per thing that happened.

use std::collections::BTreeMap;
use std::io::{Write, stderr};
use std::time::Duration;

use super::Progress;
use super::tame::tame;
use crate::event::Event;
use crate::execute::sentences;
use crate::plan::{Action, Plan, StepId};

/// A gate's reasons are repeated at most this often.
const QUIET: Duration = Duration::from_secs(5);

#[derive(Default)]
pub(super) struct Plain {
    said: BTreeMap<StepId, Duration>,
}

fn line(at: Duration, text: &str) {
    let text = tame(text);
    let _ = writeln!(stderr().lock(), "[{:6.1}s] {text}", at.as_secs_f64());
}

impl Progress for Plain {
    fn event(&mut self, plan: &Plan, event: &Event) {
        match event {
            Event::Started { .. } => {}
            Event::Waiting { step, at, why } => {
                let last = self.said.get(step);
                if last.is_none_or(|last| at.saturating_sub(*last) >= QUIET) {
                    self.said.insert(*step, *at);
                    let title = plan.steps[*step].action.title();
                    line(*at, &format!("... {title}: {}", sentences(why)));
                }
            }
            Event::Passed {
                step,
                at,
                took,
                saw,
            } => {
                let action = &plan.steps[*step].action;
                let text = if let Action::Await { gate } = action {
                    format!("ok  {gate} ({saw}, {:.1}s)", took.as_secs_f64())
                } else {
                    format!("ok  {}", action.title())
                };
                line(*at, &text);
            }
            // Why is told once, at the end.
            Event::Failed { step, at, .. } => {
                let title = plan.steps[*step].action.title();
                line(*at, &format!("failed: {title}"));
            }
            Event::Note { text } => {
                let _ = writeln!(stderr().lock(), "note: {}", tame(text));
            }
        }
    }
}
