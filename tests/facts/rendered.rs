//! What is rendered for Milvus' processes, read off the stack file as any Swarm would read it.

use std::collections::BTreeSet;

use milvus_swarm::inventory::{Inventory, LOCAL, PRODUCTION_26, Source, THREE_HOST};
use milvus_swarm::release::Release;
use milvus_swarm::render::{self, Generations, Sources};
use milvus_swarm::topology::Topology;
use serde_json::Value;

use crate::table::{Kind, Table};

/// A value in a settings file.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Setting {
    /// `etcd.rootPath`
    pub path: String,
    pub value: String,
}

/// What a cluster's processes of Milvus are given.
#[derive(Debug)]
pub struct Rendered {
    /// Service and argument of `milvus run`.
    pub runs: BTreeSet<(String, String)>,
    /// Service and place of a file.
    pub mounts: BTreeSet<(String, String)>,
    /// Argument of `milvus run` and place of a volume that each task has for itself.
    pub own: BTreeSet<(String, String)>,
    /// What stands in those files.
    pub settings: BTreeSet<Setting>,
}

/// Clusters of a version, by a name: what meets its needs in each way that there is.
pub fn inventories(version: &str) -> Vec<(&'static str, String)> {
    let of = |text: &str| {
        let own = text.lines().filter(|line| !line.starts_with("milvus:"));
        let rest: Vec<&str> = own.collect();
        format!("milvus: \"{version}\"\n{}\n", rest.join("\n"))
    };
    let with = |more: &str| of(THREE_HOST) + more;
    let s3 = |more: &str| {
        format!("storage: {{ s3: {{ endpoint: s3.example.com, bucket: vectors, {more} }} }}\n")
    };
    let keys = "access_key: { file: a }, secret_key: { file: s }";
    let with_ca = format!("ca: ca.pem, {keys}");
    // Before 2.3 it is refused.
    let mixed = if version == "2.2" {
        ""
    } else {
        "coordinators: mixed\n"
    };
    let mut all = vec![
        ("one process for all coordinators", with(mixed)),
        ("one host", of(LOCAL)),
        ("three hosts", of(THREE_HOST)),
        ("26 hosts", of(PRODUCTION_26)),
        // Before 2.3.12 there is no setting for it, and a plan with it is refused.
        (
            "another store",
            with(&s3(if matches!(version, "2.2" | "2.3.0") {
                keys
            } else {
                &with_ca
            })),
        ),
        ("a store by role", with(&s3("iam: true"))),
    ];
    let release = Release::parse(version).expect("a release");
    if release.line >= (2, 6) {
        let log = "log: { woodpecker: {} }\n";
        all.push(("the log inside", with(log)));
        all.push(("both", with(&(s3(&with_ca) + log))));
    }
    if release.line >= (3, 0) {
        let log = "log: { woodpecker_service: { copies: 3 } }\n";
        all.push(("servers of the log", with(log)));
        all.push(("servers and another store", with(&(s3(&with_ca) + log))));
    }
    all
}

impl Rendered {
    pub fn of(text: &str, sources: &Sources) -> Self {
        let source = Source {
            name: "facts.yml".to_owned(),
            text: text.to_owned(),
        };
        let inventory = Inventory::parse(&[source]).unwrap_or_else(|no| panic!("{}", no.render()));
        let release = Release::parse(inventory.milvus.as_deref().expect("it says one"));
        let release = release.expect("a release");
        let topology = Topology::place(&inventory, &release, None);
        let generations = Generations::default();
        let files = render::stacks(&inventory, &release, &topology, &generations, sources);
        let files = files.unwrap_or_else(|error| panic!("{error}"));
        let stack = files.into_iter().find(|file| file.name == "milvus");
        let stack = stack.expect("the stack of Milvus");
        let tree: Value = serde_saphyr::from_str(&stack.text).expect("a stack file");
        let mut rendered = Self {
            runs: BTreeSet::new(),
            mounts: BTreeSet::new(),
            own: BTreeSet::new(),
            settings: BTreeSet::new(),
        };
        for (service, spec) in tree["services"].as_object().expect("services") {
            let words = spec["command"].as_array().expect("an argument vector");
            let words = words.iter().map(|word| word.as_str().unwrap_or_default());
            let mut words: Vec<&str> = words.collect();
            while words[0] == "bash" {
                words.drain(..2);
            }
            let word = |at: usize| words.get(at).copied().unwrap_or_default();
            assert_eq!((word(0), word(1)), ("milvus", "run"), "{service}");
            rendered.runs.insert((service.clone(), word(2).to_owned()));
            for mount in spec["volumes"].as_array().into_iter().flatten() {
                assert_eq!(mount["type"], "volume", "{service}");
                assert_eq!(mount["source"], Value::Null, "{service}");
                let target = mount["target"].as_str().expect("a target");
                rendered.own.insert((word(2).to_owned(), target.to_owned()));
            }
            for mount in spec["configs"].as_array().expect("configs") {
                // The others are scripts, which bash reads.
                if ["start-milvus", "check-session", "await-birth"]
                    .iter()
                    .any(|key| mount["source"] == *key)
                {
                    continue;
                }
                let target = mount["target"].as_str().expect("a target");
                rendered.mounts.insert((service.clone(), target.to_owned()));
                let key = mount["source"].as_str().expect("a source");
                let path = tree["configs"][key]["file"].as_str().expect("a file");
                let text = &stack.files[path.trim_start_matches("./")];
                let settings = serde_saphyr::from_str(text).expect("a settings file");
                rendered.leaves("", &settings);
            }
        }
        rendered
    }

    fn leaves(&mut self, path: &str, value: &Value) {
        let value = match value {
            Value::Object(map) => {
                for (name, value) in map {
                    let dot = if path.is_empty() { "" } else { "." };
                    self.leaves(&format!("{path}{dot}{name}"), value);
                }
                return;
            }
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let path = path.to_owned();
        self.settings.insert(Setting { path, value });
    }

    /// What of it that Milvus does not know.
    pub fn wrong(&self, table: &Table) -> BTreeSet<String> {
        let runs = self
            .runs
            .iter()
            .filter(|(_, run)| !table.processes.contains_key(run));
        let runs = runs.map(|(service, run)| format!("`{service}` runs `{run}`, which it has not"));
        let is_read = |target: &str| {
            let name = target
                .strip_prefix(&table.dir)
                .and_then(|rest| rest.strip_prefix('/'));
            name.is_some_and(|name| table.files.contains(name))
        };
        let mounts = self.mounts.iter().filter(|(_, target)| !is_read(target));
        let mounts = mounts.map(|(service, target)| format!("`{service}` reads no `{target}`"));
        let settings = self.settings.iter().filter_map(|setting| {
            let Setting { path, value } = setting;
            match table.setting(path) {
                None => Some(format!("it has no setting `{path}`")),
                Some((Kind::Key, _)) => None,
                // Upstream's own words, which its whole file repeats.
                Some((Kind::Shipped, default)) if is_same(default, value) => None,
                Some((Kind::Shipped, default)) => Some(format!(
                    "nobody is known to read `{path}`, which is `{value}` and was `{default}`"
                )),
            }
        });
        runs.chain(mounts).chain(settings).collect()
    }
}

fn is_same(default: &str, value: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let list = |text: &str| serde_json::from_str::<Value>(text).ok();
    default == value
        || number(default).is_some_and(|one| number(value) == Some(one))
        || list(default).is_some_and(|one| list(value) == Some(one))
        // An empty value is null or no text.
        || (default.is_empty() && value == "null")
}
