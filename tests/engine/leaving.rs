//! The task that questions go through may be one that a scale or a roll takes away.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use milvus_swarm::drive;
use milvus_swarm::gate::Asked;
use milvus_swarm::inventory::{Inventory, LOCAL, Source};
use milvus_swarm::live::Live;
use milvus_swarm::milvus::Ask as _;
use milvus_swarm::question::{Answer, Question};
use milvus_swarm::render::Sources;
use milvus_swarm::wanted::Cluster;
use serde_json::{Value, json};

use crate::fake::{Fake, Heard, Reply};
use crate::lock::{Store, holder};
use crate::play::network;
use crate::tunnel::{component, words};

/// A Swarm of one node: a proxy in container `c1`, and a probe in `c2` once it is made.
#[derive(Default)]
struct Swarm {
    proxy_leaves: bool,
    secrets: Vec<Value>,
    store: Store,
    /// Tasks on other hosts.
    elsewhere: Vec<Value>,
    probe: Option<Value>,
    /// How many of them were made.
    probes: usize,
    /// The containers of execs, in order, with their commands.
    execs: Vec<(String, Vec<String>)>,
}

impl Swarm {
    fn answer(&mut self, heard: &Heard) -> Reply {
        let path = heard.line.split('?').next().unwrap();
        let word = |at: usize| path.split('/').nth(at).unwrap();
        match path {
            "GET /v1.41/services" => {
                let proxy = json!({
                    "ID": "s1", "Version": { "Index": 1 },
                    "Spec": { "Name": "milvus_proxy", "Labels": { "milvus-swarm.cluster": "milvus" } },
                });
                let probe = self
                    .probe
                    .iter()
                    .map(|spec| json!({ "ID": "s2", "Version": { "Index": 1 }, "Spec": spec }));
                let services: Vec<Value> = [proxy].into_iter().chain(probe).collect();
                Reply::Say(200, json!(services).to_string())
            }
            "GET /v1.41/tasks" => {
                let wanted = if self.proxy_leaves {
                    "remove"
                } else {
                    "running"
                };
                let container = format!("c{}", self.probes + 1);
                let probe = self.probe.iter().map(|_| task("s2", &container, "running"));
                let tasks: Vec<Value> = [task("s1", "c1", wanted)]
                    .into_iter()
                    .chain(probe)
                    .chain(self.elsewhere.clone())
                    .collect();
                Reply::Say(200, json!(tasks).to_string())
            }
            "GET /v1.41/networks" => Reply::Say(200, json!([network("milvus_net")]).to_string()),
            "GET /v1.41/secrets" => Reply::Say(200, json!(self.secrets).to_string()),
            "POST /v1.41/services/create" if self.probe.is_some() => {
                Reply::Say(409, r#"{"message":"name conflicts"}"#.into())
            }
            "POST /v1.41/services/create" => {
                self.probe = serde_json::from_str(&heard.body).ok();
                self.probes += 1;
                Reply::Say(201, r#"{"ID":"s2"}"#.into())
            }
            _ if path.contains("/configs") => self.store.answer(heard),
            "DELETE /v1.41/services/s2" => {
                self.probe = None;
                Reply::Say(200, String::new())
            }
            _ if path.starts_with("POST /v1.41/containers/") => {
                self.execs.push((word(3).to_owned(), words(heard)));
                let id = self.execs.len() - 1;
                Reply::Say(201, json!({ "Id": id.to_string() }).to_string())
            }
            _ if path.starts_with("POST /v1.41/exec/") => {
                let id: usize = word(3).parse().unwrap();
                Reply::Run(self.execs[id].1.clone())
            }
            _ => Reply::Say(200, "[]".into()),
        }
    }

    fn asked_in(&self) -> Vec<&str> {
        self.execs
            .iter()
            .map(|(container, _)| &**container)
            .collect()
    }
}

/// A task on another host, with an address there.
fn task_on(node: &str, address: &str) -> Value {
    json!({
        "ID": format!("t-{address}"), "ServiceID": "s1", "NodeID": node, "Slot": 1,
        "DesiredState": "running", "Status": { "State": "running" },
        "NetworksAttachments": [{
            "Network": { "Spec": { "Name": "milvus_net" } }, "Addresses": [format!("{address}/24")],
        }],
    })
}

fn task(service: &str, container: &str, wanted: &str) -> Value {
    json!({
        "ID": format!("t-{container}"), "ServiceID": service, "NodeID": "n1", "Slot": 1,
        "DesiredState": wanted,
        "Status": { "State": "running", "ContainerStatus": { "ContainerID": container } },
    })
}

/// Looks at such a Swarm like `up` with the embedded inventory.
async fn live(swarm: &Arc<Mutex<Swarm>>) -> (Fake, Live) {
    let shared = Arc::clone(swarm);
    let fake = Fake::manager(move |heard| shared.lock().unwrap().answer(heard));
    let source = Source::new("local.yml", LOCAL);
    let inventory = Inventory::parse(&[source]).unwrap();
    let cluster = Cluster::work_out(&inventory, None, &Sources::shipped()).unwrap();
    let secrets = cluster.wanted.secrets.iter().map(|secret| {
        json!({ "ID": secret.name, "Version": { "Index": 1 }, "Spec": { "Name": secret.name } })
    });
    swarm.lock().unwrap().secrets = secrets.collect();
    let live = Live::new(fake.connect().await.unwrap(), "milvus", true);
    (fake, live.with_cluster(&cluster))
}

#[tokio::test]
async fn what_an_action_asks_does_not_depend_on_a_task_that_leaves() {
    let swarm = Arc::new(Mutex::new(Swarm::default()));
    let (_fake, live) = live(&swarm).await;
    let port = component("127.0.0.1").await;
    let ask = || live.ask(Question::get("127.0.0.1", port, "/healthz"));

    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().asked_in(), ["c1"], "one tunnel does");

    // Its process still runs, for as long as Milvus takes to stop.
    swarm.lock().unwrap().proxy_leaves = true;
    live.look().await.unwrap();
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().asked_in(), ["c1", "c2"]);
}

#[tokio::test]
async fn an_action_waits_for_another_place_to_ask_from() {
    let swarm = Arc::new(Mutex::new(Swarm::default()));
    let (fake, live) = live(&swarm).await;
    let port = component("127.0.0.1").await;
    let ask = || live.ask(Question::get("127.0.0.1", port, "/healthz"));
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));

    // The task ends between two looks.
    swarm.lock().unwrap().proxy_leaves = true;
    let bash = format!("-{}", fake.log.children.lock().unwrap()[0]);
    std::process::Command::new("kill")
        .args(["-9", "--", &bash])
        .status()
        .unwrap();
    let mut answer = ask().await;
    if answer.ok().is_err() {
        // It was asked as the tunnel broke; whoever may ask twice does.
        answer = ask().await;
    }
    assert_eq!(answer.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().asked_in(), ["c1", "c2"]);
}

#[tokio::test]
async fn a_probe_that_was_made_before_a_secret_makes_room_for_another() {
    let swarm = Arc::new(Mutex::new(Swarm::default()));
    let (_fake, live) = live(&swarm).await;
    let port = component("127.0.0.1").await;
    let ask = || live.ask(Question::get("127.0.0.1", port, "/healthz"));
    let late = {
        let mut swarm = swarm.lock().unwrap();
        swarm.proxy_leaves = true;
        swarm.secrets.pop().unwrap()
    };
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().asked_in(), ["c2"]);

    swarm.lock().unwrap().secrets.push(late.clone());
    live.look().await.unwrap();
    // Who only looks on takes nobody's probe away.
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().probes, 1);

    let wait = Duration::from_secs(10);
    let held = live.take_lock(&holder("ann"), wait, |_, _| {}).await;
    let held = held.ok().unwrap();
    live.look().await.unwrap();
    let several = [1, 2, 3].map(|at| Asked {
        subject: at.to_string(),
        question: Question::get("127.0.0.1", port, "/healthz"),
    });
    let answers = held.beside(drive::Swarm::ask(&live, &several)).await;
    assert!(
        answers.iter().all(|answer| answer.ok().is_err()),
        "{answers:?}"
    );
    live.look().await.unwrap();
    assert_eq!(ask().await.ok(), Ok(&b"OK"[..]));
    assert_eq!(swarm.lock().unwrap().asked_in(), ["c2", "c3"]);
    let probe = swarm.lock().unwrap().probe.clone().unwrap();
    let mounts = &probe["TaskTemplate"]["ContainerSpec"]["Secrets"];
    let names = mounts.as_array().unwrap().iter();
    let names: Vec<&Value> = names.map(|secret| &secret["SecretName"]).collect();
    assert!(names.contains(&&late["Spec"]["Name"]), "{names:?}");
    assert_eq!(swarm.lock().unwrap().probes, 2);
}

#[tokio::test]
async fn nobody_waits_for_a_host_from_which_nothing_is_heard() {
    let swarm = Arc::new(Mutex::new(Swarm::default()));
    let (gone, other, slow) = ("127.0.0.2", "127.0.0.4", "127.0.0.3");
    swarm.lock().unwrap().elsewhere = vec![
        task_on("n2", gone),
        task_on("n2", other),
        task_on("n3", slow),
    ];
    let (_fake, live) = live(&swarm).await;
    live.look().await.unwrap();
    let (port_of_gone, port_of_slow) = (component(gone).await, component(slow).await);
    let port_of_other = component(other).await;
    let asked = |host: &str, port, path: &str, seconds| Asked {
        subject: host.to_owned(),
        question: Question::get(host, port, path).within(Duration::from_secs(seconds)),
    };
    live.give_up_silent_hosts(Duration::from_secs(1));
    let start = Instant::now();
    let silent = Answer::Failed("timed out".into());
    let ok = || Ok(&b"OK"[..]);

    // One process that is slow has its own time, however much it is asked.
    let some = [
        asked(gone, port_of_gone, "/never", 3),
        asked(gone, port_of_gone, "/never", 3),
        asked(slow, port_of_slow, "/healthz", 60),
    ];
    let answers = drive::Swarm::ask(&live, &some).await;
    assert_eq!((&answers[0], answers[2].ok()), (&silent, ok()));
    assert!(start.elapsed() >= Duration::from_secs(3));
    assert!(!live.met_silence());

    let all = [
        asked(gone, port_of_gone, "/never", 60),
        asked(other, port_of_other, "/never", 60),
        asked(slow, port_of_slow, "/never", 60),
        asked(slow, port_of_slow, "/healthz", 60),
    ];
    let answers = drive::Swarm::ask(&live, &all).await;
    assert_eq!(answers[..3], vec![silent; 3]);
    assert_eq!(answers[3].ok(), ok());
    assert!(start.elapsed() < Duration::from_secs(50));
    assert!(live.met_silence());
}
