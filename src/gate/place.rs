//! Why a task has no node: the first thing that excludes each, and what would make it fit.
//!
//! Swarm counts nodes by reason and names none (swarmkit: `manager/scheduler/pipeline.go`,
//! `Explain`). The filters are those of `manager/scheduler/filter.go`; what a task's labels say is
//! looked at before what its node has, because a node that is not meant for it need not be mended.

use jiff::Timestamp;

use super::vain::PATIENCE;
use crate::constraint::first_unmet;
use crate::observed::{Node, Observed, Reserved, Service, Task};
use crate::words::names;

/// How Swarm begins when it found no node (swarmkit: `noSuitableNode` in
/// `manager/scheduler/scheduler.go`).
pub(crate) const NO_NODE: &str = "no suitable node";

/// The prefix of labels that this tool writes.
const OURS: &str = "node.labels.milvus.";

/// Why a node does not get a task.
struct Excluded {
    /// `is drained`, said of one node or of several.
    is: (String, String),
    /// What would make it fit.
    mend: String,
    /// Whether it stays so until a person does something.
    lasts: bool,
}

/// Whether Swarm looks for a node for this task and has found none.
fn is_homeless(task: &Task) -> bool {
    task.is_wanted() && task.state == "pending" && task.error.starts_with(NO_NODE)
}

/// What to add to Swarm's words about a task that has no node: nothing of other tasks.
pub(super) fn why(seen: &Observed, task: &Task) -> String {
    let service = seen.services.get(&task.service);
    let service = service.filter(|_| is_homeless(task));
    service.map_or_else(String::new, |service| {
        let folded = folded(excluded(seen, task, service));
        folded.iter().map(|text| format!("; {text}")).collect()
    })
}

/// Why no node takes any task of a service, where that stays so until a person mends it.
pub(super) fn in_vain(service: &str, seen: &Observed) -> Option<String> {
    let found = seen.services.get(service)?;
    let now: Timestamp = seen.seen_at.parse().ok()?;
    let waits = |task: &Task| {
        let since: Option<Timestamp> = task.created_at.parse().ok();
        is_homeless(task) && since.is_some_and(|since| (now - since).get_seconds() >= PATIENCE)
    };
    let mut wanted = seen.tasks_of(service).filter(|task| task.is_wanted());
    let first = wanted.next().filter(|task| waits(task))?;
    if !wanted.all(waits) {
        return None;
    }
    let excluded = excluded(seen, first, found);
    let is_certain = !excluded.is_empty()
        && excluded
            .iter()
            .all(|(_, why)| why.as_ref().is_some_and(|why| why.lasts));
    is_certain.then(|| format!("has no node: {}", folded(excluded).join("; ")))
}

/// Each node with the first thing that excludes it, where that is known.
fn excluded<'a>(
    seen: &'a Observed,
    task: &Task,
    service: &Service,
) -> Vec<(&'a Node, Option<Excluded>)> {
    let mut nodes: Vec<&Node> = seen.nodes.iter().collect();
    nodes.sort_by(|one, other| one.hostname.cmp(&other.hostname));
    let why = |node| first(seen, task, service, node);
    nodes.into_iter().map(|node| (node, why(node))).collect()
}

/// The first thing that keeps a node from getting a task.
fn first(seen: &Observed, task: &Task, service: &Service, node: &Node) -> Option<Excluded> {
    let template = &service.spec.task_template;
    if let Some(unmet) = first_unmet(&template.placement.constraints, node) {
        return Some(unlike(unmet));
    }
    let name = &node.hostname;
    if node.state != "ready" {
        let is = format!("is {}", node.state);
        return Some(Excluded {
            is: (is, format!("are {}", node.state)),
            mend: "start it again".to_owned(),
            lasts: false,
        });
    }
    if node.availability != "active" {
        let how = match node.availability.as_str() {
            "pause" => "paused",
            _ => "drained",
        };
        return Some(Excluded {
            is: (format!("is {how}"), format!("are {how}")),
            mend: format!("docker node update --availability active {name}"),
            lasts: true,
        });
    }
    if let Some(platform) = other_platform(&template.placement.platforms, node) {
        return Some(Excluded {
            is: (format!("is {platform}"), format!("are {platform}")),
            mend: "take another image or other hosts".to_owned(),
            lasts: true,
        });
    }
    let most = template.placement.max_replicas;
    let here = || {
        seen.tasks_of(&task.service)
            .filter(|other| is_on(other, node))
    };
    if most > 0 && here().count() as u64 >= most {
        let has = "already its most tasks of this service";
        return Some(Excluded {
            is: (format!("has {has}"), format!("have {has}")),
            mend: "raise `per_host` of the role, or give it to more hosts".to_owned(),
            lasts: false,
        });
    }
    let asked = template.resources.reservations.as_ref()?;
    let asked = Reserved {
        nano_cpus: asked.nano_cpus,
        memory_bytes: asked.memory_bytes,
    };
    lacks(seen, asked, node, &task.error)
}

fn is_on(task: &Task, node: &Node) -> bool {
    task.node_id == node.id && task.is_placed()
}

/// A node without what a constraint asks for.
fn unlike(constraint: &str) -> Excluded {
    let (label, value) = constraint.split_once("==").unwrap_or_default();
    let mend = match label.trim() {
        // Labels of members tell where data is: nobody should set one by hand.
        label if label.starts_with(OURS) => {
            "`milvus-swarm up` sets it on the hosts of the inventory".to_owned()
        }
        label => label.strip_prefix("node.labels.").map_or_else(
            || "change the constraint in the stack file".to_owned(),
            |label| {
                format!(
                    "docker node update --label-add {label}={} NODE",
                    value.trim()
                )
            },
        ),
    };
    Excluded {
        is: (
            format!("does not satisfy `{constraint}`"),
            format!("do not satisfy `{constraint}`"),
        ),
        mend,
        lasts: true,
    }
}

/// What a node is, if that is none of the platforms of an image, compared as SwarmKit does it.
fn other_platform(platforms: &[serde_json::Value], node: &Node) -> Option<String> {
    let plain = |text: &str| match text {
        "x86_64" => "amd64".to_owned(),
        "aarch64" => "arm64".to_owned(),
        other => other.to_owned(),
    };
    let part =
        |platform: &serde_json::Value, key: &str| plain(platform[key].as_str().unwrap_or_default());
    let (os, architecture) = (plain(&node.os), plain(&node.architecture));
    let is = |have: &str, asked: &str| asked.is_empty() || have == asked;
    let fits = |platform: &serde_json::Value| {
        is(&architecture, &part(platform, "Architecture")) && is(&os, &part(platform, "OS"))
    };
    if platforms.is_empty() || os.is_empty() || platforms.iter().any(fits) {
        return None;
    }
    let first = &platforms[0];
    let (their_os, their) = (part(first, "OS"), part(first, "Architecture"));
    Some(format!(
        "{os}/{architecture}, and the image is made for {their_os}/{their}"
    ))
}

/// What a node has too little of. What tasks of others hold is not always known: Swarm's own words
/// tell then that something does.
fn lacks(seen: &Observed, asked: Reserved, node: &Node, said: &str) -> Option<Excluded> {
    let has = Reserved {
        nano_cpus: node.nano_cpus,
        memory_bytes: node.memory_bytes,
    };
    let fits = |free: Reserved| {
        (asked.nano_cpus == 0 || free.nano_cpus >= asked.nano_cpus)
            && (asked.memory_bytes == 0 || free.memory_bytes >= asked.memory_bytes)
    };
    let is_known = has.nano_cpus > 0 && has.memory_bytes > 0;
    if is_known && !fits(has) {
        let less = format!("{has} in all, and {asked} are reserved for a task");
        return Some(Excluded {
            is: (format!("has {less}"), format!("have {less}")),
            mend:
                "lower `cpus.reserve` or `memory.reserve` of the role, or give it to larger hosts"
                    .to_owned(),
            lasts: true,
        });
    }
    let others = seen.others.reserved.get(&node.id).copied();
    let here = seen.tasks.iter().filter(|task| is_on(task, node));
    let used = here.fold(others.unwrap_or_default(), |sum, task| {
        sum.plus(Reserved {
            nano_cpus: task.reserved_cpus,
            memory_bytes: task.reserved_memory,
        })
    });
    let free = Reserved {
        nano_cpus: (has.nano_cpus - used.nano_cpus).max(0),
        memory_bytes: (has.memory_bytes - used.memory_bytes).max(0),
    };
    let is_full = !fits(free) || said.contains("insufficient resources");
    (is_known && is_full).then(|| {
        let less = if fits(free) {
            format!("too little free beside other services for the {asked} that a task reserves")
        } else {
            format!("{free} free, and {asked} are reserved for a task")
        };
        Excluded {
            is: (format!("has {less}"), format!("have {less}")),
            mend: format!(
                "`docker node ps {}` tells who holds the rest",
                node.hostname
            ),
            lasts: false,
        }
    })
}

/// `` `a` and `b` are drained: how to mend it ``: one text for all nodes of which the same is true.
fn folded(excluded: Vec<(&Node, Option<Excluded>)>) -> Vec<String> {
    let mut groups: Vec<(Excluded, Vec<&str>)> = Vec::new();
    for (node, why) in excluded {
        let Some(why) = why else { continue };
        match groups.iter_mut().find(|(other, _)| other.is == why.is) {
            Some((_, hosts)) => hosts.push(&node.hostname),
            None => groups.push((why, vec![&node.hostname])),
        }
    }
    // Most nodes are not meant for a task; what is wrong with those that are stands first.
    groups.sort_by_key(|(why, hosts)| (why.is.0.starts_with("does"), hosts.len()));
    let text = |(why, hosts): &(Excluded, Vec<&str>)| {
        let is = if hosts.len() == 1 {
            &why.is.0
        } else {
            &why.is.1
        };
        format!("{} {is}: {}", names(hosts), why.mend)
    };
    groups.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Gate, Members, Verdict};
    use crate::spec::{ResourceAmount, Resources, ServiceSpec};
    use crate::system::METADATA;

    const SERVICE: &str = "prod-milvus_proxy";
    const GIB: i64 = 1 << 30;

    fn node(name: &str, label: &str) -> Node {
        Node {
            id: format!("id-{name}"),
            hostname: name.to_owned(),
            availability: "active".to_owned(),
            state: "ready".to_owned(),
            labels: [("disk".to_owned(), label.to_owned())].into(),
            nano_cpus: 4_000_000_000,
            memory_bytes: 8 * GIB,
            os: "linux".to_owned(),
            architecture: "x86_64".to_owned(),
            ..Node::default()
        }
    }

    fn pending(slot: u64) -> Task {
        Task {
            id: format!("t{slot}"),
            service: SERVICE.to_owned(),
            slot,
            state: "pending".to_owned(),
            desired_state: "running".to_owned(),
            error: "no suitable node (1 node not available for new tasks)".to_owned(),
            created_at: "2026-01-01T00:00:00Z".to_owned(),
            ..Task::default()
        }
    }

    fn seen(nodes: Vec<Node>, memory_bytes: i64) -> Observed {
        let mut spec = ServiceSpec::default();
        let template = &mut spec.task_template;
        template.placement.constraints = vec!["node.labels.disk == ssd".to_owned()];
        template.placement.platforms =
            vec![serde_json::json!({"OS": "linux", "Architecture": "amd64"})];
        template.resources = Resources {
            reservations: Some(ResourceAmount {
                memory_bytes,
                ..ResourceAmount::default()
            }),
            ..Resources::default()
        };
        let service = Service {
            spec,
            ..Service::default()
        };
        Observed {
            seen_at: "2026-01-01T00:00:30Z".to_owned(),
            nodes,
            services: [(SERVICE.to_owned(), service)].into(),
            tasks: vec![pending(1)],
            ..Observed::default()
        }
    }

    fn with(change: impl FnOnce(&mut Node)) -> Observed {
        let mut fit = node("b", "ssd");
        change(&mut fit);
        seen(vec![node("c", ""), node("a", "hdd"), fit], GIB)
    }

    fn says(seen: &Observed) -> String {
        why(seen, &seen.tasks[0])
    }

    const UNLIKE: &str = "; `a` and `c` do not satisfy `node.labels.disk == ssd`: docker node update \
                          --label-add disk=ssd NODE";

    #[test]
    fn each_node_is_named_with_what_excludes_it() {
        type Case = (fn(&mut Node), &'static str, bool);
        let cases: [Case; 6] = [
            (
                |node| "drain".clone_into(&mut node.availability),
                "; `b` is drained: docker node update --availability active b",
                true,
            ),
            (
                |node| "pause".clone_into(&mut node.availability),
                "; `b` is paused: docker node update --availability active b",
                true,
            ),
            (
                |node| "down".clone_into(&mut node.state),
                "; `b` is down: start it again",
                false,
            ),
            (
                |node| "aarch64".clone_into(&mut node.architecture),
                "; `b` is linux/arm64, and the image is made for linux/amd64: take another image or \
                 other hosts",
                true,
            ),
            (
                |node| node.memory_bytes = GIB / 2,
                "; `b` has 4 CPUs and 512MiB in all, and 0 CPUs and 1GiB are reserved for a task: \
                 lower `cpus.reserve` or `memory.reserve` of the role, or give it to larger hosts",
                true,
            ),
            (|_| {}, "", false),
        ];
        for (change, expected, lasts) in cases {
            let seen = with(change);
            assert_eq!(says(&seen), format!("{expected}{UNLIKE}"));
            assert_eq!(in_vain(SERVICE, &seen).is_some(), lasts, "{expected}");
        }
    }

    #[test]
    fn what_other_tasks_hold_may_be_given_back() {
        let mut seen = with(|_| {});
        seen.tasks.push(Task {
            service: "prod-milvus_querynode".to_owned(),
            node_id: "id-b".to_owned(),
            state: "running".to_owned(),
            reserved_memory: 7 * GIB + GIB / 2,
            ..Task::default()
        });
        assert!(
            says(&seen).starts_with(
                "; `b` has 4 CPUs and 512MiB free, and 0 CPUs and 1GiB are reserved for a task: \
                 `docker node ps b` tells who holds the rest; "
            ),
            "{}",
            says(&seen)
        );
        assert_eq!(in_vain(SERVICE, &seen), None);
    }

    #[test]
    fn only_a_label_of_others_is_to_be_set_by_hand() {
        let constraint = "node.labels.milvus.prod.member.etcd-2 == true";
        assert!(unlike(constraint).mend.starts_with("`milvus-swarm up`"));
    }

    #[test]
    fn a_task_that_has_just_come_or_a_node_that_fits_is_waited_for() {
        let drained = |node: &mut Node| "drain".clone_into(&mut node.availability);
        let mut early = with(drained);
        early.tasks[0].created_at = "2026-01-01T00:00:25Z".to_owned();
        assert_eq!(in_vain(SERVICE, &early), None);
        let mut one_runs = with(drained);
        let mut running = pending(2);
        running.state = "running".to_owned();
        one_runs.tasks.push(running);
        assert_eq!(in_vain(SERVICE, &one_runs), None);
    }

    #[test]
    fn a_gate_is_given_up_once_and_tells_equal_tasks_once() {
        let mut seen = with(|node| "drain".clone_into(&mut node.availability));
        seen.tasks.push(pending(2));
        if let Some(service) = seen.services.get_mut(SERVICE) {
            service.spec.mode.replicated = Some(crate::spec::Replicated { replicas: Some(2) });
        }
        let gate = Gate::Converged {
            service: SERVICE.to_owned(),
        };
        let Verdict::Shut(why) = gate.judge(&seen, &[], &[]) else {
            panic!("it waits");
        };
        let why: Vec<String> = why.iter().map(ToString::to_string).collect();
        assert_eq!(
            why,
            [format!(
                "`proxy` has no node: `b` is drained: docker node update --availability active b{UNLIKE}"
            )]
        );
        seen.tasks[0].created_at = seen.seen_at.clone();
        let Verdict::Waiting(why) = gate.judge(&seen, &[], &[]) else {
            panic!("it does not wait");
        };
        assert_eq!(why.len(), 1, "{why:?}");
        assert!(
            why[0].reason.starts_with(
                "has 2 tasks of which each is pending: no suitable node (1 node not available for \
                 new tasks); `b` is drained"
            ),
            "{}",
            why[0]
        );
    }

    #[test]
    fn a_quorum_that_the_others_make_is_waited_for() {
        let seen = with(|node| "drain".clone_into(&mut node.availability));
        let verdict = |at_least| {
            let gate = Gate::Members(Members {
                component: METADATA.name.to_owned(),
                check: "quorum".to_owned(),
                cluster: "prod".to_owned(),
                members: vec![SERVICE.to_owned(), "prod-store_other".to_owned()],
                at_least,
                asks: [].into(),
            });
            gate.judge(&seen, &[], &[])
        };
        assert!(matches!(verdict(1), Verdict::Waiting(_)));
        assert!(matches!(verdict(2), Verdict::Shut(_)));
    }
}
