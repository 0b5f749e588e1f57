//! The small loop at the edge: carries out what the executor orders and tells it what came of
//! it. It knows no Swarm in particular; a real one and the one in memory both stand behind
//! [`Swarm`].

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::time::Instant;

use crate::event::Event;
use crate::execute::{Execution, Failure, Input, Limits, Order, Outcome};
use crate::gate::{Asked, Verdict, Why};
use crate::observed::Observed;
use crate::plan::{Action, Plan, StepId};
use crate::question::Answer;

/// Pause between two questions to the same gate.
const ASK_AGAIN: Duration = Duration::from_millis(250);
/// Pause between two looks at Swarm's own state while a gate is watched.
const LOOK_AGAIN: Duration = Duration::from_millis(300);
/// How often the executor learns that time goes by.
const TICK: Duration = Duration::from_millis(500);

/// What the loop needs of a Swarm.
pub trait Swarm {
    /// Looks at the whole cluster.
    fn observe(&self) -> impl Future<Output = Result<Observed, Failure>>;
    /// Carries out one action of a plan.
    fn act(&self, action: &Action) -> impl Future<Output = Result<(), Failure>>;
    /// Asks components, all at once; answers in the same order.
    fn ask(&self, asked: &[Asked]) -> impl Future<Output = Vec<Answer>>;
}

enum Happened {
    Acted(StepId, Result<(), Failure>),
    Judged(StepId, Verdict),
    /// Looked at the Swarm; the look began at that time.
    Looked(Instant, Result<Rc<Observed>, Failure>),
    Ticked,
    Stopped(Stop),
}

/// Why an execution ends before its plan does.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Stop {
    /// The user wants to stop.
    Interrupted,
    /// Somebody else has the cluster now, as this says.
    Lost(String),
}

type Pending<'a> = FuturesUnordered<Pin<Box<dyn Future<Output = Happened> + 'a>>>;

/// Executes a plan to its end, or until `stop` resolves: then what is under way is waited for
/// and nothing new starts.
pub async fn drive<S: Swarm>(
    swarm: &S,
    plan: &Plan,
    seen: Observed,
    limits: Limits,
    stop: impl Future<Output = Stop>,
    mut emit: impl FnMut(&Event),
) -> Outcome {
    let start = Instant::now();
    let mut execution = Execution::new(plan, limits);
    let mut pending: Pending<'_> = FuturesUnordered::new();
    let mut watched: BTreeMap<StepId, Instant> = BTreeMap::new();
    let mut seen = Rc::new(seen);
    let mut seen_at = start;
    let mut looking = false;
    pending.push(Box::pin(async { Happened::Stopped(stop.await) }));
    pending.push(tick());

    let mut input = Input::Tick;
    loop {
        for order in execution.step(start.elapsed(), input) {
            match order {
                Order::Act(id) => {
                    let action = &plan.steps[id].action;
                    pending.push(Box::pin(async move {
                        Happened::Acted(id, swarm.act(action).await)
                    }));
                }
                Order::Watch(id) => {
                    watched.insert(id, Instant::now());
                    pending.push(look_and_judge(swarm, plan, id, Duration::ZERO));
                }
                Order::Unwatch(id) => {
                    watched.remove(&id);
                }
                Order::Emit(event) => emit(&event),
                Order::Finish(outcome) => return outcome,
            }
        }
        if !looking && !watched.is_empty() {
            looking = true;
            pending.push(Box::pin(async {
                tokio::time::sleep(LOOK_AGAIN).await;
                let began = Instant::now();
                Happened::Looked(began, swarm.observe().await.map(Rc::new))
            }));
        }
        input = match pending.next().await {
            Some(Happened::Acted(id, result)) => Input::Acted(id, result),
            Some(Happened::Judged(id, verdict)) => {
                if let Some(since) = watched.get(&id)
                    && !verdict.is_open()
                {
                    pending.push(if seen_at > *since {
                        judge(swarm, plan, id, Rc::clone(&seen), ASK_AGAIN)
                    } else {
                        look_and_judge(swarm, plan, id, ASK_AGAIN)
                    });
                }
                Input::Judged(id, verdict)
            }
            Some(Happened::Looked(began, result)) => {
                looking = false;
                match result {
                    Ok(looked) => {
                        seen = looked;
                        seen_at = began;
                    }
                    Err(failure) => emit(&Event::Note {
                        text: format!("the Swarm did not answer: {}", failure.message),
                    }),
                }
                Input::Tick
            }
            Some(Happened::Stopped(Stop::Interrupted)) => Input::Interrupt,
            Some(Happened::Stopped(Stop::Lost(how))) => Input::Lost(how),
            Some(Happened::Ticked) | None => {
                pending.push(tick());
                Input::Tick
            }
        };
    }
}

fn tick<'a>() -> Pin<Box<dyn Future<Output = Happened> + 'a>> {
    Box::pin(async {
        tokio::time::sleep(TICK).await;
        Happened::Ticked
    })
}

/// Looks at the Swarm anew before a gate is asked: what was seen before the step started is
/// older than the action that it waits for, and would let old tasks answer for new ones.
fn look_and_judge<'a, S: Swarm>(
    swarm: &'a S,
    plan: &'a Plan,
    id: StepId,
    pause: Duration,
) -> Pin<Box<dyn Future<Output = Happened> + 'a>> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        match swarm.observe().await {
            Ok(seen) => judge(swarm, plan, id, Rc::new(seen), Duration::ZERO).await,
            Err(failure) => Happened::Judged(
                id,
                Verdict::Waiting(vec![Why::new("swarm", failure.message)]),
            ),
        }
    })
}

fn judge<'a, S: Swarm>(
    swarm: &'a S,
    plan: &'a Plan,
    id: StepId,
    seen: Rc<Observed>,
    pause: Duration,
) -> Pin<Box<dyn Future<Output = Happened> + 'a>> {
    Box::pin(async move {
        tokio::time::sleep(pause).await;
        let verdict = match &plan.steps[id].action {
            Action::Await { gate } => verdict(swarm, gate, &seen).await,
            other => Verdict::Shut(vec![Why::new(other.title(), "is no gate")]),
        };
        Happened::Judged(id, verdict)
    })
}

/// Asks one gate once.
pub async fn verdict<S: Swarm>(swarm: &S, gate: &crate::gate::Gate, seen: &Observed) -> Verdict {
    let asked = gate.questions(seen);
    let answers = if asked.is_empty() {
        Vec::new()
    } else {
        swarm.ask(&asked).await
    };
    gate.judge(seen, &asked, &answers)
}
