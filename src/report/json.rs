//! Events as JSON, one object per line.

use std::io::{Write, stdout};

use serde_json::{Value, json};

use super::Progress;
use crate::event::Event;
use crate::plan::Plan;

pub(super) struct JsonLines;

impl Progress for JsonLines {
    fn event(&mut self, plan: &Plan, event: &Event) {
        let mut object = json!(event);
        if let Value::Object(map) = &mut object
            && let Some(step) = map
                .get("step")
                .and_then(Value::as_u64)
                .and_then(|id| plan.steps.get(usize::try_from(id).ok()?))
        {
            map.insert("part".to_owned(), step.part.clone().into());
            map.insert("title".to_owned(), step.action.title().into());
        }
        let _ = writeln!(stdout().lock(), "{object}");
    }
}
