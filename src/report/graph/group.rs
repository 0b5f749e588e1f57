//! Steps gathered into what is drawn: items (a list of actions, or a gate) in boxes (parts).

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::{Action, Plan, StepId};

/// Actions of a part that may run together, one gate, or, without steps, a junction.
#[derive(Debug)]
pub(super) struct Item {
    pub steps: Vec<StepId>,
    pub is_gate: bool,
}

impl Item {
    /// Where arrows meet that would otherwise run from each of several items to each of several.
    pub const fn is_junction(&self) -> bool {
        self.steps.is_empty()
    }
}

/// A part of the cluster, or one of several visits to it.
#[derive(Debug)]
pub(super) struct Group {
    pub part: String,
    /// Positions in [`Model::items`], from top to bottom.
    pub items: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Model {
    pub items: Vec<Item>,
    pub groups: Vec<Group>,
    /// The group of each item.
    pub group_of: Vec<usize>,
    /// From item to item; what other edges imply is left out.
    pub edges: Vec<(usize, usize)>,
}

impl Model {
    pub fn of(plan: &Plan) -> Self {
        let levels = levels(plan);
        let visits = visits(plan);
        let model = Self::build(plan, &levels, &visits);
        if model.columns().is_some() {
            return model;
        }
        // Parts that wait for each other in turn are cut where the steps are.
        Self::build(plan, &levels, &levels)
    }

    fn build(plan: &Plan, levels: &[usize], visits: &[usize]) -> Self {
        let mut groups: Vec<Group> = Vec::new();
        let mut known: BTreeMap<(&str, usize), usize> = BTreeMap::new();
        let mut rows: BTreeMap<(usize, usize, usize), Vec<StepId>> = BTreeMap::new();
        for (id, step) in plan.steps.iter().enumerate() {
            let group = *known.entry((&step.part, visits[id])).or_insert_with(|| {
                groups.push(Group {
                    part: step.part.clone(),
                    items: Vec::new(),
                });
                groups.len() - 1
            });
            // Gates stand alone; actions of one level share an item.
            let alone = if is_gate(plan, id) { id + 1 } else { 0 };
            rows.entry((group, levels[id], alone)).or_default().push(id);
        }
        let mut model = Self {
            items: Vec::new(),
            groups,
            group_of: Vec::new(),
            edges: Vec::new(),
        };
        let mut item_of = vec![0; plan.steps.len()];
        for ((group, _, alone), steps) in rows {
            for &step in &steps {
                item_of[step] = model.items.len();
            }
            model.groups[group].items.push(model.items.len());
            model.group_of.push(group);
            model.items.push(Item {
                steps,
                is_gate: alone > 0,
            });
        }
        let edges: BTreeSet<(usize, usize)> = plan
            .steps
            .iter()
            .enumerate()
            .flat_map(|(id, step)| step.after.iter().map(move |&before| (before, id)))
            .map(|(from, to)| (item_of[from], item_of[to]))
            .filter(|(from, to)| from != to)
            .collect();
        model.edges = reduced(model.items.len(), &edges);
        model.join();
        model
    }

    /// Puts a junction where several items wait for the same several: fewer arrows, no tangle.
    fn join(&mut self) {
        let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); self.items.len()];
        for &(from, to) in &self.edges {
            before[to].insert(from);
        }
        let sets: BTreeSet<BTreeSet<usize>> = before.iter().cloned().collect();
        loop {
            let gain = |set: &BTreeSet<usize>| {
                let to = before.iter().filter(|all| all.is_superset(set)).count();
                (set.len() * to).saturating_sub(set.len() + to)
            };
            let best = sets.iter().max_by_key(|set| gain(set));
            let Some(set) = best.filter(|set| gain(set) > 0).cloned() else {
                break;
            };
            let junction = self.items.len();
            self.items.push(Item {
                steps: Vec::new(),
                is_gate: set.iter().all(|&from| self.items[from].is_gate),
            });
            self.group_of.push(self.groups.len());
            self.groups.push(Group {
                part: String::new(),
                items: vec![junction],
            });
            for all in before.iter_mut().filter(|all| all.is_superset(&set)) {
                *all = all.difference(&set).copied().collect();
                all.insert(junction);
            }
            before.push(set);
        }
        self.edges = before
            .iter()
            .enumerate()
            .flat_map(|(to, from)| from.iter().map(move |&from| (from, to)))
            .collect();
        self.edges.sort_unstable();
    }

    /// The column of each group: right of everything that it waits for; `None` where groups
    /// wait for each other in turn.
    pub fn columns(&self) -> Option<Vec<usize>> {
        let count = self.groups.len();
        let edges: BTreeSet<(usize, usize)> = self
            .edges
            .iter()
            .map(|&(from, to)| (self.group_of[from], self.group_of[to]))
            .filter(|(from, to)| from != to)
            .collect();
        let mut columns = vec![0; count];
        for _ in 0..=count {
            let mut moved = false;
            for &(from, to) in &edges {
                if columns[to] <= columns[from] {
                    columns[to] = columns[from] + 1;
                    moved = true;
                }
            }
            if !moved {
                // What waits for nothing stands right before the first that waits for it.
                for group in 0..count {
                    let waits = edges.iter().any(|&(_, to)| to == group);
                    let next = edges.iter().filter(|(from, _)| *from == group);
                    if let Some(first) = next.map(|&(_, to)| columns[to]).min()
                        && !waits
                    {
                        columns[group] = first - 1;
                    }
                }
                return Some(columns);
            }
        }
        None
    }
}

pub(super) fn is_gate(plan: &Plan, id: StepId) -> bool {
    matches!(plan.steps[id].action, Action::Await { .. })
}

/// The length of the longest chain before each step.
fn levels(plan: &Plan) -> Vec<usize> {
    let mut levels = vec![0; plan.steps.len()];
    for (id, step) in plan.steps.iter().enumerate() {
        let before = step.after.iter().map(|&before| levels[before] + 1);
        levels[id] = before.max().unwrap_or(0);
    }
    levels
}

/// How often the way to a step left its part and came back: labels are put first and taken last.
fn visits(plan: &Plan) -> Vec<usize> {
    let mut visits = vec![0; plan.steps.len()];
    let mut met: Vec<BTreeMap<&str, usize>> = Vec::with_capacity(plan.steps.len());
    for (id, step) in plan.steps.iter().enumerate() {
        let mut before: BTreeMap<&str, usize> = BTreeMap::new();
        let mut visit = 0;
        for &other in &step.after {
            let same = plan.steps[other].part == step.part;
            if let Some(&earlier) = met[other].get(step.part.as_str()) {
                visit = visit.max(if same { visits[other] } else { earlier + 1 });
            }
            for (&part, &number) in &met[other] {
                let entry = before.entry(part).or_default();
                *entry = (*entry).max(number);
            }
        }
        visits[id] = visit;
        let own = before.entry(&step.part).or_default();
        *own = (*own).max(visit);
        met.push(before);
    }
    visits
}

/// Edges that no longer way implies.
fn reduced(items: usize, edges: &BTreeSet<(usize, usize)>) -> Vec<(usize, usize)> {
    let mut next = vec![Vec::new(); items];
    for &(from, to) in edges {
        next[from].push(to);
    }
    let reaches = |from: usize, to: usize| {
        let mut seen = BTreeSet::new();
        let mut stack: Vec<usize> = next[from].iter().copied().filter(|&n| n != to).collect();
        while let Some(item) = stack.pop() {
            if item == to {
                return true;
            }
            if seen.insert(item) {
                stack.extend(&next[item]);
            }
        }
        false
    };
    edges
        .iter()
        .copied()
        .filter(|&(from, to)| !reaches(from, to))
        .collect()
}
