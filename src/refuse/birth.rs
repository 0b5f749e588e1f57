//! Data of another birth than what the cluster was made with.

use super::No;
use super::facts::Facts;
use super::words::names;
use crate::birth::{self, label, remembered, way_out};
use crate::component::Component;
use crate::plan::Verdicts;

/// What members say of their data.
pub(super) fn heard(verdicts: &Verdicts) -> Vec<No> {
    let whys = verdicts.values().flat_map(|verdict| verdict.reasons());
    let mut all: Vec<No> = whys
        .filter_map(birth::told)
        .map(|(reason, hint)| No { reason, hint })
        .collect();
    // Several gates may hang on one answer.
    all.sort_by(|a, b| a.reason.cmp(&b.reason));
    all.dedup();
    all
}

/// Labels that contradict each other: one of the nodes may have come with data of another cluster.
pub(super) fn contradicted(facts: &Facts<'_>) -> Vec<No> {
    let (cluster, nodes) = (&facts.case.inventory.name, &facts.case.seen.nodes);
    let births = Component::all_births().filter_map(|birth| {
        let known = remembered(cluster, birth.of, nodes);
        (known.len() > 1).then(|| No {
            reason: format!(
                "labels `{}` of nodes remember data of several births: {}",
                label(cluster, birth.of),
                names(known)
            ),
            hint: way_out(cluster, birth.of, nodes),
        })
    });
    births.collect()
}
