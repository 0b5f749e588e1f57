//! Which tasks a step restarts or ends, in one line.

use crate::component::{Component, Shape};
use crate::count::count;
use crate::plan::{Action, Ends, Step};
use crate::spec::Restart;

/// The line; steps that concern no task have none.
pub(super) fn ends_text(step: &Step) -> Option<String> {
    match (&step.action, &step.ends) {
        // The first turn says among which.
        (
            Action::UpdateService {
                turn: Some(turn), ..
            },
            _,
        ) if turn.nth > 1 => Some("restarts the next of them".to_owned()),
        (action, Some(ends)) => Some(tasks(verb(action), ends)),
        (Action::UpdateService { restart, .. }, None) => Some(at_rest(step, *restart).to_owned()),
        _ => None,
    }
}

/// What an update does that ends no task.
fn at_rest(step: &Step, restart: Restart) -> &'static str {
    let once = Component::named(&step.part).is_some_and(|component| component.shape == Shape::Task);
    match restart {
        Restart::JobReruns => "the job runs again",
        Restart::All if once => "runs again",
        Restart::All => "no task of it runs now",
        Restart::None | Restart::OnlyWhereConstraintsFail => "no task restarts",
    }
}

/// What happens to the tasks that a step ends.
fn verb(action: &Action) -> &'static str {
    match action {
        Action::UpdateService {
            from,
            spec,
            restart,
            ..
        } => match (*restart, spec.replicas() < from.replicas()) {
            (Restart::None, true) => "ends",
            (_, true) => "restarts or ends",
            (_, false) => "restarts",
        },
        _ => "ends",
    }
}

/// How many tasks are named; the line stays readable whatever the cluster.
const NAMED: usize = 3;

/// `restarts 5 tasks: querynode.1 on node04, querynode.2 on node05, querynode.3 on node06 and 2
/// more`
fn tasks(verb: &str, ends: &Ends) -> String {
    let all = ends.among.len();
    let of = match usize::try_from(ends.tasks) {
        Ok(tasks) if tasks == all => String::new(),
        _ => format!("{} of ", ends.tasks),
    };
    let named: Vec<String> = ends
        .among
        .iter()
        .take(if all == NAMED + 1 { all } else { NAMED })
        .map(|ended| format!("{} on {}", ended.task, ended.node))
        .collect();
    let more = match all - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{verb} {of}{}: {}{more}",
        count(all, "task"),
        named.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Ended;

    #[test]
    fn a_line_is_short_however_many_tasks_end() {
        let line = |tasks: u64, among: u64| {
            let ended = |slot| Ended {
                task: format!("querynode.{slot}"),
                node: format!("node0{slot}"),
            };
            let among = (1..=among).map(ended).collect();
            super::tasks("restarts", &Ends { tasks, among })
        };
        assert_eq!(line(1, 1), "restarts 1 task: querynode.1 on node01");
        assert_eq!(
            line(2, 4),
            "restarts 2 of 4 tasks: querynode.1 on node01, querynode.2 on node02, querynode.3 on \
             node03, querynode.4 on node04"
        );
        assert_eq!(
            line(5, 5),
            "restarts 5 tasks: querynode.1 on node01, querynode.2 on node02, querynode.3 on node03 \
             and 2 more"
        );
        assert_eq!(line(1, 500).len(), line(1, 501).len());
    }
}
