//! Whether a plan that was agreed on is still the one to execute.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::ancestors::{Ancestors, Numbers};
use super::{Action, Plan, Refusal, Step, StepId};
use crate::component::{Component, Shape};
use crate::gate::{Gate, short};

/// Compares a plan that was agreed on with one that was made since: the same deeds in the same
/// order, and nothing to wait for before any of them that the first does not wait for too. A gate
/// that has opened since only makes the first more careful than need be; words of gates and versions
/// of services whose specs are equal differ between any two looks.
///
/// # Errors
/// What differs, in words.
pub fn stands(agreed: &Plan, fresh: &Plan) -> Result<(), String> {
    if let Some(Refusal { reason, .. }) = fresh.refusals.first() {
        return Err(format!("a plan made now is refused: {reason}"));
    }
    let (was, is) = (Deeds::of(agreed), Deeds::of(fresh));
    if let Some(deed) = was.first_not_in(&is) {
        return Err(format!("no longer in the plan: {}", deed.title()));
    }
    if let Some(deed) = is.first_not_in(&was) {
        return Err(format!("now in the plan: {}", deed.title()));
    }
    if was != is {
        return Err("the same steps are to be done in another order".to_owned());
    }
    // Before each deed: that the first waits for a gate later on is of no help to what it does
    // now. Then at the end.
    let mut known = BTreeMap::new();
    let (had, has) = (Gates::of(agreed, &mut known), Gates::of(fresh, &mut known));
    let pairs = was.steps.iter().zip(&is.steps);
    let mut more = pairs.filter_map(|(&was, &is)| {
        let more = has.before(is).first_not_in(had.before(was))?;
        Some((more, Some(is)))
    });
    let more = more
        .next()
        .or_else(|| Some((has.all.difference(&had.all).next().copied()?, None)));
    let Some((gate, before)) = more else {
        return Ok(());
    };
    let before = before.map_or(String::new(), |step| {
        format!(" before: {}", fresh.steps[step].action.title())
    });
    let gate = known.iter().find(|(_, place)| **place == gate);
    let gate = gate.map_or(String::new(), |(gate, _)| gate.to_string());
    Err(format!("to be waited for as well: {gate}{before}"))
}

/// The steps of a plan that are no questions.
struct Deeds<'a> {
    /// What they do.
    actions: Vec<Cow<'a, Action>>,
    /// Their places in the plan.
    steps: Vec<StepId>,
    ancestors: Ancestors,
}

impl<'a> Deeds<'a> {
    fn of(plan: &'a Plan) -> Self {
        let mut actions = Vec::new();
        let mut steps = Vec::new();
        let mut numbers = vec![Vec::new(); plan.steps.len()];
        for (id, step) in plan.steps.iter().enumerate() {
            if is_question(step) {
                continue;
            }
            numbers[id].push(actions.len());
            let mut action = Cow::Borrowed(&step.action);
            if let Action::UpdateService { .. } = &step.action
                && let Action::UpdateService { version, .. } = action.to_mut()
            {
                *version = 0;
            }
            actions.push(action);
            steps.push(id);
        }
        Self {
            actions,
            steps,
            ancestors: Ancestors::of(&plan.steps, &numbers),
        }
    }

    /// The deeds before one of them.
    fn before(&self, at: usize) -> &Numbers {
        self.ancestors.before(self.steps[at])
    }

    fn first_not_in(&self, other: &Self) -> Option<&Action> {
        // By title first: comparing each with each would be deeds times deeds.
        let mut titles: BTreeMap<String, Vec<&Action>> = BTreeMap::new();
        for deed in &other.actions {
            titles.entry(deed.title()).or_default().push(deed);
        }
        let is_there = |deed: &Action| {
            let same = titles.get(&deed.title());
            same.is_some_and(|same| same.contains(&deed))
        };
        let mut deeds = self.actions.iter().map(AsRef::as_ref);
        deeds.find(|deed| !is_there(deed))
    }
}

/// The same deeds, each behind the same ones.
impl PartialEq for Deeds<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.actions == other.actions
            && (0..self.actions.len()).all(|at| self.before(at) == other.before(at))
    }
}

/// What only leads to a gate: a plan may do it although the gate has opened since.
pub(super) fn is_question(step: &Step) -> bool {
    match &step.action {
        // The smoke check follows from the gates before it.
        Action::Await { .. } | Action::Smoke { .. } => true,
        // Pulsar's metadata is written where it is missing, which only ZooKeeper knows.
        Action::CreateService { spec } => Component::of_service(short(&spec.name))
            .is_some_and(|component| component.shape == Shape::Task),
        _ => false,
    }
}

/// What a plan waits for, by the place of each gate among all that are known.
struct Gates {
    all: BTreeSet<usize>,
    ancestors: Ancestors,
}

impl Gates {
    fn of(plan: &Plan, known: &mut BTreeMap<Gate, usize>) -> Self {
        let mut place = |gate: Gate| {
            let next = known.len();
            *known.entry(gate).or_insert(next)
        };
        let numbers: Vec<Vec<usize>> = plan
            .steps
            .iter()
            .map(|step| match &step.action {
                // Services that must be gone count one by one.
                Action::Await {
                    gate: Gate::ServicesGone { services },
                } => {
                    let gates = services.iter().map(|service| Gate::ServicesGone {
                        services: vec![service.clone()],
                    });
                    gates.map(&mut place).collect()
                }
                Action::Await { gate } => vec![place(gate.clone())],
                _ => Vec::new(),
            })
            .collect();
        Self {
            all: numbers.iter().flatten().copied().collect(),
            ancestors: Ancestors::of(&plan.steps, &numbers),
        }
    }

    /// The gates before a step.
    fn before(&self, step: StepId) -> &Numbers {
        self.ancestors.before(step)
    }
}
