//! The program itself against an engine that plays a small Swarm.

use std::collections::BTreeMap;
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::{Fake, Heard, Reply};
use crate::lock::Store;

/// A Swarm of one node, and another if that is drained; empty at first.
#[derive(Default)]
pub struct Swarm {
    pub store: Store,
    /// Of the first node.
    labels: Value,
    /// Of the second.
    pub other_labels: Value,
    pub networks: Vec<Value>,
    /// Networks that Swarm has removed and the engine still lists, so often.
    pub removed_networks: Vec<(Value, u32)>,
    /// How often a removed network is listed: a task of it still ends.
    pub networks_linger: u32,
    pub secrets: Vec<Value>,
    pub services: Vec<Value>,
    /// Each service has a task that runs in container `c1`.
    pub runs_services: bool,
    /// The first node takes no tasks.
    pub is_drained: bool,
    /// Images that the engine holds, with their labels.
    pub images: BTreeMap<String, Value>,
    /// Somebody else is a moment faster to make the network, for themselves.
    pub loses_the_network: bool,
    /// Somebody changes a service as soon as an update of it is posted.
    pub moves_under_an_update: bool,
    /// Somebody makes the network by hand as soon as the lock is taken.
    pub moves_under_the_lock: bool,
    /// Swarm gives this service another version as soon as the lock is taken, and nothing else.
    pub touched_under_the_lock: Option<&'static str>,
    pub refuses_services: bool,
}

pub type Shared = Arc<Mutex<Swarm>>;

impl Swarm {
    pub fn answer(&mut self, heard: &Heard) -> Reply {
        let (path, query) = heard.line.split_once('?').unwrap_or((&heard.line, ""));
        let made = || Reply::Say(201, json!({ "ID": "made" }).to_string());
        let body = || serde_json::from_str::<Value>(&heard.body).unwrap();
        match path {
            "GET /v1.41/nodes" => Reply::Say(200, json!(self.nodes()).to_string()),
            "GET /v1.41/nodes/n1" => Reply::Say(200, self.nodes()[0].to_string()),
            "GET /v1.41/tasks" => Reply::Say(200, self.tasks().to_string()),
            "GET /v1.41/networks" => {
                let mut listed = self.networks.clone();
                self.removed_networks.retain_mut(|(network, looks)| {
                    *looks = looks.saturating_sub(1);
                    listed.push(network.clone());
                    *looks > 0
                });
                Reply::Say(200, json!(listed).to_string())
            }
            _ if path.starts_with("DELETE /v1.41/networks/") => {
                let word = path.rsplit('/').next().unwrap();
                let linger = self.networks_linger;
                let is = |one: &Value| one["Id"] == word || one["Name"] == word;
                let (gone, stay): (Vec<Value>, _) =
                    std::mem::take(&mut self.networks).into_iter().partition(is);
                self.networks = stay;
                if gone.is_empty() {
                    return Reply::Say(404, json!({ "message": "not found" }).to_string());
                }
                let gone = gone.into_iter().filter(|_| linger > 0);
                self.removed_networks.extend(gone.map(|one| (one, linger)));
                Reply::Say(204, String::new())
            }
            "POST /v1.41/nodes/n1/update" => {
                self.labels = body()["Labels"].clone();
                Reply::Say(200, String::new())
            }
            "GET /v1.41/services" => listed(&self.services, query),
            "GET /v1.41/secrets" => listed(&self.secrets, query),
            "POST /v1.41/networks/create" if self.loses_the_network => {
                let mut theirs = network(body()["Name"].as_str().unwrap());
                theirs["Labels"] = json!({ "com.docker.stack.namespace": "shop" });
                self.networks.push(theirs);
                Reply::Say(409, json!({ "message": "it already exists" }).to_string())
            }
            "POST /v1.41/networks/create" => {
                self.networks
                    .push(network(body()["Name"].as_str().unwrap()));
                Reply::Say(201, json!({ "Id": body()["Name"] }).to_string())
            }
            "POST /v1.41/services/create" if self.refuses_services => {
                Reply::Say(400, json!({ "message": "no such thing" }).to_string())
            }
            "POST /v1.41/services/create" => {
                let is_taken = |one: &Value| one["Spec"]["Name"] == body()["Name"];
                if self.services.iter().any(is_taken) {
                    let said = json!({ "message": "name conflicts with an existing object" });
                    return Reply::Say(409, said.to_string());
                }
                let made = object(body());
                let answer = json!({ "ID": made["ID"] }).to_string();
                self.services.push(made);
                Reply::Say(201, answer)
            }
            "POST /v1.41/secrets/create" => {
                self.secrets.push(object(body()));
                made()
            }
            "POST /v1.41/configs/create" => {
                if std::mem::take(&mut self.moves_under_the_lock) {
                    self.networks.push(network("milvus_net"));
                }
                if let Some(name) = self.touched_under_the_lock.take() {
                    touch(self.service(name));
                }
                self.store.answer(heard)
            }
            _ if path.contains("/configs") => self.store.answer(heard),
            _ if path.starts_with("POST /v1.41/services/") => self.update(path, query, body()),
            _ if path.starts_with("DELETE /v1.41/services/") => {
                let word = path.rsplit('/').next().unwrap();
                let is = |one: &Value| one["ID"] == word || one["Spec"]["Name"] == word;
                self.services.retain(|one| !is(one));
                Reply::Say(200, String::new())
            }
            _ if path.starts_with("GET /v1.41/images/") => {
                let image = path.trim_start_matches("GET /v1.41/images/");
                let image = image.trim_end_matches("/json").replace("%3A", ":");
                match self.images.get(&image) {
                    Some(labels) => {
                        let found = json!({ "Config": { "Labels": labels } });
                        Reply::Say(200, found.to_string())
                    }
                    None => {
                        let why = format!("No such image: {image}");
                        Reply::Say(404, json!({ "message": why }).to_string())
                    }
                }
            }
            _ if path.starts_with("DELETE") => {
                Reply::Say(404, json!({ "message": "not found" }).to_string())
            }
            _ => Reply::Say(200, "[]".into()),
        }
    }

    /// Takes a spec over, if it is meant for the version that there is.
    fn update(&mut self, path: &str, query: &str, spec: Value) -> Reply {
        let id = path.split('/').nth(3).unwrap();
        let mut services = self.services.iter_mut();
        let found = services.find(|one| one["ID"] == id).unwrap();
        if std::mem::take(&mut self.moves_under_an_update) {
            touch(found);
            found["Spec"]["Labels"]["by"] = "another hand".into();
        }
        let version = query.split("version=").nth(1).unwrap();
        if found["Version"]["Index"].as_u64() != version.parse().ok() {
            let text = r#"{"message":"rpc error: code = Unknown desc = update out of sequence"}"#;
            return Reply::Say(500, text.into());
        }
        touch(found);
        found["Spec"] = spec;
        Reply::Say(200, "{}".into())
    }

    fn nodes(&self) -> Vec<Value> {
        if self.is_drained {
            let labels = &self.labels;
            vec![
                node(1, "drain", labels),
                node(2, "active", &self.other_labels),
            ]
        } else {
            vec![node(1, "active", &self.labels)]
        }
    }

    fn tasks(&self) -> Value {
        let services = self.services.iter().filter(|_| self.runs_services);
        let tasks = services.map(|service| {
            json!({
                "ID": "t1", "ServiceID": service["ID"], "NodeID": "n1", "Slot": 1,
                "DesiredState": "running",
                "Status": { "State": "running", "ContainerStatus": { "ContainerID": "c1" } },
            })
        });
        tasks.collect()
    }

    pub fn service(&mut self, name: &str) -> &mut Value {
        let mut services = self.services.iter_mut();
        services.find(|one| one["Spec"]["Name"] == name).unwrap()
    }

    pub fn locks(&self) -> usize {
        let name = |one: &&Value| one["Spec"]["Name"] == "milvus-lock";
        self.store.configs.iter().filter(name).count()
    }
}

/// An object of Swarm, whose identifier follows from its name.
fn object(spec: Value) -> Value {
    let id = format!("id-{}", spec["Name"].as_str().unwrap());
    json!({ "ID": id, "Version": { "Index": 10 }, "Spec": spec })
}

/// Swarm gives an object a new version for reasons of its own, too.
pub fn touch(object: &mut Value) {
    let version = object["Version"]["Index"].as_u64().unwrap();
    object["Version"]["Index"] = (version + 1).into();
}

/// All of them, or those of a cluster.
fn listed(objects: &[Value], query: &str) -> Reply {
    let ours = |one: &&Value| {
        !query.contains("label") || !one["Spec"]["Labels"]["milvus-swarm.cluster"].is_null()
    };
    let listed: Vec<&Value> = objects.iter().filter(ours).collect();
    Reply::Say(200, json!(listed).to_string())
}

fn node(number: u8, availability: &str, labels: &Value) -> Value {
    let address = format!("10.0.0.{number}");
    json!({
        "ID": format!("n{number}"),
        "Version": { "Index": 5 },
        "Spec": { "Role": "manager", "Availability": availability, "Labels": labels },
        "Description": {
            "Hostname": format!("node0{number}"),
            "Platform": { "Architecture": "x86_64", "OS": "linux" },
            "Resources": { "NanoCPUs": 16_000_000_000_i64, "MemoryBytes": 68_719_476_736_i64 },
            "Engine": { "EngineVersion": "28.0.0" },
        },
        "Status": { "State": "ready", "Addr": address },
        "ManagerStatus": {
            "Leader": number == 1, "Reachability": "reachable", "Addr": format!("{address}:2377"),
        },
    })
}

pub fn network(name: &str) -> Value {
    json!({
        "Id": name, "Name": name, "Driver": "overlay", "Scope": "swarm", "Internal": name.ends_with("_net"),
        "Labels": { "milvus-swarm.cluster": "milvus" },
    })
}

pub fn swarm() -> (Fake, Shared) {
    let swarm = Shared::default();
    let shared = Arc::clone(&swarm);
    let fake = Fake::manager(move |heard| shared.lock().unwrap().answer(heard));
    (fake, swarm)
}

pub fn program(fake: &Fake, arguments: &[&str]) -> tokio::process::Command {
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_milvus-swarm"));
    command
        .arg("-H")
        .arg(format!("unix://{}", fake.socket.display()))
        .args(arguments)
        // No inventory: the embedded one, of this machine only.
        .current_dir(fake.socket.parent().unwrap())
        .env_remove("MILVUS_SWARM_INVENTORY")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

pub async fn run(fake: &Fake, arguments: &[&str]) -> (Option<i32>, String) {
    said(program(fake, arguments).output().await.unwrap())
}

pub fn said(output: Output) -> (Option<i32>, String) {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), text)
}

/// What was made, but for locks.
pub fn made(fake: &Fake) -> Vec<String> {
    let heard = fake.heard();
    let deeds = heard.iter().filter(|one| {
        !one.line.starts_with("GET") && !one.line.contains("/configs/object") && {
            let body: Value = serde_json::from_str(&one.body).unwrap_or_default();
            body["Name"] != "milvus-lock"
        }
    });
    deeds
        .map(|one| one.line.clone())
        .filter(|line| !line.starts_with("DELETE") || !line.ends_with("milvus-probe"))
        .collect()
}

/// Sends a process a signal, such as `-INT`.
pub fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("kill")
        .args([name, &process.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// Waits until something holds in the play.
pub async fn until(shared: &Shared, what: impl Fn(&Swarm) -> bool) {
    for _ in 0..600 {
        if what(&shared.lock().unwrap()) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it does not come to that");
}
