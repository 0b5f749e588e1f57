//! Which tasks go where a service has more of them than are wanted.

use std::collections::{BTreeMap, BTreeSet};

use crate::observed::Task;

/// Of more than these nobody can tell which go: Go sorts them in a way that does not keep the
/// order of equals. (Since Go 1.19 that holds for twelve; Docker 20.10 was built with older ones.)
const CERTAIN: usize = 6;

/// Of the tasks that Swarm wants of a service, those that it ends when fewer are wanted: first
/// what has no node, then what shares its node with others of the service, then what does not run,
/// then the highest slots (swarmkit: `manager/orchestrator/replicated/services.go`). `None` where
/// that is not certain.
pub(super) fn surplus<'a>(tasks: &[&'a Task], wanted: usize) -> Option<Vec<&'a Task>> {
    let slots: BTreeSet<u64> = tasks.iter().map(|task| task.slot).collect();
    if tasks.len() > CERTAIN || slots.len() < tasks.len() {
        return (tasks.len() <= wanted).then(Vec::new);
    }
    let mut tasks = tasks.to_vec();
    tasks.sort_by_key(|task| (task.state != "running", task.slot));
    let mut on: BTreeMap<&str, usize> = BTreeMap::new();
    let mut ranked: Vec<(usize, &Task)> = Vec::new();
    for task in tasks {
        if task.node_id.is_empty() {
            ranked.push((usize::MAX, task));
            continue;
        }
        let nth = on.entry(&task.node_id).or_default();
        *nth += 1;
        ranked.push((*nth, task));
    }
    ranked.sort_by_key(|(nth, _)| *nth);
    let gone = ranked.into_iter().skip(wanted);
    Some(gone.map(|(_, task)| task).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(slot: u64, node: &str, state: &str) -> Task {
        Task {
            slot,
            node_id: node.to_owned(),
            state: state.to_owned(),
            ..Task::default()
        }
    }

    #[test]
    fn tasks_go_in_swarms_order() {
        let tasks = [
            task(1, "", "pending"),
            task(2, "a", "starting"),
            task(3, "b", "running"),
            task(4, "c", "running"),
            task(5, "c", "running"),
        ];
        let tasks: Vec<&Task> = tasks.iter().collect();
        let gone = |wanted: usize| -> Vec<u64> {
            let gone = surplus(&tasks, wanted).unwrap();
            gone.iter().map(|task| task.slot).collect()
        };
        assert_eq!(gone(5), [0; 0]);
        assert_eq!(gone(4), [1]);
        assert_eq!(gone(3), [5, 1]);
        assert_eq!(gone(2), [2, 5, 1]);
        assert_eq!(gone(1), [4, 2, 5, 1]);
    }

    #[test]
    fn of_many_tasks_it_is_not_certain_which_go() {
        let tasks: Vec<Task> = (1..=7).map(|slot| task(slot, "a", "running")).collect();
        let tasks: Vec<&Task> = tasks.iter().collect();
        assert_eq!(surplus(&tasks, 6), None);
        assert_eq!(surplus(&tasks, 7), Some(Vec::new()));
        // A slot whose task is being replaced has two.
        let two = [task(1, "a", "running"), task(1, "b", "running")];
        assert_eq!(surplus(&[&two[0], &two[1]], 1), None);
    }
}
