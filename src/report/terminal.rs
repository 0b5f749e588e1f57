//! Progress on a terminal: a line per part that is done, spinners for what is waited for.

use std::collections::BTreeMap;
use std::time::Duration;

use console::Term;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};

use super::resting::Resting;
use super::tame::tame;
use super::{Progress, Style};
use crate::event::Event;
use crate::execute::sentences;
use crate::plan::{Action, Plan, StepId};

/// How often a spinner turns and a clock is drawn anew.
const TICK: Duration = Duration::from_millis(120);

pub(super) struct Terminal {
    bars: MultiProgress,
    total: ProgressBar,
    waiting: BTreeMap<StepId, ProgressBar>,
    style: Style,
    started: bool,
}

impl Terminal {
    pub(super) fn new(style: Style) -> Self {
        Self::on(Term::buffered_stderr(), style)
    }

    fn on(screen: impl TermLike + 'static, style: Style) -> Self {
        let target = ProgressDrawTarget::term_like_with_hz(Box::new(Resting(screen)), 20);
        let bars = MultiProgress::with_draw_target(target);
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
        let _ = self.bars.println(tame(text));
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
            bar.enable_steady_tick(TICK);
            bar
        });
        bar.set_message(tame(&text).into_owned());
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
            // Its clock goes on while nothing but actions is under way.
            self.total.enable_steady_tick(TICK);
            self.total.tick();
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
                let ok = self.style.good("ok");
                match &plan.steps[*step].action {
                    Action::Await { gate } => {
                        let saw = format!("({saw}, {:.1}s)", took.as_secs_f64());
                        self.say(&format!("  {ok} {gate} {}", self.style.faint(saw)));
                    }
                    // What the whole run is for.
                    action @ Action::Smoke { .. } => {
                        self.say(&format!("  {ok} {}", action.title()))
                    }
                    _ => {}
                }
            }
            // Why is told once, at the end.
            Event::Failed { step, .. } => {
                self.done(*step);
                self.say(&format!(
                    "  {} {}",
                    self.style.bad("failed"),
                    plan.steps[*step].action.title()
                ));
            }
            Event::Note { text } => self.say(&format!("  {} {text}", self.style.change("note:"))),
        }
    }

    fn finish(&mut self) {
        for bar in std::mem::take(&mut self.waiting).into_values() {
            bar.finish_and_clear();
            self.bars.remove(&bar);
        }
        self.total.finish_and_clear();
        let _ = self.bars.clear();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "what is drawn while time passes is tested"
)]
#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use indicatif::InMemoryTerm;

    use super::*;
    use crate::gate::{Gate, Why};
    use crate::plan::Because;

    const SMOKE: StepId = 0;
    const GATE: StepId = 1;
    const ZERO: Duration = Duration::ZERO;

    fn plan() -> Plan {
        let mut plan = Plan::default();
        let service = "prod-milvus_proxy".to_owned();
        let smoke = Action::Smoke { service };
        let gate = Gate::ServicesGone {
            services: vec!["prod-milvus_proxy".to_owned()],
        };
        plan.push("proxy", smoke, Vec::new(), Because::Follows);
        plan.push("etcd", Action::Await { gate }, Vec::new(), Because::Follows);
        plan
    }

    fn terminal() -> (InMemoryTerm, Terminal) {
        let screen = InMemoryTerm::new(20, 60);
        let terminal = Terminal::on(screen.clone(), Style::default());
        (screen, terminal)
    }

    fn passed(step: StepId) -> Event {
        Event::Passed {
            step,
            at: ZERO,
            took: ZERO,
            saw: String::new(),
        }
    }

    fn waiting(step: StepId) -> Event {
        Event::Waiting {
            step,
            at: ZERO,
            why: vec![Why::new("etcd-0", "is silent ".repeat(20))],
        }
    }

    /// Waits until the screen shows what it should: bars are drawn by a clock.
    fn until(screen: &InMemoryTerm, shows: impl Fn(&str) -> bool) {
        for _ in 0..1000 {
            if shows(&screen.contents()) {
                return;
            }
            sleep(TICK / 4);
        }
        panic!("{}", screen.contents());
    }

    #[test]
    fn the_smoke_check_is_told_as_the_gates_are() {
        let (screen, mut terminal) = terminal();
        let plan = plan();
        terminal.event(&plan, &passed(SMOKE));
        terminal.finish();
        assert_eq!(screen.contents(), "  ok smoke check through the proxy");
    }

    #[test]
    fn nothing_but_what_is_over_is_left_on_the_screen() {
        let (screen, mut terminal) = terminal();
        let plan = plan();
        terminal.event(&plan, &passed(SMOKE));
        terminal.event(
            &plan,
            &Event::Started {
                step: GATE,
                at: ZERO,
            },
        );
        terminal.event(&plan, &waiting(GATE));
        until(&screen, |text| text.contains("1/2 steps"));
        // What a terminal echoes.
        let _ = screen.write_str("^C");
        sleep(3 * TICK);
        terminal.finish();
        assert_eq!(screen.contents(), "  ok smoke check through the proxy");
        sleep(3 * TICK);
        assert_eq!(screen.contents(), "  ok smoke check through the proxy");
    }

    #[test]
    fn the_clock_goes_on_while_only_actions_are_under_way() {
        let (screen, mut terminal) = terminal();
        let started = Event::Started {
            step: SMOKE,
            at: ZERO,
        };
        terminal.event(&plan(), &started);
        until(&screen, |text| text.contains("0s ["));
        until(&screen, |text| {
            text.contains("s [") && !text.contains(" 0s [")
        });
    }
}
