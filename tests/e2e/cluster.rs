//! One cluster in the lab, driven through the real program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use milvus_swarm_lab::{Lab, Paths, Progress, UpOptions, client};
use serde_json::Value;

use crate::client::Client;

/// The configs that a service mounts, as a template of `docker service inspect`.
const CONFIG_NAMES: &str =
    "{{range .Spec.TaskTemplate.ContainerSpec.Configs}}{{.ConfigName}} {{end}}";

static TURN: Mutex<()> = Mutex::new(());

/// The right to the machine's one lab, and how long it was held.
pub struct Held {
    name: &'static str,
    since: Instant,
    _turn: MutexGuard<'static, ()>,
}

impl Drop for Held {
    fn drop(&mut self) {
        // `tests/run` collects these lines.
        println!("\ntime: {} s {}", self.since.elapsed().as_secs(), self.name);
    }
}

/// The machine holds one lab.
pub fn one_at_a_time(name: &'static str) -> Held {
    let turn = TURN
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    Held {
        name,
        since: Instant::now(),
        _turn: turn,
    }
}

pub struct Cluster {
    pub lab: Lab,
    /// Inventories, copied so that tests may change them.
    pub files: Vec<PathBuf>,
    python: PathBuf,
    folder: tempfile::TempDir,
}

/// What one task is: the same map before and after means that nothing was restarted.
pub type Tasks = BTreeMap<String, String>;

impl Cluster {
    /// A fresh lab and copies of inventories of this repository.
    pub fn fresh(hosts: u8, inventories: &[&str]) -> Self {
        Self::on(&UpOptions::new(hosts), inventories)
    }

    /// The same on hosts of another kind.
    pub fn on(hosts: &UpOptions, inventories: &[&str]) -> Self {
        let progress = Progress::new();
        Lab::down(&progress).expect("the lab goes down");
        let lab = Lab::up_with(hosts, &progress).expect("the lab comes up");
        let paths = Paths::from_env().expect("the lab has paths");
        let python = client::python(&paths, &progress).expect("pymilvus installs");
        let folder = tempfile::tempdir().expect("a folder can be made");
        let files = inventories
            .iter()
            .map(|name| {
                let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
                let to = folder.path().join(from.file_name().expect("a file name"));
                fs::copy(from, &to).expect("the inventory is there");
                to
            })
            .collect();
        Self {
            lab,
            files,
            python,
            folder,
        }
    }

    /// Lays one more inventory over the others.
    pub fn overlay(&mut self, name: &str, text: &str) {
        let path = self.folder().join(name);
        fs::write(&path, text).expect("an overlay can be written");
        self.files.push(path);
    }

    /// The program with its inventories, on the lab's first manager.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.program();
        command
            .args(["-H", &self.lab.docker_host()])
            .args(arguments);
        command
    }

    /// A verb that asks another manager than the first.
    pub fn asked(&self, manager: &str, arguments: &[&str]) -> Output {
        let host = self.lab.host(manager).expect("the host is in the lab");
        let host = format!("unix://{}", self.lab.socket(host).display());
        let mut command = self.program();
        command.args(["-H", &host]).args(arguments);
        command.output().expect("the program runs")
    }

    /// The same where no Swarm can be reached; what it prints must be JSON.
    pub fn far_away(&self, arguments: &[&str]) -> Value {
        let output = self.program().args(arguments).output();
        document(arguments, &output.expect("the program runs"))
    }

    fn program(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"));
        for file in &self.files {
            command.arg("-i").arg(file);
        }
        command
            .env_remove("DOCKER_HOST")
            .env_remove("MILVUS_SWARM_INVENTORY")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        timed(arguments, &mut self.command(arguments))
    }

    /// Runs a verb that must succeed and gives its standard output.
    pub fn must(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "milvus-swarm {arguments:?}: {}\n{text}\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        text
    }

    pub fn up(&self) -> String {
        self.shown(&["up", "--yes"])
    }

    /// As [`Self::must`], with its progress shown as it comes.
    pub fn shown(&self, arguments: &[&str]) -> String {
        let output = timed(arguments, self.command(arguments).stderr(Stdio::inherit()));
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{text}",
            output.status
        );
        text
    }

    pub fn json(&self, arguments: &[&str]) -> Value {
        document(arguments, &self.run(arguments))
    }

    pub fn status(&self) -> Value {
        self.json(&["status", "--json"])
    }

    /// Every component says that it is well; what is wrong is shown.
    pub fn assert_healthy(&self) {
        let status = self.status();
        assert_eq!(status["healthy"], true, "{}", status["problems"]);
    }

    /// pymilvus at the proxy of one host.
    pub fn client(&self, host: &str) -> Client {
        let credentials = self.json(&["credentials", "--json"]);
        Client {
            python: self.python.clone(),
            host: self
                .lab
                .host(host)
                .expect("the host is in the lab")
                .address(),
            password: credentials["milvus"]["password"]
                .as_str()
                .expect("there is a password")
                .to_owned(),
        }
    }

    pub fn load(&self) {
        self.load_in(2);
    }

    /// The same in so many segments of each shard: a query node holds whole segments. Each costs
    /// a flush, which takes seconds.
    pub fn load_in(&self, segments: u32) {
        let segments = segments.to_string();
        let loaded = self.client("node01");
        let loaded = loaded.run_with("load.py", &["--segments", &segments]);
        assert_eq!(loaded["rows"], 20_000, "{loaded}");
    }

    /// Every row that was loaded is found.
    pub fn check(&self) {
        let checked = self.client("node01").run("check.py");
        assert_eq!(checked["wrong"], 0, "{checked}");
        assert_eq!(checked["rows"], 20_000, "{checked}");
    }

    /// The docker command line on the first manager: an eye that is not ours.
    pub fn docker(&self, arguments: &[&str]) -> String {
        self.docker_of("node01", arguments)
    }

    /// The same on any host.
    pub fn docker_of(&self, host: &str, arguments: &[&str]) -> String {
        let output = self.docker_output(host, arguments);
        assert!(
            output.status.success(),
            "docker {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// On the first manager, where it may fail.
    pub fn tried(&self, arguments: &[&str]) -> Option<String> {
        let output = self.docker_output("node01", arguments);
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(printed)
    }

    fn docker_output(&self, host: &str, arguments: &[&str]) -> Output {
        let host = self.lab.host(host).expect("the host is in the lab");
        let engine = format!("unix://{}", self.lab.socket(host).display());
        Command::new(self.lab.docker())
            .env("DOCKER_HOST", engine)
            .args(arguments)
            .output()
            .expect("docker runs")
    }

    /// Full names of the services of one component.
    pub fn services_of(&self, component: &str) -> Vec<String> {
        let filter = format!("label=milvus-swarm.component={component}");
        self.docker(&[
            "service",
            "ls",
            "--filter",
            &filter,
            "--format",
            "{{.Name}}",
        ])
        .lines()
        .map(str::to_owned)
        .collect()
    }

    /// Locks of clusters: a run that ended well leaves none.
    pub fn locks(&self) -> Vec<String> {
        self.docker(&["config", "ls", "--format", "{{.Name}}"])
            .lines()
            .filter(|name| name.ends_with("-lock"))
            .map(str::to_owned)
            .collect()
    }

    /// A folder of this cluster's own.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn services(&self) -> Vec<String> {
        self.docker(&["service", "ls", "--format", "{{.Name}}"])
            .lines()
            .map(str::to_owned)
            .collect()
    }

    fn rows(&self, format: &str, filters: &[&str]) -> Vec<String> {
        let services = self.services();
        let mut arguments = vec!["service", "ps", "--no-trunc", "--format", format];
        for filter in filters {
            arguments.extend(["--filter", filter]);
        }
        arguments.extend(services.iter().map(String::as_str));
        if services.is_empty() {
            return Vec::new();
        }
        self.docker(&arguments).lines().map(str::to_owned).collect()
    }

    /// Tasks that Swarm wants to run, by identifier.
    pub fn tasks(&self) -> Tasks {
        self.rows("{{.ID}} {{.Name}} {{.Node}}", &["desired-state=running"])
            .into_iter()
            .filter_map(|row| {
                let (id, rest) = row.split_once(' ')?;
                Some((id.to_owned(), rest.to_owned()))
            })
            .collect()
    }

    pub fn failed_tasks(&self) -> Vec<String> {
        self.rows("{{.Name}} {{.CurrentState}} {{.Error}}", &[])
            .into_iter()
            .filter(|row| row.contains(" Failed ") || row.contains(" Rejected "))
            .collect()
    }

    /// One network, one secret of each credential, and beside the configs that services mount no
    /// other text of the same file: of a file there is one for each set of services that read the
    /// same keys of it. The job that ran once is not there on kept data, and its config is.
    pub fn assert_nothing_doubled(&self) {
        let stem = |name: &str| name.rsplit_once('-').map(|(stem, _)| stem.to_owned());
        let secrets = self.docker(&["secret", "ls", "--format", "{{.Name}}"]);
        let stems: Vec<String> = secrets.lines().filter_map(stem).collect();
        let distinct: BTreeSet<&String> = stems.iter().collect();
        assert_eq!(stems.len(), distinct.len(), "secrets: {secrets}");
        let configs = self.docker(&["config", "ls", "--format", "{{.Name}}"]);
        let services = self.docker(&["service", "ls", "--quiet"]);
        let mut inspect = vec!["service", "inspect", "--format", CONFIG_NAMES];
        inspect.extend(services.lines());
        let mounted = self.docker(&inspect);
        let mounted: BTreeSet<&str> = mounted.split_whitespace().collect();
        for left in configs.lines().filter(|name| !mounted.contains(name)) {
            let others = configs.lines().filter(|name| *name != left);
            let same: Vec<&str> = others.filter(|name| stem(name) == stem(left)).collect();
            assert!(same.is_empty(), "nothing mounts {left}, beside {same:?}");
        }
        let doubled: Vec<String> = self
            .rows("{{.Name}}", &["desired-state=running"])
            .into_iter()
            .fold(BTreeMap::<String, u32>::new(), |mut seen, name| {
                *seen.entry(name).or_default() += 1;
                seen
            })
            .into_iter()
            .filter(|(_, count)| *count > 1)
            .map(|(name, _)| name)
            .collect();
        assert!(doubled.is_empty(), "{doubled:?}");
    }

    /// Waits until no task of a component is on its way out.
    pub fn assert_none_leaves(&self, component: &str) {
        let services = self.services_of(component);
        let mut leaving = String::new();
        for _ in 0..120 {
            // Those that are too many are wanted as `Remove`, which is no filter.
            let states = "{{.DesiredState}} {{.CurrentState}} {{.Name}} {{.Node}}";
            let mut arguments = vec!["service", "ps", "--format", states];
            arguments.extend(services.iter().map(String::as_str));
            let rows = self.docker(&arguments);
            let leaves = |row: &&str| {
                !row.starts_with("Running ") && row.split(' ').nth(1) == Some("Running")
            };
            leaving = rows.lines().filter(leaves).collect::<Vec<_>>().join("; ");
            if leaving.is_empty() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        panic!("tasks do not leave: {leaving}");
    }

    pub fn down_with_data(&self) {
        let name = self.json(&["plan", "--json"])["cluster"]
            .as_str()
            .expect("a plan names its cluster")
            .to_owned();
        self.must(&["down", "--yes", "--data", "--confirm", &name]);
    }

    /// Nothing of the cluster is left on the Swarm.
    pub fn assert_gone(&self) {
        for kind in ["service", "config", "secret"] {
            assert_eq!(self.docker(&[kind, "ls", "-q"]), "", "{kind}s are left");
        }
        let networks = self.docker(&[
            "network",
            "ls",
            "--filter",
            "label=milvus-swarm.cluster",
            "-q",
        ]);
        assert_eq!(networks, "", "networks are left");
        let nodes = self.docker(&["node", "ls", "-q"]);
        for node in nodes.lines() {
            let labels = self.docker(&["node", "inspect", "-f", "{{json .Spec.Labels}}", node]);
            assert!(!labels.contains("milvus."), "{labels}");
        }
    }
}

/// Runs a verb to its end and says how long it took, where that was long.
fn timed(arguments: &[&str], command: &mut Command) -> Output {
    let start = Instant::now();
    let output = command.output().expect("the program runs");
    let took = start.elapsed().as_secs_f64();
    if took > 20.0 {
        println!("{took:.1}s milvus-swarm {}", arguments.join(" "));
    }
    output
}

/// What a verb printed, as JSON.
fn document(arguments: &[&str], output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "milvus-swarm {arguments:?}: {error}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    })
}
