//! A plan as it is shown and saved: without what people put into services by hand and may be a
//! credential. What it is executed by stays whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Action, Plan};
use crate::spec::{Change, HIDDEN, ServiceSpec, diff, hide, hide_labels};

impl Plan {
    /// The same with such values hidden, as they are in records.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut plan = self.clone();
        let mut wanted: BTreeMap<&str, Arc<ServiceSpec>> = BTreeMap::new();
        for step in &self.steps {
            // Each service ends with what is wanted, after turns that still have what was there.
            if let Action::UpdateService { name, spec, .. } = &step.action {
                wanted.insert(name, Arc::clone(spec));
            }
        }
        for step in &mut plan.steps {
            match &mut step.action {
                Action::UpdateService {
                    name,
                    from,
                    spec,
                    changes,
                    ..
                } => {
                    if let Some(wanted) = wanted.get(name.as_str()) {
                        update(from, spec, changes, wanted);
                    }
                }
                Action::UpdateConfig { from, labels, .. }
                | Action::UpdateSecret { from, labels, .. } => {
                    hide_labels(from, labels, &mut |_| {});
                }
                _ => {}
            }
        }
        plan
    }
}

fn update(
    from: &mut Arc<ServiceSpec>,
    spec: &mut Arc<ServiceSpec>,
    changes: &mut [Change],
    wanted: &ServiceSpec,
) {
    let of = |found: &ServiceSpec| {
        let mut shown = found.clone();
        hide(&mut shown, wanted, &mut |_| {});
        shown
    };
    let (was, will) = (of(from), of(spec));
    if was == **from && will == **spec {
        return;
    }
    let shown: BTreeMap<String, Change> = diff(&was, &will)
        .into_iter()
        .map(|change| (change.path.clone(), change))
        .collect();
    for change in changes {
        match shown.get(&change.path) {
            Some(shown) => change.clone_from(shown),
            // Both of its values are hidden.
            None => {
                for side in [&mut change.from, &mut change.to].into_iter().flatten() {
                    *side = HIDDEN.into();
                }
            }
        }
    }
    *from = Arc::new(was);
    *spec = Arc::new(will);
}
