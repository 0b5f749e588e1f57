//! Events as JSON, one object per line.

use super::{Line, Progress, deliver};
use crate::event::Event;
use crate::plan::Plan;

pub(super) struct JsonLines;

impl Progress for JsonLines {
    fn event(&mut self, plan: &Plan, event: &Event) {
        if let Ok(text) = Line::of(plan, event).text() {
            deliver(&text);
        }
    }
}
