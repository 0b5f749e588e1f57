//! HAProxy: whether what is asked of it comes to a proxy that works.

use super::unnamed;
use crate::gate::{self, Asked, Check, Tasks, Verdict, Why, short, task_name, up};
use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::system::milvus::PROXY;
use crate::system::milvus::ask::{judge, serves};
use crate::system::milvus::rest::Rest;
use crate::system::minio::{LIVE, S3};

/// Through so many of its tasks somebody whom nobody knows is refused, for which the proxy behind it asks
/// the root coordinator. No password is said to it: it is on the front network too.
pub(super) const REACHES: Check<Tasks> = Check {
    name: "reaches-proxies",
    takes: 7_000,
    asks: &[PROXY.name],
    words: |gate| format!("balancers: {} reach proxies that serve", gate.tasks),
    questions,
    judge: |gate, seen, asked, answers| {
        let proxies = gate.asks.get(PROXY.name).into_iter().flatten();
        let unnamed = proxies.flat_map(|service| unnamed(service, seen));
        judge(gate, seen, asked, answers, reaches).unless(unnamed.collect())
    },
};

/// So many tasks are made from the present spec, and what is asked of any comes to a proxy.
pub(super) const RENEWED: Check<Tasks> = Check {
    name: gate::RENEWED,
    words: |gate| {
        let renewed = gate.renewed.unwrap_or(gate.tasks);
        format!("balancers: {renewed} of {} renewed", gate.tasks)
    },
    judge: |gate, seen, asked, answers| {
        let renewed = gate.renewed.unwrap_or(gate.tasks);
        let at_least = Tasks {
            tasks: renewed,
            ..gate.clone()
        };
        let up = seen.tasks_of(&gate.service).filter(|task| task.is_up());
        let up = up.count() as u64;
        let text = format!("has {up} of {} tasks up", gate.tasks);
        let few = (up < gate.tasks).then(|| Why::new(short(&gate.service), text));
        judge(&at_least, seen, asked, answers, reaches).unless(Vec::from_iter(few))
    },
    ..REACHES
};

/// No task of the service is left on a node.
pub(super) const GONE: Check<Tasks> = Check {
    name: gate::GONE,
    words: |gate| format!("balancers: gone from {}", gate.node()),
    questions: |_, _| Vec::new(),
    judge: |gate, seen, _, _| {
        let mut nodes = seen.nodes.iter();
        let node = nodes.find(|node| node.hostname == gate.node());
        let is_here = |task: &&Task| node.is_some_and(|node| node.id == task.node_id);
        let here = seen.tasks_of(&gate.service).filter(is_here);
        let left = here.filter(|task| !task.has_ended());
        let left = left.map(|task| Why::new(task_name(task), "has not ended yet"));
        Verdict::from_reasons(left.collect(), || "it left".to_owned())
    },
    ..REACHES
};

/// HAProxy itself answers while it knows no proxy.
fn reaches(question: &Question, answer: &Answer) -> Result<(), String> {
    match answer {
        Answer::Http { status: 503, .. } => Err(
            "it knows nobody behind it who works; Swarm names a proxy to it 10 s after its start"
                .to_owned(),
        ),
        _ => serves(question, answer),
    }
}

fn questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    let proxies = gate.asks.get(PROXY.name).into_iter().flatten();
    let mut tasks = proxies.flat_map(|service| seen.tasks_of(service));
    // It speaks as they do; until one is there, nobody has to be asked.
    let Some(rest) = tasks
        .find(|task| task.is_up())
        .map(|task| Rest::of(task, &gate.cluster, seen))
    else {
        return Vec::new();
    };
    let found = seen.services.get(&gate.service);
    let ports = found.map_or(&[][..], |found| &found.spec.endpoint_spec.ports);
    let has_objects = ports
        .iter()
        .any(|port| port.target_port == u32::from(S3.port));
    up(seen, &gate.service)
        .flat_map(|(task, ip)| {
            let ip = ip.to_string();
            let objects = has_objects.then(|| Question::get(&ip, S3.port, LIVE));
            let users = rest.list_as_nobody(&ip);
            let each = [users].into_iter().chain(objects);
            each.map(|question| Asked {
                subject: task_name(task),
                question,
            })
        })
        .collect()
}
