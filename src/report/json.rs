//! Events as JSON, one object per line.

use std::io::{Write, stdout};

use super::{Line, Progress};
use crate::event::Event;
use crate::plan::Plan;

pub(super) struct JsonLines;

impl Progress for JsonLines {
    fn event(&mut self, plan: &Plan, event: &Event) {
        if let Ok(text) = Line::of(plan, event).text() {
            let _ = stdout().lock().write_all(text.as_bytes());
        }
    }
}
