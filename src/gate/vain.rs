//! What waiting does not mend: a task that every host turns away for one reason, again and again.

use jiff::Timestamp;

use super::{Answer, Asked, Why, short};
use crate::constraint::meets;
use crate::observed::{Observed, Service, Task, lacks_image};
use crate::question::Question;

/// So many rejections for one reason are no accident. Swarm tries again after two seconds.
const THRICE: usize = 3;
/// Seconds after which a rejection says nothing of now: somebody may have mended what was wrong.
const RECENT: i64 = 120;
/// Seconds of preparation after which a task is on its way: a slow pull is no failure.
pub(super) const PATIENCE: i64 = 10;

/// Words of Docker for ports that somebody has, which it finds out when it starts the container:
/// the task is `failed` then, not `rejected`.
const TAKEN: [&str; 2] = ["port is already allocated", "address already in use"];
/// Words for what may be over in a moment.
const PASSING: [&str; 5] = [
    "deadline exceeded",
    "timeout",
    "timed out",
    "connection refused",
    "network",
];

/// A service whose tasks are turned away.
struct Rejected<'a> {
    service: &'a str,
    /// The image that it should run.
    image: &'a str,
    /// How often.
    times: usize,
    /// By whom.
    hosts: Vec<&'a str>,
    /// Docker's own words, of the last time.
    error: &'a str,
}

/// Asks registries for the images that no host gets.
pub(super) fn questions(services: &[&str], seen: &Observed) -> Vec<Asked> {
    let rejected = services.iter().filter_map(|name| rejected(name, seen));
    rejected
        .filter(|one| lacks_image(one.error))
        .map(|one| Asked {
            subject: one.service.to_owned(),
            question: Question::Image {
                image: one.image.to_owned(),
            },
        })
        .collect()
}

/// What registries say of images, and what is certain.
#[derive(Debug, Default)]
pub(super) struct Vain {
    /// Waiting longer does not help.
    pub certain: Vec<Why>,
    /// It may.
    pub told: Vec<Why>,
}

/// Reads the answers to [`questions`].
pub(super) fn judge(services: &[&str], seen: &Observed, answers: &[(&Asked, &Answer)]) -> Vain {
    let mut vain = Vain::default();
    for one in services.iter().filter_map(|name| rejected(name, seen)) {
        let why = |text: String| Why::new(short(one.service), text);
        if !lacks_image(one.error) {
            vain.certain.push(why(one.sentence()));
            continue;
        }
        let mut of_it = answers.iter();
        let answer = of_it.find(|(asked, _)| asked.subject == one.service);
        let image = one.image;
        match answer.map(|(_, answer)| *answer) {
            None | Some(Answer::Http { status: 200, .. } | Answer::Bytes(_)) => {}
            Some(Answer::Http { status: 404, .. }) => {
                let text = format!("can't start: its registry has no `{image}`; ");
                vain.certain.push(why(text + &one.count()));
            }
            Some(Answer::Http {
                status: 401 | 403, ..
            }) => vain.told.push(why(format!(
                "waits for `{image}`, which its registry has not or does not show to this login"
            ))),
            Some(other) => {
                let said = other.ok().err().unwrap_or_default();
                vain.told.push(why(format!(
                    "waits for `{image}`, whose registry can't be asked from here: {said}"
                )));
            }
        }
    }
    vain
}

impl Rejected<'_> {
    fn sentence(&self) -> String {
        format!("can't start: {}", self.count())
    }

    fn count(&self) -> String {
        format!(
            "{} tries failed, on each host that may run it ({}), the last with: {}",
            self.times,
            self.hosts.join(", "),
            self.error
        )
    }
}

/// Whether every host that may run a service's tasks has turned them away for one reason.
fn rejected<'a>(service: &'a str, seen: &'a Observed) -> Option<Rejected<'a>> {
    let found = seen.services.get(service)?;
    let now: Timestamp = seen.seen_at.parse().ok()?;
    let age = |task: &Task| -> Option<i64> {
        let then: Timestamp = task.state_at.parse().ok()?;
        Some((now - then).get_seconds())
    };
    let tasks = || seen.tasks_of(service).filter(|task| seen.is_current(task));
    let is_on_its_way = |task: &Task| match task.state.as_str() {
        "running" | "starting" => true,
        "preparing" => age(task).is_none_or(|age| age >= PATIENCE),
        _ => false,
    };
    if tasks().any(|task| task.is_wanted() && is_on_its_way(task)) {
        return None;
    }
    let is_recent = |task: &&Task| age(task).is_some_and(|age| age <= RECENT);
    let turned_away: Vec<&Task> = tasks().filter(is_vain).filter(is_recent).collect();
    let last = turned_away
        .iter()
        .max_by(|one, other| one.state_at.cmp(&other.state_at))?;
    let reason = plain(&last.error);
    let same: Vec<&&Task> = turned_away
        .iter()
        .filter(|task| plain(&task.error) == reason)
        .collect();
    let hosts = may_run(found, seen)?;
    let has_said = |id: &str| same.iter().any(|task| task.node_id == id);
    (same.len() >= THRICE && hosts.iter().all(|(id, _)| has_said(id))).then(|| Rejected {
        service,
        image: &found.spec.task_template.container_spec.image,
        times: same.len(),
        hosts: hosts.iter().map(|(_, name)| *name).collect(),
        error: &last.error,
    })
}

fn is_vain(task: &&Task) -> bool {
    let has = |words: &[&str]| words.iter().any(|words| task.error.contains(words));
    match task.state.as_str() {
        "rejected" => {
            lacks_image(&task.error)
                || !task.error.is_empty()
                    && task.error != super::swarm::TURNED_AWAY
                    && !has(&PASSING)
        }
        "failed" => has(&TAKEN),
        _ => false,
    }
}

/// Identifiers and names of the hosts that may run a service's tasks now, if there are any.
fn may_run<'a>(service: &Service, seen: &'a Observed) -> Option<Vec<(&'a str, &'a str)>> {
    let constraints = &service.spec.task_template.placement.constraints;
    let hosts: Vec<(&str, &str)> = seen
        .nodes
        .iter()
        .filter(|node| node.takes_tasks() && meets(constraints, node))
        .map(|node| (node.id.as_str(), node.hostname.as_str()))
        .collect();
    (!hosts.is_empty()).then_some(hosts)
}

/// A reason without the names of one task: containers, endpoints and slots have others each time.
fn plain(error: &str) -> String {
    let is_name = |word: &&str| {
        let is_hex = word.len() >= 12 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
        !(is_hex || is_number || word.len() >= 25)
    };
    let words = error.split(|letter: char| !letter.is_ascii_alphanumeric());
    words.filter(is_name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::{Gate, Verdict};
    use crate::observed::Node;

    const SERVICE: &str = "prod-milvus_proxy";
    const NO_IMAGE: &str = "No such image: r/m:1";

    /// Two hosts that may run the service and one that may not, and rejections by them.
    fn seen(rejections: &[(&str, &str)]) -> Observed {
        let node = |id: &str, label: &str| Node {
            id: id.to_owned(),
            hostname: format!("host-{id}"),
            availability: "active".to_owned(),
            state: "ready".to_owned(),
            labels: [("proxy".to_owned(), label.to_owned())].into(),
            ..Node::default()
        };
        let mut service = Service {
            version: 7,
            ..Service::default()
        };
        let mut spec = service.spec.clone();
        spec.task_template.placement.constraints = vec!["node.labels.proxy == true".to_owned()];
        spec.task_template.container_spec.image = "r/m:1".to_owned();
        service.spec = spec;
        let tasks = rejections
            .iter()
            .enumerate()
            .map(|(at, (node, error))| Task {
                id: format!("t{at}"),
                service: SERVICE.to_owned(),
                slot: 1,
                node_id: (*node).to_owned(),
                state: "rejected".to_owned(),
                desired_state: "shutdown".to_owned(),
                error: (*error).to_owned(),
                state_at: format!("2026-01-01T00:00:{at:02}Z"),
                spec_version: 7,
                ..Task::default()
            });
        Observed {
            seen_at: "2026-01-01T00:00:30Z".to_owned(),
            nodes: vec![node("a", "true"), node("b", "true"), node("c", "")],
            services: [(SERVICE.to_owned(), service)].into(),
            tasks: tasks.collect(),
            ..Observed::default()
        }
    }

    fn verdict(seen: &Observed, registry: &Answer) -> Verdict {
        let gate = Gate::Converged {
            service: SERVICE.to_owned(),
        };
        let asked = gate.questions(seen);
        let answers = vec![registry.clone(); asked.len()];
        gate.judge(seen, &asked, &answers)
    }

    fn nothing() -> Answer {
        Answer::Failed("nobody asked".to_owned())
    }

    #[test]
    fn three_rejections_by_all_hosts_are_enough_and_less_is_not() {
        let mount = "invalid mount config for type \"bind\": bind source path does not exist: /d";
        let three = [("a", mount), ("b", mount), ("a", mount)];
        let shut = verdict(&seen(&three), &nothing());
        let Verdict::Shut(why) = &shut else {
            panic!("{shut:?}");
        };
        assert_eq!(
            why[0].to_string(),
            format!(
                "`proxy` can't start: 3 tries failed, on each host that may run it (host-a, \
                 host-b), the last with: {mount}"
            )
        );
        let others: [&[(&str, &str)]; 5] = [
            &three[..2],
            // One host has not been asked.
            &[("a", mount), ("a", mount), ("a", mount)],
            // Another reason each time.
            &[("a", mount), ("b", "no space left on device"), ("a", mount)],
            &[("a", "context deadline exceeded"); 3],
            &[("a", super::super::swarm::TURNED_AWAY); 3],
        ];
        for other in others {
            let waits = verdict(&seen(other), &nothing());
            assert!(matches!(waits, Verdict::Waiting(_)), "{other:?}: {waits:?}");
        }
    }

    #[test]
    fn what_is_on_its_way_or_long_ago_is_waited_for() {
        let mount = "invalid mount config";
        let three = [("a", mount), ("b", mount), ("a", mount)];
        let with = |state: &str, since: &str| {
            let mut seen = seen(&three);
            let mut task = seen.tasks[0].clone();
            task.state = state.to_owned();
            task.state_at = since.to_owned();
            task.desired_state = "running".to_owned();
            task.error.clear();
            seen.tasks.push(task);
            verdict(&seen, &nothing())
        };
        let is_shut = |verdict| matches!(verdict, Verdict::Shut(_));
        assert!(!is_shut(with("running", "2026-01-01T00:00:29Z")));
        assert!(!is_shut(with("preparing", "2026-01-01T00:00:10Z")));
        assert!(is_shut(with("preparing", "2026-01-01T00:00:29Z")));
        let mut old = seen(&three);
        old.seen_at = "2026-01-01T00:05:00Z".to_owned();
        assert!(!is_shut(verdict(&old, &nothing())));
    }

    #[test]
    fn of_an_image_only_its_absence_is_certain() {
        let seen = seen(&[("a", NO_IMAGE), ("b", NO_IMAGE), ("b", NO_IMAGE)]);
        let says = |status| Answer::Http {
            status,
            body: Vec::new(),
        };
        let text = |verdict: &Verdict| {
            let reasons = verdict.reasons().iter().map(ToString::to_string);
            reasons.collect::<Vec<_>>().join("; ")
        };
        let absent = verdict(&seen, &says(404));
        assert!(matches!(absent, Verdict::Shut(_)), "{absent:?}");
        assert!(text(&absent).starts_with("`proxy` can't start: its registry has no `r/m:1`"));
        let denied = verdict(&seen, &says(403));
        assert!(matches!(denied, Verdict::Waiting(_)), "{denied:?}");
        assert!(text(&denied).contains("does not show to this login"));
        let silent = verdict(&seen, &Answer::Failed("no route".to_owned()));
        assert!(matches!(silent, Verdict::Waiting(_)), "{silent:?}");
        assert!(text(&silent).contains("can't be asked from here: no route"));
        // It was pushed meanwhile.
        let there = verdict(&seen, &says(200));
        assert!(matches!(there, Verdict::Waiting(_)), "{there:?}");
    }

    #[test]
    fn names_of_tasks_make_no_other_reason() {
        let of = |slot: u8, id: &str, hash: &str| {
            plain(&format!(
                "driver failed programming external connectivity on endpoint \
                 prod-milvus_proxy.{slot}.{id} ({hash}): Bind for 0.0.0.0:9000 failed: port is \
                 already allocated"
            ))
        };
        assert_eq!(
            of(1, "4x7hq0j8i2m1r5s6t9u0v1w2x", "0123456789abcdef0123"),
            of(2, "5x7hq0j8i2m1r5s6t9u0v1w2y", "f123456789abcdef0123")
        );
    }
}
