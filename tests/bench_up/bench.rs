//! The lab, the rendered files, and what is done before and after each run.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milvus_swarm_lab::api::Api;
use milvus_swarm_lab::{Lab, Progress};
use serde_json::{Value, json};

use crate::process;

/// The inventory's name: of the cluster, and the beginning of everything that it is made of.
pub const CLUSTER: &str = "prod";
/// The hosts with a proxy.
pub const PROXIES: [&str; 3] = ["node01", "node02", "node03"];
/// What `up` is told to make root's password.
pub const ROOT_PASSWORD: &str = "benchRoot0123456789abcdefghijklm";
/// The bytes of secrets that are made by hand.
const BY_HAND: &str = "benchHand0123456789abcdefghijklm";

/// How long the cluster may take to go away.
const DOWN: Duration = Duration::from_secs(15 * 60);
const DOWN_GATE: &str = "600";
/// How long what is left of it may take after that.
const EMPTY: Duration = Duration::from_secs(180);

pub struct Bench {
    pub lab: Lab,
    /// The manager's API.
    pub api: Api,
    /// What `render` wrote.
    pub stacks: PathBuf,
    inventories: Vec<PathBuf>,
    folder: tempfile::TempDir,
}

impl Bench {
    /// A fresh lab and freshly rendered files.
    pub fn fresh(hosts: u8) -> Self {
        Lab::down(&Progress::new()).expect("the lab goes down");
        let lab = Lab::up(hosts).expect("the lab comes up");
        let folder = tempfile::tempdir().expect("a folder can be made");
        let api = Api::new(lab.socket(&lab.hosts()[0]));
        let bench = Self {
            api,
            inventories: inventories(folder.path()),
            stacks: folder.path().join("stacks"),
            lab,
            folder,
        };
        // Nobody makes MinIO's user by hand: its root is called as that user is, and secrets that are
        // made by hand are all the same.
        let overlay = bench.folder.path().join("by-hand.yml");
        let root = json!({ "credentials": { "minio_user": format!("{CLUSTER}-minio-milvus-v1") } });
        fs::write(&overlay, format!("{root}\n")).expect("the overlay can be written");
        let mut render = bench.tool(&["render", "--out"]);
        within_a_minute(render.arg(&bench.stacks).arg("-i").arg(&overlay));
        bench
    }

    /// The program with its inventories, on the lab's first manager.
    pub fn tool(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"));
        for file in &self.inventories {
            command.arg("-i").arg(file);
        }
        command
            .args(["-H", &self.lab.docker_host()])
            .args(arguments)
            .env_remove("DOCKER_HOST")
            .env_remove("MILVUS_SWARM_INVENTORY")
            .stdin(Stdio::null());
        command
    }

    /// The docker command line on the first manager.
    pub fn docker(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.lab.docker());
        command
            .env("DOCKER_HOST", self.lab.docker_host())
            .args(arguments);
        command
    }

    /// Where the proxies answer.
    pub fn proxies(&self) -> Vec<String> {
        let address = |name: &&str| {
            let host = self.lab.host(name).expect("the host is in the lab");
            format!("{}:19530", host.address())
        };
        PROXIES.iter().map(address).collect()
    }

    pub fn plan(&self) -> Value {
        let text = within_a_minute(&mut self.tool(&["plan", "--json"]));
        serde_json::from_str(&text).expect("a plan is JSON")
    }

    /// Labels, network and secrets of the cluster, as a person makes them before the first
    /// `docker stack deploy`: the very ones that `up` would make.
    pub fn by_hand(&self) {
        let plan = self.plan();
        assert_eq!(plan["refusals"], json!([]), "the plan is refused");
        for step in plan["steps"].as_array().expect("a plan has steps") {
            let action = &step["action"];
            match action["action"].as_str() {
                Some("label-node") => self.label(action),
                Some("create-network") => {
                    let made = self.api.post("/networks/create", &action["spec"]);
                    made.expect("the network can be made");
                }
                Some("create-secret") => {
                    let secret = json!({
                        "Name": action["name"],
                        "Labels": action["labels"],
                        "Data": STANDARD.encode(BY_HAND),
                    });
                    let made = self.api.post("/secrets/create", &secret);
                    made.expect("the secret can be made");
                }
                _ => {}
            }
        }
    }

    fn label(&self, action: &Value) {
        let mut command = self.docker(&["node", "update"]);
        for (key, value) in action["add"].as_object().expect("labels") {
            let value = value.as_str().expect("a label's value");
            command.args(["--label-add", &format!("{key}={value}")]);
        }
        within_a_minute(command.arg(action["node_id"].as_str().expect("a node")));
    }

    /// Tasks that failed or were rejected, with what Swarm says about each.
    pub fn failed_tasks(&self) -> Vec<String> {
        let services = self.list("/services");
        let name = |task: &Value| {
            let service = services
                .iter()
                .find(|service| service["ID"] == task["ServiceID"])?;
            Some(service["Spec"]["Name"].as_str()?.to_owned())
        };
        self.list("/tasks")
            .iter()
            .filter_map(|task| {
                let state = task["Status"]["State"].as_str()?;
                // Of removed services nothing is known, and they are none of a bring-up.
                let name = name(task)?;
                matches!(state, "failed" | "rejected").then(|| {
                    let why = task["Status"]["Err"].as_str().unwrap_or("no reason");
                    format!("{name} {state}: {why}")
                })
            })
            .collect()
    }

    fn list(&self, path: &str) -> Vec<Value> {
        match self.api.get(path) {
            Ok(Value::Array(items)) => items,
            other => panic!("GET {path}: {other:?}"),
        }
    }

    /// Takes everything away that carries the cluster's label, data included, and waits until
    /// no host runs anything.
    pub fn tear_down(&self) {
        let mut down = self.tool(&["down", "--yes", "--data", "--confirm", CLUSTER]);
        down.args(["--gate-timeout", DOWN_GATE]);
        process::run(&mut down, Instant::now() + DOWN, |_| {}).expect("the cluster goes away");
        let until = Instant::now() + EMPTY;
        loop {
            let left = self.left();
            if left.is_empty() {
                return;
            }
            assert!(Instant::now() < until, "still there: {left:?}");
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// What of the cluster is left anywhere.
    fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for kind in ["services", "configs", "secrets", "tasks"] {
            let count = self.list(&format!("/{kind}")).len();
            if count > 0 {
                left.push(format!("{count} {kind}"));
            }
        }
        let network = format!("{CLUSTER}_net");
        let networks = self.list("/networks");
        if networks.iter().any(|found| found["Name"] == *network) {
            left.push(format!("network {network}"));
        }
        for host in self.lab.hosts() {
            let running = Api::new(self.lab.socket(host)).get("/containers/json");
            match running.as_ref().map(Value::as_array) {
                Ok(Some(running)) if running.is_empty() => {}
                other => left.push(format!("{}: {other:?}", host.name())),
            }
        }
        left
    }
}

/// The production inventory, the lab's sizes, and a password that the poller knows.
fn inventories(folder: &Path) -> Vec<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory");
    let password = folder.join("root-password");
    fs::write(&password, ROOT_PASSWORD).expect("the password can be written");
    let overlay = folder.join("bench.yml");
    let text = json!({ "credentials": { "root_password": { "file": password } } });
    fs::write(&overlay, format!("{text}\n")).expect("the overlay can be written");
    vec![
        here.join("production-26.yml"),
        here.join("lab.yml"),
        overlay,
    ]
}

fn within_a_minute(command: &mut Command) -> String {
    process::run(command, Instant::now() + Duration::from_secs(60), |_| {})
        .expect("it succeeds within a minute")
}
