//! Where root's password may be said: inside the task that it is said to, or over a network that is
//! encrypted. Milvus' processes speak without TLS, and what goes from one host to another over any
//! other overlay network stands as it is in its packets.

use std::net::IpAddr;

use super::ROOT_TOKEN;
use crate::observed::{Observed, Task};
use crate::question::Question;
use crate::spec::is_encrypted;

/// Why a question was not asked.
pub const WOULD_CROSS: &str = "it is asked as root, no proxy runs on this manager, and to look at something no \
                               password is sent over a network that is not encrypted: name a manager with a \
                               proxy with `--host`";

/// Whether root's password is part of a question.
#[must_use]
pub fn is_as_root(question: &Question) -> bool {
    match question {
        Question::ShardLeaders { .. } => true,
        Question::Http { headers, .. } => {
            let mut values = headers.iter().map(|(_, value)| value);
            values.any(|value| value.contains(ROOT_TOKEN))
        }
        Question::Tcp { .. }
        | Question::File { .. }
        | Question::Strangers { .. }
        | Question::Image { .. }
        | Question::Talk(_) => false,
    }
}

/// Whether root's password would be read by whoever reads what hosts send each other.
#[must_use]
pub fn crosses(question: &Question, seen: &Observed) -> bool {
    let is_private = |host: &str| within(host, seen).is_some() || is_hidden(host, seen);
    is_as_root(question) && !question.host().is_some_and(is_private)
}

/// The task with an address, if a process can be started in it: on its own address a task talks to
/// itself, and nothing of that leaves it.
#[must_use]
pub fn within<'a>(host: &str, seen: &'a Observed) -> Option<&'a Task> {
    let (task, _) = at(host, seen)?;
    is_enterable(task, seen).then_some(task)
}

/// Whether what is sent to an address is encrypted between hosts.
#[must_use]
pub fn is_hidden(host: &str, seen: &Observed) -> bool {
    let network = at(host, seen).and_then(|(_, network)| seen.networks.get(network));
    network.is_some_and(|network| is_encrypted(&network.spec))
}

/// Of tasks of proxies the one to ask as root: one that can be asked within itself. While one on the
/// engine's node is on its way it is waited for, and no other is asked, unless over a network that is
/// encrypted.
pub fn nearest<'a>(
    service: &str,
    up: impl Iterator<Item = (&'a Task, IpAddr)>,
    seen: &'a Observed,
) -> Option<(&'a Task, IpAddr)> {
    let up: Vec<_> = up.collect();
    let mut inside = up.iter().filter(|(task, _)| is_enterable(task, seen));
    if let Some(found) = inside.next() {
        return Some(*found);
    }
    let first = up.first().copied()?;
    let is_hidden = is_hidden(&first.1.to_string(), seen);
    (is_hidden || !is_coming(service, seen)).then_some(first)
}

/// Why [`nearest`] finds none: whoever asks need not wait for one that may never be up.
#[must_use]
pub fn none_near(service: &str, seen: &Observed) -> String {
    let mut all = seen.tasks_of(service);
    if is_coming(service, seen) && all.any(Task::is_up) {
        "the proxy on this manager is not up yet, and no other is told root's password over a network that \
         is not encrypted: name a manager whose proxy is up with `--host`"
            .to_owned()
    } else {
        format!("no task of `{service}` is up")
    }
}

/// Whether one on the engine's node is on its way.
fn is_coming(service: &str, seen: &Observed) -> bool {
    let mut all = seen.tasks_of(service);
    all.any(|task| is_here(task, seen) && task.is_placed() && task.is_wanted())
}

/// The task of the cluster with an address, and the network that it has it on.
fn at<'a>(host: &str, seen: &'a Observed) -> Option<(&'a Task, &'a str)> {
    let host: IpAddr = host.parse().ok()?;
    let mut all = seen.tasks.iter().filter(|task| task.is_up());
    all.find_map(|task| {
        let mut addresses = task.addresses.iter();
        let (network, _) = addresses.find(|(_, ip)| **ip == host)?;
        Some((task, network.as_str()))
    })
}

fn is_here(task: &Task, seen: &Observed) -> bool {
    !seen.this_node.is_empty() && task.node_id == seen.this_node
}

fn is_enterable(task: &Task, seen: &Observed) -> bool {
    is_here(task, seen) && task.is_up() && !task.container_id.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observed::Network;
    use crate::system::milvus::rest::Rest;

    const HERE: &str = "10.0.0.7";
    const THERE: &str = "10.0.0.8";

    fn task(node: &str, ip: &str, state: &str) -> Task {
        Task {
            service: "prod-milvus_proxy".to_owned(),
            node_id: node.to_owned(),
            state: state.to_owned(),
            desired_state: "running".to_owned(),
            container_id: format!("on-{node}"),
            addresses: [("prod_net".to_owned(), ip.parse().expect("an address"))].into(),
            ..Task::default()
        }
    }

    fn seen(here: &str) -> Observed {
        Observed {
            this_node: "a".to_owned(),
            tasks: vec![task("b", THERE, "running"), task("a", HERE, here)],
            networks: [("prod_net".to_owned(), Network::default())].into(),
            ..Observed::default()
        }
    }

    fn hidden(mut seen: Observed) -> Observed {
        let network = seen.networks.get_mut("prod_net").expect("a network");
        let options = &mut network.spec.options;
        options.insert("encrypted".to_owned(), String::new());
        seen
    }

    #[test]
    fn only_what_is_asked_within_a_task_does_not_cross() {
        let mut seen = seen("running");
        let leaders = |host: &str| Question::ShardLeaders {
            host: host.to_owned(),
        };
        let list = |host: &str| Rest::V2.list(host);
        for (host, is_out) in [
            (HERE, false),
            (THERE, true),
            // What nobody knows is elsewhere.
            ("10.0.0.9", true),
            ("proxy", true),
        ] {
            assert_eq!(crosses(&leaders(host), &seen), is_out, "{host}");
            assert_eq!(crosses(&list(host), &seen), is_out, "{host}");
        }
        assert!(!crosses(&Rest::V2.list_as_nobody(THERE), &seen));
        seen = hidden(seen);
        assert!(!crosses(&leaders(THERE), &seen));
    }

    #[test]
    fn the_proxy_of_this_node_is_asked_and_waited_for() {
        let service = "prod-milvus_proxy";
        let asked = |seen: &Observed| {
            let up = seen.tasks.iter().filter(|task| task.is_up());
            let up = up.filter_map(|task| Some((task, task.address()?)));
            nearest(service, up, seen).map(|(_, ip)| ip.to_string())
        };
        assert_eq!(asked(&seen("running")).as_deref(), Some(HERE));
        let waits = seen("preparing");
        assert_eq!(asked(&waits), None);
        assert!(none_near(service, &waits).ends_with("with `--host`"));
        assert_eq!(asked(&seen("failed")).as_deref(), Some(THERE));
        // One that never comes up keeps nobody from those that are.
        assert_eq!(asked(&hidden(waits)).as_deref(), Some(THERE));
        assert_eq!(
            none_near(service, &Observed::default()),
            "no task of `prod-milvus_proxy` is up"
        );
    }
}
