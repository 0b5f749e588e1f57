//! Bars side by side where they do not overlap, with their labels.

use super::{State, Timings};
use crate::plan::StepId;

/// The chart is laid out for at least so many pixels; it may be wider on the screen.
pub(super) const CHART: f64 = 1000.0;
/// Pixels of a letter of a label.
const LETTER: f64 = 6.4;
/// Shorter bars have no label, unless they failed.
const SHORT: f64 = 7.0;

/// Where the label of a bar stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Label {
    None,
    Inside,
    After,
    Before,
}

/// Pixels from one lane to the next: of bars, and of bars too short for a label.
const LANE: usize = 20;
const THIN: usize = 6;
/// Pixels above the first lane, and the least that a part takes.
const ABOVE: usize = 5;
const LEAST: usize = 46;

/// A bar in its lane; left and width are parts of the axis, from 0 to 1.
#[derive(Debug)]
pub(super) struct Placed {
    pub step: StepId,
    /// Pixels below the top of the part.
    pub top: usize,
    /// Drawn thin: too short for a label.
    pub thin: bool,
    pub left: f64,
    pub width: f64,
    pub label: Label,
}

/// A part of the cluster: its bars and the pixels that they take.
#[derive(Debug)]
pub(super) struct Row {
    pub part: String,
    pub height: usize,
    pub bars: Vec<Placed>,
}

/// The steps that ran, by part, in the order in which the parts began.
pub(super) fn rows(timings: &Timings<'_>, axis: f64) -> Vec<Row> {
    let mut parts: Vec<(&str, Vec<StepId>)> = Vec::new();
    let mut ran: Vec<StepId> = (0..timings.bars.len())
        .filter(|&id| timings.bars[id].state != State::NotStarted)
        .collect();
    ran.sort_by_key(|&id| (timings.bars[id].start, id));
    for id in ran {
        let part = timings.plan.steps[id].part.as_str();
        match parts.iter_mut().find(|(name, _)| *name == part) {
            Some((_, steps)) => steps.push(id),
            None => parts.push((part, vec![id])),
        }
    }
    parts
        .into_iter()
        .map(|(part, steps)| row(timings, part, steps, axis))
        .collect()
}

fn row(timings: &Timings<'_>, part: &str, steps: Vec<StepId>, axis: f64) -> Row {
    let mut thin = Lanes::default();
    let mut full = Lanes::default();
    let mut bars: Vec<Placed> = steps
        .into_iter()
        .map(|step| {
            let bar = &timings.bars[step];
            let left = bar.start.as_secs_f64() / axis;
            let width = bar.length().as_secs_f64() / axis;
            let (from, to) = (left * CHART, (left + width) * CHART);
            let (label, start, end) = label(timings, step, from, to);
            let thin_one = label == Label::None;
            let lane = if thin_one {
                thin.take(start, end)
            } else {
                full.take(start, end + 2.0)
            };
            Placed {
                step,
                top: lane * if thin_one { THIN } else { LANE } + ABOVE,
                thin: thin_one,
                left,
                width,
                label,
            }
        })
        .collect();
    let shift = thin.0.len() * THIN + usize::from(!thin.0.is_empty()) * 2;
    for bar in bars.iter_mut().filter(|bar| !bar.thin) {
        bar.top += shift;
    }
    Row {
        part: part.to_owned(),
        height: (shift + full.0.len() * LANE + 2 * ABOVE).max(LEAST),
        bars,
    }
}

/// Where each lane is free again, in pixels.
#[derive(Default)]
struct Lanes(Vec<f64>);

impl Lanes {
    fn take(&mut self, start: f64, end: f64) -> usize {
        let free = self.0.iter().position(|&taken| taken <= start);
        let lane = free.unwrap_or_else(|| {
            self.0.push(0.0);
            self.0.len() - 1
        });
        self.0[lane] = end;
        lane
    }
}

/// The label of a bar, and the pixels that both take.
fn label(timings: &Timings<'_>, step: StepId, from: f64, to: f64) -> (Label, f64, f64) {
    let failed = timings.bars[step].state != State::Passed;
    if to - from < SHORT && !failed {
        return (Label::None, from, to);
    }
    let to = to.max(from + 3.0);
    let text = super::page::name(timings, step);
    #[expect(clippy::cast_precision_loss, reason = "labels are short")]
    let room = text.chars().count() as f64 * LETTER + 14.0;
    if to - from >= room {
        (Label::Inside, from, to)
    } else if to + room <= CHART {
        (Label::After, from, to + room)
    } else if from >= room {
        (Label::Before, from - room, to)
    } else {
        (Label::After, from, to + room)
    }
}
