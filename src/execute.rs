//! The executor: a state machine without IO.
//!
//! It is told what happened and answers with what to do next. One small loop at the edge
//! (`drive`) carries its orders out against a real Swarm; tests drive the same machine against
//! an in-memory one. Time enters as a value.

use std::time::Duration;

use crate::count::count;
use crate::event::Event;
use crate::gate::{Verdict, Why};
use crate::plan::{Action, Plan, StepId, priorities};

/// Time since the execution began.
pub type Elapsed = Duration;

/// How an execution is run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Limits {
    /// Actions under way at once.
    pub actions: usize,
    /// How long one gate may stay shut.
    pub gate: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            actions: 6,
            gate: Duration::from_secs(600),
        }
    }
}

/// What the edge tells the machine.
#[derive(Clone, Debug)]
pub enum Input {
    /// An action ended.
    Acted(StepId, Result<(), Failure>),
    /// A gate was asked.
    Judged(StepId, Verdict),
    /// Nothing happened but time.
    Tick,
    /// The user wants to stop: nothing new starts.
    Interrupt,
    /// Somebody else has the cluster now, as this says: nothing new starts.
    Lost(String),
}

/// Why an action failed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Failure {
    pub message: String,
    /// The next command to type.
    pub hint: Option<String>,
    /// The Swarm is not what the plan was made for.
    pub moved: bool,
}

/// What the machine tells the edge.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Carry out the action of this step.
    Act(StepId),
    /// Ask the gate of this step again and again until told otherwise.
    Watch(StepId),
    /// The gate need not be asked any more.
    Unwatch(StepId),
    /// Tell whoever looks on.
    Emit(Event),
    /// Nothing is left to do.
    Finish(Outcome),
}

/// How it ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Outcome {
    Done,
    /// The step that failed, and why.
    Failed(StepId, Failure),
    /// A gate that stayed shut.
    Shut(StepId, Vec<Why>),
    Interrupted,
    /// The lock was lost; how.
    Lost(String),
}

impl Outcome {
    /// The step that it ended at.
    #[must_use]
    pub const fn step(&self) -> Option<StepId> {
        match self {
            Self::Failed(step, _) | Self::Shut(step, _) => Some(*step),
            Self::Done | Self::Interrupted | Self::Lost(_) => None,
        }
    }
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum State {
    Blocked,
    Acting { since: Elapsed },
    Watching { since: Elapsed, reasons: Vec<Why> },
    Passed,
    Failed,
}

/// One execution of one plan.
#[derive(Debug)]
pub struct Execution<'a> {
    plan: &'a Plan,
    limits: Limits,
    priorities: Vec<u64>,
    states: Vec<State>,
    stopping: Option<Outcome>,
    finished: bool,
}

impl<'a> Execution<'a> {
    #[must_use]
    pub fn new(plan: &'a Plan, limits: Limits) -> Self {
        Self {
            plan,
            limits,
            priorities: priorities(plan),
            states: vec![State::Blocked; plan.steps.len()],
            stopping: None,
            finished: false,
        }
    }

    /// Steps that passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.count(|state| matches!(state, State::Passed))
    }

    fn count(&self, matches: impl Fn(&State) -> bool) -> usize {
        self.states.iter().filter(|state| matches(state)).count()
    }

    /// Takes what happened, answers what to do.
    pub fn step(&mut self, now: Elapsed, input: Input) -> Vec<Order> {
        let mut orders = Vec::new();
        match input {
            Input::Acted(id, result) => self.acted(now, id, result, &mut orders),
            Input::Judged(id, verdict) => self.judged(now, id, verdict, &mut orders),
            Input::Tick => self.tick(now, &mut orders),
            Input::Interrupt => self.interrupt(&mut orders),
            Input::Lost(how) => self.stop(Outcome::Lost(how), &mut orders),
        }
        if self.stopping.is_none() {
            self.start_ready(now, &mut orders);
        }
        self.finish(&mut orders);
        orders
    }

    fn acted(
        &mut self,
        now: Elapsed,
        id: StepId,
        result: Result<(), Failure>,
        orders: &mut Vec<Order>,
    ) {
        let State::Acting { since } = self.states[id] else {
            return;
        };
        match result {
            Ok(()) => {
                self.states[id] = State::Passed;
                orders.push(Order::Emit(Event::Passed {
                    step: id,
                    at: now,
                    took: now.saturating_sub(since),
                    saw: String::new(),
                }));
            }
            Err(failure) => {
                self.states[id] = State::Failed;
                orders.push(Order::Emit(Event::Failed {
                    step: id,
                    at: now,
                    message: failure.message.clone(),
                }));
                self.stop(Outcome::Failed(id, failure), orders);
            }
        }
    }

    fn judged(&mut self, now: Elapsed, id: StepId, verdict: Verdict, orders: &mut Vec<Order>) {
        let State::Watching { since, reasons } = &mut self.states[id] else {
            return;
        };
        match verdict {
            Verdict::Open(saw) => {
                let took = now.saturating_sub(*since);
                self.states[id] = State::Passed;
                orders.push(Order::Unwatch(id));
                orders.push(Order::Emit(Event::Passed {
                    step: id,
                    at: now,
                    took,
                    saw,
                }));
            }
            Verdict::Waiting(why) | Verdict::Partly(why) => {
                if *reasons != why {
                    reasons.clone_from(&why);
                    orders.push(Order::Emit(Event::Waiting {
                        step: id,
                        at: now,
                        why,
                    }));
                }
            }
            Verdict::Shut(why) => self.shut(now, id, why, orders),
        }
    }

    fn shut(&mut self, now: Elapsed, id: StepId, why: Vec<Why>, orders: &mut Vec<Order>) {
        self.states[id] = State::Failed;
        orders.push(Order::Unwatch(id));
        orders.push(Order::Emit(Event::Failed {
            step: id,
            at: now,
            message: sentences(&why),
        }));
        self.stop(Outcome::Shut(id, why), orders);
    }

    fn tick(&mut self, now: Elapsed, orders: &mut Vec<Order>) {
        if self.stopping.is_some() {
            return;
        }
        let late = self
            .states
            .iter()
            .enumerate()
            .find_map(|(id, state)| match state {
                State::Watching { since, reasons }
                    if now.saturating_sub(*since) >= self.limits.gate =>
                {
                    Some((id, reasons.clone()))
                }
                _ => None,
            });
        if let Some((id, why)) = late {
            self.shut(now, id, why, orders);
        }
    }

    fn interrupt(&mut self, orders: &mut Vec<Order>) {
        let under_way = self.count(|state| matches!(state, State::Acting { .. }));
        if under_way > 0 && self.stopping.is_none() {
            let waiting = count(under_way, "action");
            orders.push(Order::Emit(Event::Note {
                text: format!(
                    "interrupted: waiting for {waiting} under way; once more ends at once"
                ),
            }));
        }
        self.stop(Outcome::Interrupted, orders);
    }

    /// No new step starts; gates are asked no more; actions under way are waited for.
    fn stop(&mut self, outcome: Outcome, orders: &mut Vec<Order>) {
        if self.stopping.is_some() {
            return;
        }
        self.stopping = Some(outcome);
        for (id, state) in self.states.iter_mut().enumerate() {
            if matches!(state, State::Watching { .. }) {
                *state = State::Blocked;
                orders.push(Order::Unwatch(id));
            }
        }
    }

    fn start_ready(&mut self, now: Elapsed, orders: &mut Vec<Order>) {
        let mut free = self
            .limits
            .actions
            .saturating_sub(self.count(|state| matches!(state, State::Acting { .. })));
        for id in self.ready() {
            if let Action::Await { .. } = self.plan.steps[id].action {
                self.states[id] = State::Watching {
                    since: now,
                    reasons: Vec::new(),
                };
                orders.push(Order::Emit(Event::Started { step: id, at: now }));
                orders.push(Order::Watch(id));
            } else if free > 0 {
                free -= 1;
                self.states[id] = State::Acting { since: now };
                orders.push(Order::Emit(Event::Started { step: id, at: now }));
                orders.push(Order::Act(id));
            }
        }
    }

    /// Steps that may start, the most urgent first.
    fn ready(&self) -> Vec<StepId> {
        let mut ready: Vec<StepId> = (0..self.plan.steps.len())
            .filter(|&id| {
                self.states[id] == State::Blocked
                    && self.plan.steps[id]
                        .after
                        .iter()
                        .all(|&before| self.states[before] == State::Passed)
            })
            .collect();
        ready.sort_by_key(|&id| (std::cmp::Reverse(self.priorities[id]), id));
        ready
    }

    fn finish(&mut self, orders: &mut Vec<Order>) {
        if self.finished || self.count(|state| matches!(state, State::Acting { .. })) > 0 {
            return;
        }
        let outcome = match &self.stopping {
            Some(outcome) => outcome.clone(),
            None if self.passed() == self.states.len() => Outcome::Done,
            None => return,
        };
        self.finished = true;
        orders.push(Order::Finish(outcome));
    }
}

/// Reasons as one line.
#[must_use]
pub fn sentences(why: &[Why]) -> String {
    if why.is_empty() {
        return "no answer yet".to_owned();
    }
    why.iter()
        .map(Why::to_string)
        .collect::<Vec<_>>()
        .join("; ")
}
