//! Deployments over what is there already: where docker and we do something else on purpose, and
//! what docker does is seen, not remembered.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::compose::image::ResolveImage;
use milvus_swarm::engine::{Access, Engine as Client, EngineError, Target};
use milvus_swarm::inventory::THREE_HOST;
use milvus_swarm::observed::{Config, Observed, Service};
use milvus_swarm::plan::{Action, Heard};
use milvus_swarm::spec::{ServiceSpec, diff};
use milvus_swarm::wanted::Cluster;
use serde_json::{Value, json};

use crate::both::listed;
use crate::cli::Cli;
use crate::engine::{Engine, World, id};
use crate::shipped::{cluster, inventory, written};
use crate::{NAMESPACE, cases, directory, ours};

const JOBS: &str = "version: \"3.9\"\nservices:\n  \
    web: {image: x, deploy: {replicas: 2}}\n  \
    once: {image: x, deploy: {mode: replicated-job, replicas: 1}}\n  \
    each: {image: x, deploy: {mode: global-job}}\n";

fn spec(service: &Value) -> ServiceSpec {
    serde_json::from_value(service["Spec"].clone()).unwrap()
}

/// docker updates every service whatever it is, and each update runs a job again; we see that
/// nothing changed, and update nothing.
#[test]
fn the_same_file_twice_runs_no_job_again() {
    let directory = directory(JOBS);
    let environment = cases::environment();
    let read = ours::read(directory.path(), NAMESPACE, JOBS, &environment).unwrap();
    for cli in Cli::all().iter().filter(|cli| cli.major >= 23) {
        let deploy = |there: &BTreeMap<String, Value>| {
            let mode = ResolveImage::Changed;
            let deployed = cli.deploy(directory.path(), NAMESPACE, &environment, mode, there);
            assert!(deployed.ok, "{}", deployed.stderr);
            deployed.posted
        };
        let there = listed(deploy(&BTreeMap::new()).services);
        let again = deploy(&there);
        assert_eq!(again.updated.len(), 3, "docker {}", cli.version);
        for wanted in read.services.values() {
            assert_eq!(diff(&spec(&there[&wanted.name]), wanted), []);
        }
    }
}

/// `--prune` removes what is in the stack and not in the file, and no config; we remove the same
/// services, and the configs that nothing mounts any more.
#[test]
fn what_is_in_no_file_goes() {
    let cluster = cluster(&[THREE_HOST]);
    let store = cluster.files.iter().find(|file| file.name == "store");
    let store = store.unwrap();
    let directory = written(store);
    let environment = cases::environment();
    for cli in Cli::all() {
        let deploy = |world: &World, flags: &[&str]| {
            let (directory, name) = (directory.path(), &store.namespace);
            let deployed = cli.deploy_in(world, directory, name, &environment, flags);
            assert!(deployed.ok, "{}", deployed.stderr);
            deployed.posted
        };
        let posted = deploy(&World::default(), &[]);
        let renamed = format!("{}_renamed", store.namespace);
        let mut services = posted.services.clone();
        let mut other = services.values().next().unwrap().clone();
        other["Name"] = json!(renamed);
        services.insert(renamed.clone(), other);
        let world = World {
            services: listed(services),
            configs: posted.configs.clone(),
            ..World::default()
        };
        assert_eq!(deploy(&world, &[]).removed, BTreeSet::new());
        let pruned = deploy(&world, &["--prune"]).removed;
        assert_eq!(pruned, BTreeSet::from([id(&renamed)]));

        let seen = Observed {
            services: world.services.iter().map(seen).collect(),
            configs: BTreeMap::from([("old-0a1b2c".to_owned(), Config::default())]),
            ..Observed::default()
        };
        let plan = cluster.plan(&inventory(&[THREE_HOST]), &seen, &Heard::default());
        let (mut gone, mut configs) = (BTreeSet::new(), Vec::new());
        for step in &plan.steps {
            match &step.action {
                Action::RemoveService { id, .. } => drop(gone.insert(id.clone())),
                Action::RemoveConfig { name, .. } => configs.push(name.as_str()),
                _ => {}
            }
        }
        assert_eq!(gone, pruned, "docker {}", cli.version);
        assert_eq!(configs, ["old-0a1b2c"]);
    }
}

fn seen((name, service): (&String, &Value)) -> (String, Service) {
    let service = Service {
        id: id(name),
        version: 7,
        spec: spec(service),
        ..Service::default()
    };
    (name.clone(), service)
}

/// A config with its name and other bytes is refused by Swarm; ours get another name with
/// other bytes.
#[test]
fn other_bytes_are_another_config() {
    let text = |file: &str| {
        format!("version: \"3.9\"\nconfigs: {{a: {{file: {file}, name: fixed}}}}\nservices: {{}}\n")
    };
    let (first, second) = (directory(&text("a.conf")), directory(&text("b.tmpl")));
    let before = cluster(&[THREE_HOST]);
    let after = cluster(&[THREE_HOST, "config: {log: {level: debug}}\n"]);
    // Each part of Milvus reads the key, and all that differ in what else they read get a text.
    let texts = |cluster: &Cluster| -> BTreeSet<String> {
        cluster.wanted.configs.keys().cloned().collect()
    };
    let (old, new) = (texts(&before), texts(&after));
    let gone: Vec<&String> = old.difference(&new).collect();
    let new: Vec<&String> = new.difference(&old).collect();
    assert!(
        !new.is_empty() && new.len() == gone.len(),
        "{gone:?} {new:?}"
    );
    for (name, config) in &before.wanted.configs {
        let same = after.wanted.configs.get(name);
        assert!(same.is_none_or(|same| same.data == config.data), "{name}");
    }
    let environment = cases::environment();
    for cli in Cli::all() {
        let deploy = |world: &World, directory: &tempfile::TempDir, name: &str| {
            cli.deploy_in(world, directory.path(), name, &environment, &[])
        };
        let after_first = |posted: BTreeMap<String, Value>| World {
            configs: posted,
            ..World::default()
        };
        let there = after_first(deploy(&World::default(), &first, NAMESPACE).posted.configs);
        assert!(deploy(&there, &first, NAMESPACE).ok);
        let refused = deploy(&there, &second, NAMESPACE);
        let why = "only updates to Labels are allowed";
        assert!(
            !refused.ok && refused.stderr.contains(why),
            "{}",
            refused.stderr
        );

        let milvus = |cluster: &Cluster| {
            let mut files = cluster.files.iter();
            files.find(|file| file.name == "milvus").unwrap().clone()
        };
        let (file, other) = (milvus(&before), milvus(&after));
        let made = deploy(&World::default(), &written(&file), &file.namespace);
        let rotated = deploy(
            &after_first(made.posted.configs),
            &written(&other),
            &other.namespace,
        );
        assert!(rotated.ok, "docker {}: {}", cli.version, rotated.stderr);
        let posted: Vec<&String> = rotated.posted.configs.keys().collect();
        assert_eq!(posted, new, "docker {}", cli.version);
    }
}

/// A config that stays takes the labels that the file has now, from docker and from us.
#[test]
fn labels_of_a_config_follow_the_file() {
    let text = |label: &str| {
        format!(
            "version: \"3.9\"\nconfigs: {{a: {{file: a.conf, name: fixed, labels: {{{label}: x}}}}}}\n\
             services: {{}}\n"
        )
    };
    let (first, second) = (text("old"), text("new"));
    let environment = cases::environment();
    for cli in Cli::all() {
        let deploy = |world: &World, text: &str| {
            let folder = directory(text);
            cli.deploy_in(world, folder.path(), NAMESPACE, &environment, &[])
        };
        let world = World {
            configs: deploy(&World::default(), &first).posted.configs,
            ..World::default()
        };
        let theirs = deploy(&world, &second).posted.relabelled;
        let ours = ours::read(directory(&second).path(), NAMESPACE, &second, &environment);
        let ours = ours.unwrap();
        let wanted = ours.configs.values().find(|config| config.name == "fixed");
        let labels = &theirs["fixed"]["Labels"];
        assert_eq!(
            *labels,
            json!(wanted.unwrap().labels),
            "docker {}",
            cli.version
        );
    }
}

/// Somebody else was faster: docker gives up half way; we know the answer from others, so that
/// the executor looks again.
#[tokio::test]
async fn a_service_that_moved_is_told_from_a_failure() {
    let text = "version: \"3.9\"\nservices: {web: {image: x}}\n";
    let directory = directory(text);
    let read = ours::read(directory.path(), NAMESPACE, text, &cases::environment()).unwrap();
    let mut spec = read.services["web"].clone();
    // The fake engine lists no network.
    spec.task_template.networks.clear();
    let world = World {
        services: listed(BTreeMap::from([(spec.name.clone(), json!(spec))])),
        contended: true,
        ..World::default()
    };
    for cli in Cli::all() {
        let (environment, flags) = (cases::environment(), ["--resolve-image", "never"]);
        let deployed = cli.deploy_in(&world, directory.path(), NAMESPACE, &environment, &flags);
        let why = "update out of sequence";
        assert!(
            !deployed.ok && deployed.stderr.contains(why),
            "{}",
            deployed.stderr
        );
    }
    let engine = Engine::start(directory.path(), &world);
    let target = Target::parse(&engine.host(), "the test", &Access::default()).unwrap();
    let client = Client::connect(target).await.unwrap();
    let late = client.update_service(&id(&spec.name), 6, &spec).await;
    assert!(
        matches!(late, Err(EngineError::OutOfSequence(_))),
        "{late:?}"
    );
}
