//! Progress on a terminal: a line per part that is done, spinners for what is waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};

use super::{Progress, Style};
use crate::event::Event;
use crate::execute::sentences;
use crate::plan::{Action, Plan, StepId};

pub(super) struct Terminal {
    bars: MultiProgress,
    total: ProgressBar,
    waiting: BTreeMap<StepId, ProgressBar>,
    style: Style,
    started: bool,
}

impl Terminal {
    pub(super) fn new(style: Style) -> Self {
        let bars = MultiProgress::new();
        let total = bars.add(ProgressBar::new(0));
        total.set_style(
            ProgressStyle::with_template("  {elapsed:>4} [{bar:30}] {pos}/{len} steps")
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .progress_chars("=> "),
        );
        Self {
            bars,
            total,
            waiting: BTreeMap::new(),
            style,
            started: false,
        }
    }

    fn say(&self, text: &str) {
        let _ = self.bars.println(text);
    }

    fn wait(&mut self, id: StepId, text: String) {
        let bars = &self.bars;
        let total = &self.total;
        let bar = self.waiting.entry(id).or_insert_with(|| {
            let bar = bars.insert_before(total, ProgressBar::new_spinner());
            bar.set_style(
                ProgressStyle::with_template("  {spinner} {wide_msg} {elapsed:>4}")
                    .unwrap_or_else(|_| ProgressStyle::default_spinner()),
            );
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        bar.set_message(text);
    }

    fn done(&mut self, id: StepId) {
        if let Some(bar) = self.waiting.remove(&id) {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
    }
}

impl Progress for Terminal {
    fn event(&mut self, plan: &Plan, event: &Event) {
        if !self.started {
            self.started = true;
            self.total.set_length(plan.steps.len() as u64);
        }
        match event {
            Event::Started { step, .. } => {
                if let Action::Await { gate } = &plan.steps[*step].action {
                    self.wait(*step, gate.to_string());
                }
            }
            Event::Waiting { step, why, .. } => {
                let text = match &plan.steps[*step].action {
                    Action::Await { gate } => format!("{gate}: {}", sentences(why)),
                    action => action.title(),
                };
                self.wait(*step, text);
            }
            Event::Passed {
                step, saw, took, ..
            } => {
                self.done(*step);
                self.total.inc(1);
                if let Action::Await { gate } = &plan.steps[*step].action {
                    self.say(&format!(
                        "  {} {gate} {}",
                        self.style.good("ok"),
                        self.style
                            .faint(format!("({saw}, {:.1}s)", took.as_secs_f64()))
                    ));
                }
            }
            Event::Failed { step, message, .. } => {
                self.done(*step);
                self.say(&format!(
                    "  {} {}: {message}",
                    self.style.bad("failed"),
                    plan.steps[*step].action.title()
                ));
            }
            Event::Note { text } => self.say(&format!("  {} {text}", self.style.change("note:"))),
        }
    }

    fn finish(&mut self) {
        for bar in self.waiting.values() {
            bar.finish_and_clear();
        }
        self.total.finish_and_clear();
        let _ = self.bars.clear();
    }
}
