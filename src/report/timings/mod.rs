//! How long each step of a run took, and which of them the run waited for: made from the plan
//! and the events of its execution, however that ended.

mod chart;
mod lane;
mod page;

use std::time::Duration;

use crate::event::Event;
use crate::execute::{Outcome, sentences};
use crate::plan::{Action, Plan, StepId};

/// What became of a step.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum State {
    Passed,
    Failed,
    /// Under way when the run ended.
    Unfinished,
    NotStarted,
}

/// One step on the time axis; times count from the start of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    pub step: StepId,
    pub state: State,
    pub start: Duration,
    pub end: Duration,
    /// What the gate saw, why it is not open, or why the step failed.
    pub saw: String,
}

/// A run, ready to be drawn.
#[derive(Debug)]
pub struct Timings<'a> {
    pub plan: &'a Plan,
    /// One for each step of the plan, in its order.
    pub bars: Vec<Bar>,
    /// The steps that the run waited for, from the first to the last.
    pub critical: Vec<StepId>,
    pub took: Duration,
    pub ended: String,
    pub done: bool,
}

impl<'a> Timings<'a> {
    /// Reads the events of a run that took so long and ended so.
    #[must_use]
    pub fn of(plan: &'a Plan, events: &[Event], took: Duration, outcome: &Outcome) -> Self {
        let bars = bars(plan, events, took);
        let title = |id: StepId| {
            plan.steps
                .get(id)
                .map_or_else(String::new, |s| s.action.title())
        };
        let ended = match outcome {
            Outcome::Done => "done".to_owned(),
            Outcome::Failed(id, failure) => format!("failed: {}: {}", title(*id), failure.message),
            Outcome::Shut(id, why) => {
                format!("a gate stayed shut: {}: {}", title(*id), sentences(why))
            }
            Outcome::Interrupted => "interrupted".to_owned(),
            Outcome::Lost(how) => format!("lost the cluster's lock: {how}"),
        };
        Self {
            critical: critical(plan, &bars),
            plan,
            bars,
            took,
            ended,
            done: *outcome == Outcome::Done,
        }
    }

    /// The page: one HTML file that needs nothing else.
    #[must_use]
    pub fn page(&self) -> String {
        page::page(self)
    }

    /// Time that the critical path was under way.
    #[must_use]
    pub fn critical_time(&self) -> Duration {
        self.critical.iter().map(|&id| self.bars[id].length()).sum()
    }

    pub(super) fn is_gate(&self, id: StepId) -> bool {
        matches!(self.plan.steps[id].action, Action::Await { .. })
    }
}

impl Bar {
    /// How long the step was under way.
    #[must_use]
    pub fn length(&self) -> Duration {
        self.end.saturating_sub(self.start)
    }
}

fn bars(plan: &Plan, events: &[Event], took: Duration) -> Vec<Bar> {
    let mut bars: Vec<Bar> = (0..plan.steps.len())
        .map(|step| Bar {
            step,
            state: State::NotStarted,
            start: Duration::ZERO,
            end: Duration::ZERO,
            saw: String::new(),
        })
        .collect();
    for event in events {
        match event {
            Event::Started { step, at } => {
                if let Some(bar) = bars.get_mut(*step) {
                    bar.state = State::Unfinished;
                    bar.start = *at;
                    bar.end = took;
                }
            }
            Event::Waiting { step, why, .. } => {
                if let Some(bar) = bars.get_mut(*step) {
                    bar.saw = sentences(why);
                }
            }
            Event::Passed { step, at, saw, .. } => {
                if let Some(bar) = bars.get_mut(*step) {
                    bar.state = State::Passed;
                    bar.end = *at;
                    bar.saw.clone_from(saw);
                }
            }
            Event::Failed { step, at, message } => {
                if let Some(bar) = bars.get_mut(*step) {
                    bar.state = State::Failed;
                    bar.end = *at;
                    bar.saw.clone_from(message);
                }
            }
            Event::Note { .. } => {}
        }
    }
    bars
}

/// From the step that failed, else the one that ended last, back to the first: of what each waited
/// for, what passed last.
fn critical(plan: &Plan, bars: &[Bar]) -> Vec<StepId> {
    let ran = |id: &StepId| bars[*id].state != State::NotStarted;
    let mut path: Vec<StepId> = (0..bars.len())
        .filter(ran)
        .max_by_key(|&id| (bars[id].state == State::Failed, bars[id].end, id))
        .into_iter()
        .collect();
    while let Some(before) = path.last().and_then(|&id| {
        let after = plan.steps[id].after.iter().copied().filter(ran);
        after.max_by_key(|&before| (bars[before].end, before))
    }) {
        path.push(before);
    }
    path.reverse();
    path
}
