//! Where `up` spent its time, read from what it printed.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::run::Told;

/// One step that passed.
#[derive(Clone, Debug)]
pub struct Passed {
    pub part: String,
    pub title: String,
    /// Seconds from the start of the execution.
    pub at: f64,
    pub took: f64,
}

/// From when to when a part of the cluster was worked on and waited for.
#[derive(Clone, Copy, Debug)]
pub struct Span {
    pub from: f64,
    pub to: f64,
}

impl Told {
    fn passed(&self) -> BTreeMap<usize, Passed> {
        self.events
            .iter()
            .filter(|event| event["event"] == "passed")
            .filter_map(|event| {
                let step = usize::try_from(event["step"].as_u64()?).ok()?;
                let passed = Passed {
                    part: event["part"].as_str()?.to_owned(),
                    title: event["title"].as_str()?.to_owned(),
                    at: event["at"].as_f64()?,
                    took: event["took"].as_f64()?,
                };
                Some((step, passed))
            })
            .collect()
    }

    /// For each part, from its first step's start to its last step's end.
    pub fn spans(&self) -> BTreeMap<String, Span> {
        let mut spans: BTreeMap<String, Span> = BTreeMap::new();
        for passed in self.passed().into_values() {
            let from = passed.at - passed.took;
            let span = spans.entry(passed.part).or_insert(Span {
                from,
                to: passed.at,
            });
            span.from = span.from.min(from);
            span.to = span.to.max(passed.at);
        }
        spans
    }

    /// The chain of steps that the end waited for: from the last one back to whichever of the
    /// steps it waited for passed last. Empty if the plan is not the one that was executed.
    pub fn critical(&self) -> Vec<Passed> {
        let passed = self.passed();
        let Some(steps) = self.plan["steps"].as_array() else {
            return Vec::new();
        };
        let same = steps.len() == passed.len()
            && steps
                .iter()
                .enumerate()
                .all(|(id, step)| passed.get(&id).is_some_and(|p| step["part"] == *p.part));
        if !same {
            return Vec::new();
        }
        let latest = |ids: &mut dyn Iterator<Item = usize>| {
            ids.filter(|id| passed.contains_key(id))
                .max_by(|a, b| passed[a].at.total_cmp(&passed[b].at))
        };
        let mut chain = Vec::new();
        let mut at = latest(&mut passed.keys().copied());
        while let Some(id) = at {
            chain.push(passed[&id].clone());
            let after = steps[id]["after"].as_array().into_iter().flatten();
            // A step stands after what it waits for, so this comes to an end.
            let mut before = after
                .filter_map(Value::as_u64)
                .filter_map(|before| usize::try_from(before).ok())
                .filter(|before| *before < id);
            at = latest(&mut before);
        }
        chain.reverse();
        chain
    }
}
