//! Which deeds, or which gates, come before each step of a plan, however many steps lie between
//! them.

use std::collections::BTreeMap;

use super::{Step, StepId};

/// A set of small numbers, a bit for each: plans of thousands of steps have millions of pairs of
/// a step and one before it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Numbers {
    /// The last word is never zero, so that equal sets have equal words.
    words: Vec<u64>,
}

impl Numbers {
    fn insert(&mut self, number: usize) {
        let word = number / 64;
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        self.words[word] |= 1 << (number % 64);
    }

    /// The first of these that is not among others.
    pub(super) fn first_not_in(&self, other: &Self) -> Option<usize> {
        self.words.iter().enumerate().find_map(|(at, word)| {
            let more = word & !other.words.get(at).copied().unwrap_or(0);
            (more != 0).then(|| at * 64 + more.trailing_zeros() as usize)
        })
    }

    fn extend(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (word, more) in self.words.iter_mut().zip(&other.words) {
            *word |= more;
        }
    }
}

/// What comes before each step; steps that wait for the same ones share a set, as most do.
pub(super) struct Ancestors {
    sets: Vec<Numbers>,
    /// The place in `sets` of each step's.
    of: Vec<usize>,
}

impl Ancestors {
    /// `numbers` gives the numbers of each step: none, if it is not of the kind that counts.
    pub(super) fn of(steps: &[Step], numbers: &[Vec<usize>]) -> Self {
        let mut sets: Vec<Numbers> = Vec::new();
        let mut of: Vec<usize> = Vec::with_capacity(steps.len());
        let mut known: BTreeMap<&[StepId], usize> = BTreeMap::new();
        for step in steps {
            let set = *known.entry(&step.after).or_insert_with(|| {
                let mut before = Numbers::default();
                let mut last = None;
                for &after in &step.after {
                    // Neighbours mostly share theirs.
                    if last.replace(of[after]) != Some(of[after]) {
                        before.extend(&sets[of[after]]);
                    }
                    for &number in &numbers[after] {
                        before.insert(number);
                    }
                }
                sets.push(before);
                sets.len() - 1
            });
            of.push(set);
        }
        Self { sets, of }
    }

    /// The numbers of what comes before a step.
    pub(super) fn before(&self, step: StepId) -> &Numbers {
        &self.sets[self.of[step]]
    }
}
