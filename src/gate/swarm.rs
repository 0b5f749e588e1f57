//! Gates that Swarm's own state answers, and what Swarm says of a task that is not up.

use std::borrow::Cow;
use std::slice;

use super::{Verdict, Why, place, short, task_name, up};
use crate::count::count;
use crate::observed::{Node, Observed, Task};
use crate::system::milvus::ends_lost;
use crate::system::{METADATA, is_at_home_anywhere};

/// Why a service has no task that is up.
pub(crate) fn why_not_up(seen: &Observed, service: &str) -> Why {
    let subject = short(service);
    let Some(found) = seen.services.get(service) else {
        return Why::new(subject, "is not created yet");
    };
    let newest = seen
        .tasks
        .iter()
        .filter(|task| task.service == service)
        .max_by(|a, b| (a.is_wanted(), &a.created_at).cmp(&(b.is_wanted(), &b.created_at)));
    match newest {
        None if found.spec.replicas() == Some(0) => Why::new(subject, "is scaled to 0"),
        None => Why::new(subject, "has no task yet"),
        Some(task) if task.is_up() && !seen.is_current(task) => {
            Why::new(subject, "runs a task of an older spec")
        }
        Some(task) => Why::new(subject, sentence(seen, task) + &history(seen, task)),
    }
}

/// What Swarm says of a task whose node lost a label or was drained: it is rejected, and nothing
/// about it failed (swarmkit: `manager/orchestrator/constraintenforcer/constraint_enforcer.go`).
pub(super) const TURNED_AWAY: &str = "assigned node no longer meets constraints";

/// What became of earlier tasks in the same slot, if they failed.
pub(crate) fn history(seen: &Observed, task: &Task) -> String {
    let failed: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|old| {
            old.service == task.service
                && old.slot == task.slot
                && old.id != task.id
                && matches!(old.state.as_str(), "failed" | "rejected")
                && old.error != TURNED_AWAY
        })
        .collect();
    let last = failed.iter().max_by(|a, b| a.created_at.cmp(&b.created_at));
    last.map_or_else(String::new, |last| {
        format!(
            "; {} before it failed, the last with: {}",
            failed.len(),
            said(seen, last)
        )
    })
}

/// What Swarm says of a task's end. Of a health check it says that it failed, not what of (moby:
/// `ErrContainerUnhealthy` in `daemon/cluster/executor/container/errors.go`): that it could not be run
/// counts as failed too (`runProbe` in `daemon/health.go`).
pub(crate) fn said<'a>(seen: &Observed, task: &'a Task) -> Cow<'a, str> {
    let found = seen.services.get(&task.service);
    let is_lost = task.error.contains("unhealthy container");
    if is_lost && found.is_some_and(|found| ends_lost(&found.spec)) {
        let title = METADATA.title;
        let error = &task.error;
        return format!(
            "its health check failed three times: it lost its session in {title}, or its host could not run \
             the check ({error})"
        )
        .into();
    }
    task.error.as_str().into()
}

/// `is pending: no suitable node (...)`, with the node where there is one.
pub(crate) fn sentence(seen: &Observed, task: &Task) -> String {
    let node = seen
        .nodes
        .iter()
        .find(|node| node.id == task.node_id)
        .map_or(String::new(), |node| {
            if node.state == "ready" {
                format!(" on {}", node.hostname)
            } else {
                format!(" on {}, which is {}", node.hostname, node.state)
            }
        });
    let detail = [said(seen, task), task.message.as_str().into()]
        .into_iter()
        .find(|text| !text.is_empty())
        .map_or(String::new(), |text| format!(": {text}"));
    match task.state.as_str() {
        "failed" | "rejected" => format!("{}{node}{detail}", task.state),
        state => format!("is {state}{node}{detail}{}", place::why(seen, task)),
    }
}

/// One reason per member that has no task up.
pub(crate) fn missing(members: &[String], seen: &Observed) -> Vec<Why> {
    members
        .iter()
        .filter(|member| up(seen, member).next().is_none())
        .map(|member| why_not_up(seen, member))
        .collect()
}

/// One reason if fewer tasks than wanted are up.
pub(crate) fn too_few(service: &str, wanted: u64, seen: &Observed) -> Vec<Why> {
    let have = up(seen, service).count() as u64;
    if have >= wanted {
        return Vec::new();
    }
    let ailing: Vec<(&Task, String)> = seen
        .tasks
        .iter()
        .filter(|task| task.service == service && task.is_wanted())
        .filter_map(|task| {
            let why = if !task.is_up() {
                sentence(seen, task) + &history(seen, task)
            } else if !seen.is_current(task) {
                "is of an older spec".to_owned()
            } else {
                return None;
            };
            Some((task, why))
        })
        .collect();
    let mut reasons = folded(service, ailing);
    if reasons.is_empty() {
        reasons.push(if have == 0 {
            why_not_up(seen, service)
        } else {
            Why::new(short(service), format!("has {have} of {wanted} tasks"))
        });
    }
    reasons
}

/// One reason per task; of tasks that wait for one reason, one for all.
fn folded(service: &str, ailing: Vec<(&Task, String)>) -> Vec<Why> {
    let mut alike: Vec<(Vec<&Task>, String)> = Vec::new();
    for (task, why) in ailing {
        let mut others = alike.iter_mut();
        match others.find(|(_, other)| task.state == "pending" && *other == why) {
            Some((tasks, _)) => tasks.push(task),
            None => alike.push((vec![task], why)),
        }
    }
    let why = |(tasks, why): (Vec<&Task>, String)| match tasks[..] {
        [task] => Why::new(task_name(task), why),
        _ => Why::new(
            short(service),
            format!("has {} of which each {why}", count(tasks.len(), "task")),
        ),
    };
    alike.into_iter().map(why).collect()
}

/// One reason per service whose update Swarm gave up: it goes on when somebody says so, and not
/// before.
pub(crate) fn paused(services: &[&str], seen: &Observed) -> Vec<Why> {
    services
        .iter()
        .filter_map(|service| {
            let found = seen.services.get(*service)?;
            let state = found.update_state.as_str();
            if !matches!(state, "paused" | "rollback_paused") {
                return None;
            }
            let message = match found.update_message.as_str() {
                "" => state,
                message => message,
            };
            Some(Why::new(
                short(service),
                format!(
                    "is not updated any further: {message}; `docker service ps --no-trunc {service}` \
                     says why, `docker service update {service}` goes on"
                ),
            ))
        })
        .collect()
}

pub(crate) fn judge_converged(service: &str, seen: &Observed) -> Verdict {
    let Some(found) = seen.services.get(service) else {
        return Verdict::Waiting(vec![Why::new(short(service), "is not created yet")]);
    };
    match found.update_state.as_str() {
        "rollback_started" | "rollback_completed" => {
            return Verdict::Shut(vec![Why::new(
                short(service),
                format!("update {}: {}", found.update_state, found.update_message),
            )]);
        }
        "updating" => {
            return Verdict::Waiting(vec![Why::new(short(service), "is being updated")]);
        }
        // What Swarm says of a pause is told for every gate: see `paused`.
        "paused" | "rollback_paused" => return Verdict::Waiting(Vec::new()),
        _ => {}
    }
    let wanted = found.spec.replicas().unwrap_or(1);
    let reasons = too_few(service, wanted, seen);
    Verdict::from_reasons(reasons, || format!("{wanted} running"))
}

pub(crate) fn judge_services_gone(services: &[String], seen: &Observed) -> Verdict {
    let mut reasons: Vec<Why> = services
        .iter()
        .filter(|service| seen.services.contains_key(*service))
        .map(|service| Why::new(short(service), "is still there"))
        .collect();
    let left = left(services, seen).filter(|task| !is_given_up(task, seen));
    reasons.extend(left.map(|task| still(task, seen)));
    Verdict::from_reasons(reasons, || "no task left".to_owned())
}

pub(crate) fn judge_tasks_gone(service: &String, seen: &Observed) -> Verdict {
    let left = left(slice::from_ref(service), seen);
    let mut reasons: Vec<Why> = left.map(|task| still(task, seen)).collect();
    // Where some are wanted, the next one may start at any moment.
    let found = seen.services.get(service);
    let wanted = found.and_then(|found| found.spec.replicas());
    if let Some(wanted) = wanted.filter(|wanted| *wanted > 0) {
        let why = format!("is told to have {}", count(wanted, "task"));
        reasons.push(Why::new(short(service), why));
    }
    Verdict::from_reasons(reasons, || "no task left".to_owned())
}

/// The tasks of these services that have not ended.
fn left<'a>(services: &'a [String], seen: &'a Observed) -> impl Iterator<Item = &'a Task> {
    let tasks = seen.tasks.iter();
    tasks.filter(|task| services.contains(&task.service) && !task.has_ended())
}

fn still(task: &Task, seen: &Observed) -> Why {
    let node = lost_node(task, seen);
    let on = node.map_or_else(String::new, |node| {
        format!(" on {}, which is {}", node.hostname, node.state)
    });
    Why::new(task_name(task), format!("is still {}{on}", task.state))
}

/// Whether Swarm no longer wants a task of a host that is down. It goes on saying what the host said last,
/// for a day (swarmkit: `defaultNodeDownPeriod` in `manager/dispatcher/dispatcher.go`), and removes a
/// network meanwhile that such a task is on (`removeNetwork` in `manager/controlapi/network.go`). A
/// member that comes back with its host is not to find another one at its data.
fn is_given_up(task: &Task, seen: &Observed) -> bool {
    !task.is_wanted()
        && is_at_home_anywhere(short(&task.service))
        && lost_node(task, seen).is_some()
}

fn lost_node<'a>(task: &Task, seen: &'a Observed) -> Option<&'a Node> {
    let mut nodes = seen.nodes.iter();
    nodes.find(|node| node.id == task.node_id && node.state == "down")
}

pub(crate) fn judge_replaced(service: &str, node: &str, seen: &Observed) -> Verdict {
    let wanted: Vec<&Task> = seen
        .tasks
        .iter()
        .filter(|task| task.service == service && task.is_wanted())
        .collect();
    let on_node = |task: &Task| {
        seen.nodes
            .iter()
            .any(|candidate| candidate.hostname == node && candidate.id == task.node_id)
    };
    if let Some(task) = wanted.iter().find(|task| on_node(task)) {
        return Verdict::Waiting(vec![Why::new(task_name(task), "is still wanted there")]);
    }
    let replicas = seen
        .services
        .get(service)
        .and_then(|found| found.spec.replicas())
        .unwrap_or(0);
    if (wanted.len() as u64) < replicas {
        return Verdict::Waiting(vec![Why::new(short(service), "has no replacement yet")]);
    }
    Verdict::Open("its replacement waits".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    use crate::gate::{Gate, Members, RENEWED, Tasks};
    use crate::observed::Service;
    use crate::spec::Healthcheck;
    use crate::system::{FRONT, METADATA};

    const PROXY: &str = "prod-milvus_proxy";

    fn seen(state: &str, message: &str) -> Observed {
        let service = Service {
            update_state: state.to_owned(),
            update_message: message.to_owned(),
            ..Service::default()
        };
        Observed {
            services: [(PROXY.to_owned(), service)].into(),
            ..Observed::default()
        }
    }

    #[test]
    fn a_task_that_was_turned_away_did_not_fail() {
        let old = |id: &str, state: &str, error: &str| Task {
            id: id.to_owned(),
            service: PROXY.to_owned(),
            slot: 1,
            state: state.to_owned(),
            error: error.to_owned(),
            ..Task::default()
        };
        let now = old("c", "starting", "");
        let mut seen = Observed {
            tasks: vec![old("a", "rejected", TURNED_AWAY), now.clone()],
            ..Observed::default()
        };
        assert_eq!(history(&seen, &now), "");
        seen.tasks.push(old("b", "failed", "exit code 1"));
        assert_eq!(
            history(&seen, &now),
            "; 1 before it failed, the last with: exit code 1"
        );
    }

    #[test]
    fn of_a_health_check_all_is_told_that_is_known() {
        let task = |error: &str| Task {
            service: PROXY.to_owned(),
            slot: 1,
            state: "failed".to_owned(),
            error: error.to_owned(),
            ..Task::default()
        };
        let unhealthy = task("task: non-zero exit (137): dockerexec: unhealthy container");
        let mut seen = seen("", "");
        let service = seen.services.get_mut(PROXY).unwrap();
        let container = &mut service.spec.task_template.container_spec;
        let check = container.healthcheck.insert(Healthcheck::default());
        check.test = ["CMD", "bash", "/milvus/check-session.sh"]
            .map(Into::into)
            .into();
        assert_eq!(
            said(&seen, &unhealthy),
            "its health check failed three times: it lost its session in etcd, or its host could not run \
             the check (task: non-zero exit (137): dockerexec: unhealthy container)"
        );
        let killed = task("task: non-zero exit (137)");
        assert_eq!(said(&seen, &killed), killed.error);
        // A check of the user's own.
        let service = seen.services.get_mut(PROXY).unwrap();
        let container = &mut service.spec.task_template.container_spec;
        container.healthcheck = Some(Healthcheck::default());
        assert_eq!(said(&seen, &unhealthy), unhealthy.error);
    }

    #[test]
    fn a_paused_update_shuts_the_gate_with_swarm_s_words() {
        let gates = [
            Gate::Tasks(Tasks {
                component: FRONT.name.to_owned(),
                check: RENEWED.to_owned(),
                service: PROXY.to_owned(),
                tasks: 1,
                ..Tasks::default()
            }),
            Gate::Members(Members {
                component: METADATA.name.to_owned(),
                check: "quorum".to_owned(),
                cluster: "prod".to_owned(),
                members: vec![PROXY.to_owned()],
                at_least: 1,
                asks: BTreeMap::new(),
            }),
            Gate::Converged {
                service: PROXY.to_owned(),
            },
        ];
        for gate in gates {
            for state in ["paused", "rollback_paused"] {
                let verdict = gate.judge(&seen(state, "due to failure of task x"), &[], &[]);
                let Verdict::Shut(why) = &verdict else {
                    panic!("{gate}: {verdict:?}");
                };
                assert_eq!(
                    why[0].to_string(),
                    "`proxy` is not updated any further: due to failure of task x; `docker service \
                     ps --no-trunc prod-milvus_proxy` says why, `docker service update \
                     prod-milvus_proxy` goes on"
                );
            }
            for state in ["", "updating", "completed"] {
                let verdict = gate.judge(&seen(state, ""), &[], &[]);
                assert!(!matches!(verdict, Verdict::Shut(_)), "{gate}: {verdict:?}");
            }
        }
    }
}
