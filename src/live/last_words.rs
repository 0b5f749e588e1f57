//! The last lines of the tasks that keep a gate shut: what a person would look at next.

use std::borrow::Cow;

use futures_util::future::join_all;
use schemars::JsonSchema;
use serde::Serialize;

use super::Live;
use crate::gate::swarm::said;
use crate::gate::{Why, short};
use crate::observed::Task;

/// Tasks whose words are told; a tier that fails mostly fails for one reason.
const TASKS: usize = 3;
/// Lines of each.
const LINES: usize = 12;

/// What a task wrote before somebody asked.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct LastWords {
    /// `etcd-0`, `querynode.3`.
    pub task: String,
    /// The hostname of its node, if it got one.
    pub node: String,
    /// `failed`, `running` and so on.
    pub state: String,
    pub lines: Vec<String>,
}

impl Live {
    /// The last lines of the tasks that reasons speak of: of those that ended badly first.
    pub async fn last_words(&self, why: &[Why]) -> Vec<LastWords> {
        let Ok(seen) = self.look().await else {
            return Vec::new();
        };
        let mut told: Vec<(&Task, String)> = Vec::new();
        for task in newest_first(&seen.tasks) {
            let service = short(&task.service);
            let slot = format!("{service}.{}", task.slot);
            let name = why
                .iter()
                .map(|why| short(&why.subject))
                .find(|subject| *subject == service || *subject == slot);
            if let Some(name) = name
                && !told.iter().any(|(_, other)| other == name)
            {
                told.push((task, name.to_owned()));
            }
        }
        told.truncate(TASKS);
        let words = join_all(told.iter().map(|(task, name)| async {
            let mut lines = self
                .engine
                .task_logs(&task.id, LINES)
                .await
                .unwrap_or_default();
            // It does not know itself why it was ended.
            if let Cow::Owned(why) = said(&seen, task) {
                lines.push(why);
            }
            let node = seen.nodes.iter().find(|node| node.id == task.node_id);
            LastWords {
                task: name.clone(),
                node: node.map_or_else(String::new, |node| node.hostname.clone()),
                state: task.state.clone(),
                lines,
            }
        }))
        .await;
        words
            .into_iter()
            .filter(|words| !words.lines.is_empty())
            .collect()
    }
}

/// Tasks that failed before those that run, the newest first among equals; what never started
/// wrote nothing.
fn newest_first(tasks: &[Task]) -> Vec<&Task> {
    let mut started: Vec<&Task> = tasks
        .iter()
        .filter(|task| !task.container_id.is_empty())
        .collect();
    started.sort_by(|a, b| b.created_at.cmp(&a.created_at));
    started.sort_by_key(|task| task.state != "failed");
    started
}
