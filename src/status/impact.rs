//! What users feel of a cluster that is not healthy.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Health, Row};
use crate::component::{Component, Stops};
use crate::observed::has_process;

/// What users feel, since when, and the one thing that the rest follows from.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Impact {
    /// Searches and queries are answered.
    pub reads: bool,
    /// Inserts and deletes are taken.
    pub writes: bool,
    /// Since when not, as Swarm knows it: the first task that is missed was found to be so then.
    pub since: Option<String>,
    /// The node that is down, or else the component that others wait for.
    pub cause: String,
    /// What is true once Swarm has started elsewhere what it can, and whoever stands by leads.
    pub soon: Soon,
}

/// What comes back without anybody's doing.
#[derive(Clone, Copy, Debug, Default, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Soon {
    pub reads: bool,
    pub writes: bool,
}

impl Impact {
    /// Reads it off the components, which stand in the order in which they need each other, and off
    /// the problems, which name nodes that are down first.
    ///
    /// Nothing, where not everybody could be asked.
    pub(super) fn of(components: &[Row], problems: &[String], soon: Soon) -> Option<Self> {
        let cause = problems.first()?;
        // Nobody knows what those who could not be asked do, or what hangs on what is elsewhere.
        let is_unsure = |row: &Row| match row.health {
            Health::Unknown => true,
            Health::Unhealthy => Component::named(&row.component).is_none(),
            _ => false,
        };
        if components.iter().any(is_unsure) {
            return None;
        }
        let stopped = |stops: fn(Stops) -> bool| -> Vec<&Row> {
            let away = |row: &&Row| {
                let component = Component::named(&row.component);
                row.health == Health::Unhealthy
                    && component.is_some_and(|component| stops(component.stops))
            };
            components.iter().filter(away).collect()
        };
        let (reads, writes) = (stopped(|stops| stops.reads), stopped(|stops| stops.writes));
        let tasks = reads.iter().chain(&writes).flat_map(|row| &row.tasks);
        let missed = tasks.filter(|task| !has_process(&task.state));
        let times = missed.filter_map(|task| {
            let time: Timestamp = task.since.parse().ok()?;
            Some((time, task.since.clone()))
        });
        Some(Self {
            // What has lost its quorum stops others, and not by itself.
            reads: reads.is_empty() && soon.reads,
            writes: writes.is_empty() && soon.writes,
            since: times.min().map(|(_, text)| text),
            cause: cause.clone(),
            soon,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::TaskRow;

    const BOTH: Soon = Soon {
        reads: true,
        writes: true,
    };

    fn row(component: &str, health: Health, tasks: &[(&str, &str)]) -> Row {
        let task = |(state, since): &(&str, &str)| TaskRow {
            state: (*state).to_owned(),
            since: (*since).to_owned(),
            ..TaskRow::default()
        };
        Row {
            component: component.to_owned(),
            health,
            tasks: tasks.iter().map(task).collect(),
            ..Row::default()
        }
    }

    #[test]
    fn what_is_felt_is_what_the_unhealthy_stop() {
        let problems = ["node node02 is down".to_owned()];
        let impact = |rows: &[Row], soon| Impact::of(rows, &problems, soon).unwrap();
        let late = ("pending", "2026-01-01T00:00:09.5Z");
        let early = ("pending", "2026-01-01T00:00:09Z");
        let runs = ("running", "2026-01-01T00:00:01Z");

        let less = impact(&[row("querynode", Health::Degraded, &[late])], BOTH);
        assert!(
            less.reads && less.writes && less.since.is_none(),
            "{less:?}"
        );

        let led = impact(
            &[row("datacoord", Health::Unhealthy, &[late, runs, early])],
            BOTH,
        );
        assert!(!led.writes && led.soon.writes, "{led:?}");
        assert_eq!(led.since.as_deref(), Some(early.1));
        assert_eq!(led.cause, "node node02 is down");

        let torn = impact(&[row("etcd", Health::Unhealthy, &[runs])], Soon::default());
        assert!(
            !torn.reads && !torn.writes && torn.since.is_none(),
            "{torn:?}"
        );
        assert_eq!(Impact::of(&[], &[], BOTH), None);
        for unsure in [
            row("etcd", Health::Unknown, &[]),
            row("s3", Health::Unhealthy, &[]),
        ] {
            assert_eq!(Impact::of(&[unsure], &problems, BOTH), None);
        }
    }
}
