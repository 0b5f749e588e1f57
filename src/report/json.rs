//! JSON as it is printed: events, one object per line, and documents.

use serde::Serialize;

use super::tame::tame_json;
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

/// A value in one line, with its line break. No character of it does anything to a terminal.
///
/// # Errors
/// The value has no form in JSON.
pub fn line(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string(value).map(|text| tame_json(text) + "\n")
}

/// The same in many lines, for people to look through as well; without the last line break.
///
/// # Errors
/// The value has no form in JSON.
pub fn pretty(value: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(value).map(tame_json)
}
