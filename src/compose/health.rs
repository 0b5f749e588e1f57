//! `healthcheck`.

use super::error::{Problem, StackError};
use super::node::Node;
use crate::spec::Healthcheck;

/// Zero durations and retries inherit the image's.
pub(super) fn healthcheck(node: &Node, version: u8) -> Result<Healthcheck, StackError> {
    let section = node.section(
        &[
            "disable",
            "interval",
            "retries",
            "start_interval",
            "start_period",
            "test",
            "timeout",
        ],
        false,
    )?;
    section.since("start_interval", version, 12)?;
    let duration = |name| Ok::<_, StackError>(section.duration(name)?.unwrap_or_default());
    let health = Healthcheck {
        test: section
            .get("test")
            .map(test)
            .transpose()?
            .unwrap_or_default(),
        interval: duration("interval")?,
        timeout: duration("timeout")?,
        start_period: duration("start_period")?,
        start_interval: duration("start_interval")?,
        retries: section
            .get("retries")
            .map(Node::cast_integer)
            .transpose()?
            .unwrap_or_default(),
        ..Healthcheck::default()
    };
    if section.flag("disable")? {
        if !health.test.is_empty() {
            let with = "test".to_owned();
            return Err(node.error(Problem::Conflict { with }));
        }
        return Ok(Healthcheck {
            test: vec!["NONE".to_owned()],
            ..Healthcheck::default()
        });
    }
    Ok(health)
}

/// A string is a shell command, whatever it says. A list goes as it is, and one that does not
/// begin with a known word never runs, while the task waits for it (moby `health.go`).
fn test(node: &Node) -> Result<Vec<String>, StackError> {
    if let Ok(text) = node.text() {
        return Ok(vec!["CMD-SHELL".to_owned(), text.to_owned()]);
    }
    let words = node.texts()?;
    match words.first().map(String::as_str) {
        None | Some("" | "CMD" | "CMD-SHELL" | "NONE") => Ok(words),
        Some(first) => Err(node.error(Problem::ProbeNeverRuns {
            first: first.to_owned(),
        })),
    }
}
