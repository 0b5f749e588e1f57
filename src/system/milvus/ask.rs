//! Milvus processes: `/healthz` on the metrics port, and proxies that serve a user.

use super::rest::{self, Rest};
use super::within::{crosses, is_as_root};
use super::{HEALTH, SECRET};
use crate::gate::{Answers, Asked, Check, Tasks, Verdict, Why, short, swarm, task_name, up};
use crate::observed::Observed;
use crate::question::{Answer, Question};
use crate::system::haproxy;

/// So many tasks say OK on `/healthz`.
pub(super) const HEALTHY: Check<Tasks> = Check {
    name: "healthy",
    takes: 6_000,
    asks: &[],
    words: |gate| format!("{}: {} healthy", short(&gate.service), gate.tasks),
    questions: health_questions,
    judge: |gate, seen, asked, answers| {
        judge(gate, seen, asked, answers, |_, answer| {
            answer.ok().map(drop)
        })
    },
};

/// So many proxies serve those whom they know. Within its own task one is asked as root. To any other
/// root's password would go over the network: it is asked as nobody, whom it has to refuse, and how it
/// is. To refuse somebody whom it does not know it asks the root coordinator each time (milvus:
/// `passwordVerify` in `internal/proxy/util.go`, `GetCredentialInfo` in `internal/proxy/meta_cache.go`),
/// and while that is silent so is the proxy, for longer than any question is waited for (`call` in
/// `internal/util/grpcclient/client.go`: up to 52.8 s).
pub(super) const SERVES: Check<Tasks> = Check {
    name: "serves",
    takes: 6_000,
    asks: &[],
    words: |gate| {
        let tasks = gate.tasks;
        format!("{}: {tasks} serve", super::PROXY.title)
    },
    questions: proxy_questions,
    judge: |gate, seen, asked, answers| {
        let verdict = judge(gate, seen, asked, answers, serves);
        let verdict = haproxy::named(gate, seen, verdict);
        let mut all = asked.iter().zip(answers);
        let is_denied = all.any(|(asked, answer)| {
            is_as_root(&asked.question) && matches!(answer, Answer::Http { status: 401, .. })
        });
        match denied(gate, seen).filter(|_| is_denied) {
            Some(why) => verdict.and(why),
            None => verdict,
        }
    },
};

/// Whether what a proxy said shows that it serves those whom it knows.
pub(in crate::system) fn serves(question: &Question, answer: &Answer) -> Result<(), String> {
    if rest::is_by_nobody(question) {
        return rest::refused(answer);
    }
    if is_as_root(question) {
        return rest::given(answer).map(drop);
    }
    answer.ok().map(drop)
}

/// What it means that proxies answer 401, and the way out. It is not certain: a proxy says so too
/// while nobody tells it of credentials (milvus: `passwordVerify` in `internal/proxy/util.go`).
fn denied(gate: &Tasks, seen: &Observed) -> Option<Why> {
    let spec = &seen.services.get(&gate.service)?.spec;
    let mut secrets = spec.task_template.container_spec.secrets.iter();
    let secret = secrets.find(|secret| {
        let stem = secret.name.rsplit_once("-v").map(|(stem, _)| stem);
        stem.is_some_and(|stem| stem.ends_with(SECRET))
    })?;
    let secret = &secret.name;
    Some(Why::new(
        short(&gate.service),
        format!(
            "answers 401: Milvus does not take the root password of the secret `{secret}`. If a client \
             changed it, tell the cluster what it is now: milvus-swarm credentials set root \
             --password-file FILE; without a file that makes a new one, if a change of it was cut short"
        ),
    ))
}

fn health_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    up(seen, &gate.service)
        .map(|(task, ip)| Asked {
            subject: task_name(task),
            question: Question::get(ip.to_string(), HEALTH, "/healthz"),
        })
        .collect()
}

fn proxy_questions(gate: &Tasks, seen: &Observed) -> Vec<Asked> {
    up(seen, &gate.service)
        .flat_map(|(task, ip)| {
            let (rest, ip) = (Rest::of(task, &gate.cluster, seen), ip.to_string());
            let as_root = rest.list(&ip);
            let questions = if crosses(&as_root, seen) {
                vec![
                    rest.list_as_nobody(&ip),
                    Question::get(ip, HEALTH, "/healthz"),
                ]
            } else {
                vec![as_root]
            };
            questions.into_iter().map(|question| Asked {
                subject: task_name(task),
                question,
            })
        })
        .collect()
}

/// So many tasks of a service were asked, and said what they should.
pub(in crate::system) fn judge(
    gate: &Tasks,
    seen: &Observed,
    asked: &[Asked],
    answers: &Answers,
    read: impl Fn(&Question, &Answer) -> Result<(), String>,
) -> Verdict {
    let (service, wanted) = (gate.service.as_str(), gate.tasks);
    let mut reasons = swarm::too_few(service, wanted, seen);
    let mut good = 0;
    for (task, _) in up(seen, service) {
        let name = task_name(task);
        let all = asked.iter().zip(answers);
        let about = all.filter(|(asked, _)| asked.subject == name);
        let read = about.map(|(asked, answer)| read(&asked.question, answer));
        // All that it was asked, if it was asked at all.
        match read.reduce(Result::and) {
            Some(Ok(())) => good += 1,
            Some(Err(why)) => reasons.push(Why::new(&name, format!("is not ready: {why}"))),
            None => {}
        }
    }
    if good >= wanted {
        Verdict::Open(format!("{good} healthy"))
    } else {
        if reasons.is_empty() {
            reasons.push(Why::new(short(service), "was not asked yet"));
        }
        Verdict::Waiting(reasons).while_it_works(good > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Gate;
    use crate::observed::{Network, Service, Task};
    use crate::spec::SecretRef;

    const SERVICE: &str = "prod-milvus_proxy";

    /// A proxy on the engine's node, and one on another.
    fn seen() -> Observed {
        let mut service = Service::default();
        service.spec.task_template.container_spec.secrets = vec![SecretRef {
            name: "prod-milvus-root-v1".to_owned(),
            ..SecretRef::default()
        }];
        let task = |slot: u8| Task {
            id: format!("t{slot}"),
            container_id: format!("c{slot}"),
            node_id: format!("n{slot}"),
            service: SERVICE.to_owned(),
            slot: slot.into(),
            state: "running".to_owned(),
            desired_state: "running".to_owned(),
            addresses: [("prod_net".to_owned(), [10, 0, 0, slot].into())].into(),
            ..Task::default()
        };
        Observed {
            this_node: "n1".to_owned(),
            services: [(SERVICE.to_owned(), service)].into(),
            tasks: vec![task(1), task(2)],
            ..Observed::default()
        }
    }

    fn gate() -> Gate {
        Gate::Tasks(Tasks {
            component: crate::system::FRONT.name.to_owned(),
            check: SERVES.name.to_owned(),
            service: SERVICE.to_owned(),
            tasks: 2,
            ..Tasks::default()
        })
    }

    fn says(status: u16) -> Answer {
        Answer::Http {
            status,
            body: br#"{"code":1800}"#.to_vec(),
        }
    }

    #[test]
    fn a_401_says_what_it_means_and_what_to_type() {
        let (seen, gate) = (seen(), gate());
        let asked = gate.questions(&seen);
        let judged = |status| {
            let verdict = gate.judge(&seen, &asked, &vec![says(status); asked.len()]);
            // A coordinator that is away is one reason for it, and comes back.
            assert!(matches!(verdict, Verdict::Waiting(_)), "{verdict:?}");
            let last = verdict.reasons().last().map(ToString::to_string);
            (verdict.reasons().len(), last.unwrap_or_default())
        };
        assert_eq!(judged(503).0, 2);
        let (reasons, last) = judged(401);
        assert_eq!(reasons, 3);
        assert_eq!(
            last,
            "`proxy` answers 401: Milvus does not take the root password of the secret \
             `prod-milvus-root-v1`. If a client changed it, tell the cluster what it is now: milvus-swarm \
             credentials set root --password-file FILE; without a file that makes a new one, if a change \
             of it was cut short"
        );
    }

    #[test]
    fn only_the_proxy_of_this_node_is_asked_as_root() {
        let (mut seen, gate) = (seen(), gate());
        let is_root = |asked: &Asked| is_as_root(&asked.question);
        let asked = gate.questions(&seen);
        let to = |asked: &Asked| asked.question.host().map(str::to_owned);
        let hosts: Vec<_> = asked
            .iter()
            .filter(|asked| is_root(asked))
            .map(to)
            .collect();
        assert_eq!(hosts, [Some("10.0.0.1".to_owned())]);
        assert_eq!(asked.len(), 3);

        let done = Answer::Http {
            status: 200,
            body: br#"{"code":0,"data":[]}"#.to_vec(),
        };
        let silent = Answer::Failed("timed out".to_owned());
        let unhealthy = Answer::Http {
            status: 500,
            body: Vec::new(),
        };
        for (answers, is_open) in [
            ([&done, &says(401), &done], true),
            // A release may say it with 200, as it says other things.
            ([&done, &says(200), &done], true),
            // Somebody opened Milvus to all, which another check tells.
            ([&done, &done, &done], true),
            ([&done, &says(401), &unhealthy], false),
            ([&done, &says(404), &done], false),
            ([&done, &silent, &done], false),
            ([&says(401), &says(401), &done], false),
        ] {
            let verdict = gate.judge(&seen, &asked, &answers.map(Clone::clone));
            assert_eq!(matches!(verdict, Verdict::Open(_)), is_open, "{verdict:?}");
        }

        // From a manager without a proxy nobody is.
        seen.this_node = "n3".to_owned();
        assert!(!gate.questions(&seen).iter().any(is_root));
        let mut network = Network::default();
        let options = &mut network.spec.options;
        options.insert("encrypted".to_owned(), String::new());
        seen.networks = [("prod_net".to_owned(), network)].into();
        assert!(gate.questions(&seen).iter().all(is_root));
    }
}
