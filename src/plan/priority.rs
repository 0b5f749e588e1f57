//! Which ready step goes first: the one that the longest chain of waiting hangs on.
//!
//! On a machine that is short of CPU, task starts are a queue; what others wait for must be
//! at its head.

use super::{Action, Plan, StepId};

/// Milliseconds that a step is expected to take. Only the order of these numbers matters:
/// they were read off bring-ups of the 26-host topology, and nothing waits on them.
fn weight(action: &Action) -> u64 {
    match action {
        Action::Await { gate } => gate.takes(),
        Action::Smoke { .. } => 5_000,
        _ => 50,
    }
}

/// For each step, the length of the longest chain from its start to the end of the plan, in
/// expected milliseconds.
#[must_use]
pub fn priorities(plan: &Plan) -> Vec<u64> {
    let mut longest = vec![0_u64; plan.steps.len()];
    // Steps stand after what they wait for, so one pass from the end is enough.
    for id in (0..plan.steps.len()).rev() {
        longest[id] += weight(&plan.steps[id].action);
        let through = longest[id];
        for &before in &plan.steps[id].after {
            raise(&mut longest, before, through);
        }
    }
    longest
}

fn raise(longest: &mut [u64], id: StepId, through: u64) {
    longest[id] = longest[id].max(through);
}
