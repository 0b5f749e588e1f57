//! The executor alone, on plans of any shape: a machine that is told what happened.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use milvus_swarm::event::Event;
use milvus_swarm::execute::{Execution, Failure, Input, Limits, Order, Outcome};
use milvus_swarm::gate::{Gate, Verdict};
use milvus_swarm::plan::{Action, Because, Plan, Step, StepId, priorities};
use proptest::prelude::*;

/// What a gate that is not open says.
fn reasons() -> Verdict {
    serde_json::from_value(serde_json::json!({
        "waiting": [{ "subject": "etcd-2", "reason": "is pending" }],
    }))
    .expect("a verdict")
}

/// A plan whose steps wait for any earlier ones; some are gates.
pub fn plans() -> impl Strategy<Value = Plan> {
    prop::collection::vec(
        (
            any::<bool>(),
            prop::collection::vec(any::<prop::sample::Index>(), 0..4),
        ),
        1..24,
    )
    .prop_map(|steps| {
        let mut plan = Plan::default();
        for (id, (waits, after)) in steps.into_iter().enumerate() {
            let after: BTreeSet<StepId> = if id == 0 {
                BTreeSet::new()
            } else {
                after.iter().map(|index| index.index(id)).collect()
            };
            let action = if waits {
                Action::Await {
                    gate: Gate::Converged {
                        service: format!("s{id}"),
                    },
                }
            } else {
                Action::RemoveConfig {
                    name: format!("c{id}"),
                    id: String::new(),
                }
            };
            plan.steps.push(Step {
                part: "law".to_owned(),
                action,
                after: after.into_iter().collect(),
                because: Because::Asked,
                ends: None,
            });
        }
        plan
    })
}

/// What is under way, and everything that was ordered.
struct Play<'a> {
    plan: &'a Plan,
    limits: Limits,
    execution: Execution<'a>,
    now: Duration,
    acting: BTreeSet<StepId>,
    watching: BTreeSet<StepId>,
    started: BTreeSet<StepId>,
    passed: BTreeMap<StepId, usize>,
    outcome: Option<Outcome>,
}

impl<'a> Play<'a> {
    fn new(plan: &'a Plan, actions: usize) -> Self {
        let limits = Limits {
            actions,
            gate: Duration::from_secs(60),
        };
        let mut play = Self {
            plan,
            limits,
            execution: Execution::new(plan, limits),
            now: Duration::ZERO,
            acting: BTreeSet::new(),
            watching: BTreeSet::new(),
            started: BTreeSet::new(),
            passed: BTreeMap::new(),
            outcome: None,
        };
        play.tell(Input::Tick);
        play
    }

    /// Tells the machine something and checks each of its orders.
    fn tell(&mut self, input: Input) {
        match &input {
            Input::Acted(id, _) => assert!(self.acting.remove(id)),
            Input::Judged(id, _) => assert!(self.watching.contains(id)),
            Input::Tick | Input::Interrupt | Input::Lost(_) => {}
        }
        for order in self.execution.step(self.now, input) {
            assert_eq!(self.outcome, None, "an order after the end: {order:?}");
            match order {
                Order::Act(id) => {
                    self.start(id);
                    self.acting.insert(id);
                    assert!(self.acting.len() <= self.limits.actions, "too many at once");
                }
                Order::Watch(id) => {
                    self.start(id);
                    self.watching.insert(id);
                }
                Order::Unwatch(id) => assert!(self.watching.remove(&id)),
                Order::Emit(Event::Passed { step, .. }) => {
                    *self.passed.entry(step).or_default() += 1
                }
                Order::Emit(_) => {}
                Order::Finish(outcome) => {
                    assert!(self.acting.is_empty(), "finished with work under way");
                    self.outcome = Some(outcome);
                }
            }
        }
    }

    fn start(&mut self, id: StepId) {
        assert!(self.started.insert(id), "step {id} starts twice");
        for before in &self.plan.steps[id].after {
            assert!(
                self.passed.contains_key(before),
                "step {id} starts before {before}"
            );
        }
    }

    /// One thing that is under way ends well.
    fn go_on(&mut self, choice: prop::sample::Index) {
        self.now += Duration::from_millis(100);
        let ways: Vec<(bool, StepId)> = (self.acting.iter().map(|&id| (true, id)))
            .chain(self.watching.iter().map(|&id| (false, id)))
            .collect();
        let (acts, id) = ways[choice.index(ways.len())];
        self.tell(if acts {
            Input::Acted(id, Ok(()))
        } else {
            Input::Judged(id, Verdict::Open("fine".to_owned()))
        });
    }
}

fn failure() -> Failure {
    Failure {
        message: "no".to_owned(),
        hint: None,
        moved: false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_step_passes_once_after_all_it_waits_for(
        plan in plans(),
        actions in 1_usize..5,
        choices in prop::collection::vec(any::<prop::sample::Index>(), 24),
    ) {
        let mut play = Play::new(&plan, actions);
        for choice in choices {
            if play.outcome.is_some() {
                break;
            }
            play.go_on(choice);
        }
        prop_assert_eq!(play.outcome, Some(Outcome::Done));
        prop_assert_eq!(play.passed.len(), plan.steps.len());
        prop_assert!(play.passed.values().all(|times| *times == 1));
    }

    #[test]
    fn what_stops_it_lets_the_rest_end_and_starts_nothing(
        plan in plans(),
        actions in 1_usize..5,
        choices in prop::collection::vec(any::<prop::sample::Index>(), 24),
        stop in 0_usize..24,
        fails in any::<bool>(),
        lost in any::<bool>(),
    ) {
        let mut play = Play::new(&plan, actions);
        for (at, choice) in choices.iter().enumerate() {
            if play.outcome.is_some() {
                return Ok(());
            }
            if at == stop {
                break;
            }
            play.go_on(*choice);
        }
        let first = play.acting.first().copied();
        match (fails, first) {
            (true, Some(id)) => play.tell(Input::Acted(id, Err(failure()))),
            _ if lost => play.tell(Input::Lost("to bob".to_owned())),
            _ => play.tell(Input::Interrupt),
        }
        prop_assert!(play.watching.is_empty(), "gates are asked no more");
        let started = play.started.clone();
        while let Some(id) = play.acting.first().copied() {
            prop_assert_eq!(&play.outcome, &None, "actions under way are waited for");
            play.tell(Input::Acted(id, Ok(())));
        }
        prop_assert_eq!(&play.started, &started, "something new began");
        let ended = match play.outcome {
            Some(Outcome::Failed(id, _)) => fails && Some(id) == first,
            Some(Outcome::Interrupted) => !lost && (!fails || first.is_none()),
            Some(Outcome::Lost(how)) => lost && how == "to bob" && (!fails || first.is_none()),
            _ => false,
        };
        prop_assert!(ended);
    }

    #[test]
    fn a_gate_that_stays_shut_ends_it_with_the_reasons(plan in plans(), shut in any::<bool>()) {
        let mut play = Play::new(&plan, 3);
        while play.watching.is_empty() && play.outcome.is_none() {
            let id = *play.acting.first().expect("something is under way");
            play.tell(Input::Acted(id, Ok(())));
        }
        let Some(id) = play.watching.first().copied() else {
            return Ok(());
        };
        let Verdict::Waiting(why) = reasons() else { unreachable!() };
        for other in play.watching.clone() {
            play.tell(Input::Judged(other, reasons()));
        }
        if shut {
            play.tell(Input::Judged(id, Verdict::Shut(why.clone())));
        } else {
            play.now += Duration::from_millis(59_999);
            play.tell(Input::Tick);
            prop_assert!(play.watching.contains(&id), "too soon");
            play.now += Duration::from_millis(1);
            play.tell(Input::Tick);
        }
        while let Some(id) = play.acting.first().copied() {
            play.tell(Input::Acted(id, Ok(())));
        }
        let ended = matches!(&play.outcome, Some(Outcome::Shut(at, told)) if *at == id && *told == why);
        prop_assert!(ended, "{:?}", play.outcome);
    }

    #[test]
    fn a_step_is_at_least_as_urgent_as_what_waits_for_it(plan in plans()) {
        let urgency = priorities(&plan);
        for (id, step) in plan.steps.iter().enumerate() {
            for &before in &step.after {
                prop_assert!(urgency[before] > urgency[id]);
            }
        }
    }
}
