//! Whether a plan still stands, on plans of any shape: what is compared is the order of deeds,
//! however it is written down.

use std::cell::Cell;
use std::collections::BTreeSet;

use milvus_swarm::plan::{Action, Plan, Step, StepId, stands};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

use crate::executor::plans;

/// What makes one plan into another.
#[derive(Clone, Copy, Debug)]
enum Edit {
    /// A gate has opened: who waited for it waits for what it waited for.
    Open,
    /// A step names one more of those before it, which need not change the order.
    Name,
    Forget,
    /// A step does what another does.
    Copy,
}

fn edits() -> impl Strategy<Value = Vec<(Edit, Index, Index)>> {
    let edit = prop_oneof![
        4 => Just(Edit::Open),
        2 => Just(Edit::Name),
        2 => Just(Edit::Forget),
        1 => Just(Edit::Copy),
    ];
    prop::collection::vec((edit, any::<Index>(), any::<Index>()), 0..4)
}

fn edited(plan: &Plan, (edit, at, other): (Edit, Index, Index)) -> Plan {
    let mut plan = plan.clone();
    if plan.steps.is_empty() {
        return plan;
    }
    let at = at.index(plan.steps.len());
    match edit {
        Edit::Open if is_gate(&plan.steps[at]) => open(&mut plan, at),
        Edit::Name if at > 0 => {
            let before = other.index(at);
            if !plan.steps[at].after.contains(&before) {
                plan.steps[at].after.push(before);
            }
        }
        Edit::Forget if !plan.steps[at].after.is_empty() => {
            let which = other.index(plan.steps[at].after.len());
            plan.steps[at].after.remove(which);
        }
        Edit::Copy => {
            let from = other.index(plan.steps.len());
            plan.steps[at].action = plan.steps[from].action.clone();
        }
        _ => {}
    }
    plan
}

fn open(plan: &mut Plan, gate: StepId) {
    let gone = plan.steps.remove(gate);
    for step in &mut plan.steps[gate..] {
        let waited = step.after.contains(&gate);
        step.after.retain(|&id| id != gate);
        if waited {
            step.after.extend(&gone.after);
        }
        for id in &mut step.after {
            *id -= usize::from(*id > gate);
        }
    }
}

const fn is_gate(step: &Step) -> bool {
    matches!(step.action, Action::Await { .. })
}

/// The same by its definition: equal deeds, each behind the same ones, and no gate more, neither
/// before any of them nor at the end.
fn stands_by_definition(agreed: &Plan, fresh: &Plan) -> bool {
    let (was, is) = (deeds(agreed), deeds(fresh));
    let all = |plan: &Plan| gates(plan, (0..plan.steps.len()).collect());
    let is_known = |fresh: Vec<Action>, agreed: &[Action]| {
        let mut gates = fresh.iter();
        gates.all(|gate| agreed.contains(gate))
    };
    let mut pairs = steps_of_deeds(agreed)
        .into_iter()
        .zip(steps_of_deeds(fresh));
    was == is
        && is_known(all(fresh), &all(agreed))
        && pairs.all(|(was, is)| {
            let before = |plan: &Plan, step| gates(plan, before(plan, step));
            is_known(before(fresh, is), &before(agreed, was))
        })
}

fn gates(plan: &Plan, steps: BTreeSet<StepId>) -> Vec<Action> {
    let steps = steps.into_iter().map(|id| &plan.steps[id]);
    let gates = steps.filter(|step| is_gate(step));
    gates.map(|step| step.action.clone()).collect()
}

fn steps_of_deeds(plan: &Plan) -> Vec<StepId> {
    let steps = 0..plan.steps.len();
    steps.filter(|&id| !is_gate(&plan.steps[id])).collect()
}

/// Each deed with the places, among deeds, of those before it.
fn deeds(plan: &Plan) -> Vec<(&Action, BTreeSet<usize>)> {
    let ids = steps_of_deeds(plan);
    let places = |before: BTreeSet<StepId>| {
        let place = |id| ids.iter().position(|deed| deed == id);
        before.iter().filter_map(place).collect()
    };
    ids.iter()
        .map(|&id| (&plan.steps[id].action, places(before(plan, id))))
        .collect()
}

/// Everything on a way that ends at a step.
fn before(plan: &Plan, step: StepId) -> BTreeSet<StepId> {
    let mut found = BTreeSet::new();
    let mut open = plan.steps[step].after.clone();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend(&plan.steps[id].after);
        }
    }
    found
}

#[test]
fn a_plan_stands_exactly_while_deeds_come_after_the_same_deeds() {
    let stood = Cell::new(0_usize);
    let fell = Cell::new(0_usize);
    let mut runner = TestRunner::new(Config {
        cases: 2000,
        failure_persistence: None,
        ..Config::default()
    });
    let law = runner.run(&(plans(), edits()), |(agreed, edits)| {
        let fresh = edits
            .into_iter()
            .fold(agreed.clone(), |plan, edit| edited(&plan, edit));
        let answer = stands(&agreed, &fresh);
        let expected = stands_by_definition(&agreed, &fresh);
        prop_assert_eq!(answer.is_ok(), expected, "{:?}", answer);
        let count = match (expected, agreed == fresh) {
            (true, true) => return Ok(()),
            (true, false) => &stood,
            (false, _) => &fell,
        };
        count.set(count.get() + 1);
        Ok(())
    });
    law.expect("both say the same");
    assert!(stood.get() > 200, "only {} other plans stood", stood.get());
    assert!(fell.get() > 200, "only {} plans fell", fell.get());
}
