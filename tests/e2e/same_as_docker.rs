//! The same cluster by our tool and by `docker stack deploy`, each over the other's: no task
//! restarts.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::cluster::{Cluster, Tasks};

/// The commands of the rendered README, which are its indented lines. The last section is for
/// those who start Milvus without `up`.
fn commands(folder: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(folder.join("README.txt")).expect("it is rendered");
    text.lines()
        .take_while(|line| !line.contains("Root's password"))
        .filter_map(|line| line.strip_prefix("   "))
        // `up` gives data its birth, before it comes to Milvus.
        .filter(|line| !line.contains("milvus-swarm.birth/"))
        .map(str::to_owned)
        .collect()
}

fn run(cluster: &Cluster, folder: &Path, command: &str) {
    let docker = cluster.lab.docker();
    let path = format!(
        "{}:{}",
        docker.parent().expect("it is in a folder").display(),
        std::env::var("PATH").unwrap_or_default()
    );
    // The lab has no registry to resolve images at.
    let command = command.replace("stack deploy", "stack deploy --resolve-image never");
    let status = Command::new("sh")
        .args(["-c", &command])
        .current_dir(folder)
        .env("PATH", path)
        .env("DOCKER_HOST", cluster.lab.docker_host())
        .status()
        .expect("sh runs");
    assert!(status.success(), "{command}");
}

fn deploys(commands: &[String]) -> Vec<&String> {
    let deploys = commands.iter();
    deploys
        .filter(|line| line.contains("stack deploy"))
        .collect()
}

/// Seconds without a new task that count as calm: bookies that find no metadata end and start
/// again until somebody wrote it, and an engine needs a while to restart what it must.
const CALM: u32 = 15;

/// Seconds until it must be calm: coordinators stand by until the sessions of those before them
/// have ended, a minute at most.
const LONG: u32 = 240;

/// The task that writes Pulsar's metadata ends, and so do probes.
fn ends(name: &str) -> bool {
    name.contains("pulsar-init") || name.contains("-probe")
}

/// The tasks that run for good.
fn tasks(cluster: &Cluster) -> Tasks {
    let mut tasks = cluster.tasks();
    tasks.retain(|_, task| !ends(task));
    tasks
}

/// Waits until every service has the tasks that it wants, for good, and gives these.
fn settle(cluster: &Cluster) -> Tasks {
    let (mut before, mut calm) = (tasks(cluster), 0);
    let mut list = String::new();
    for _ in 0..LONG {
        std::thread::sleep(Duration::from_secs(1));
        list = cluster.docker(&["service", "ls", "--format", "{{.Name}} {{.Replicas}}"]);
        // Such as `milvus-milvus_querynode 3/3 (max 1 per node)`.
        let up = list.lines().filter(|line| !ends(line)).all(|line| {
            let counts = line.split(' ').nth(1).and_then(|word| word.split_once('/'));
            counts.is_some_and(|(running, wanted)| running == wanted)
        });
        let now = tasks(cluster);
        calm = if up && now.keys().eq(before.keys()) {
            calm + 1
        } else {
            0
        };
        if calm >= CALM {
            return now;
        }
        before = now;
    }
    panic!(
        "it does not come to rest:\n{list}\n{}",
        restless(cluster, &list)
    );
}

/// What became of the tasks of services that are short of some, and their last words.
fn restless(cluster: &Cluster, list: &str) -> String {
    let mut said = String::new();
    for line in list.lines().filter(|line| !ends(line)) {
        let mut words = line.split(' ');
        let (Some(name), Some(counts)) = (words.next(), words.next()) else {
            continue;
        };
        if counts
            .split_once('/')
            .is_some_and(|(is, wanted)| is == wanted)
        {
            continue;
        }
        let states = "{{.Name}} {{.Node}} {{.CurrentState}} {{.Error}}";
        said += &cluster.docker(&["service", "ps", "--no-trunc", "--format", states, name]);
        said += &cluster.docker(&["service", "logs", "--raw", "--tail", "40", name]);
    }
    said
}

/// Our tool over what was deployed by hand, then by hand over what our tool did; for Milvus the
/// other way round, since only `up` sets its root password before the first start.
pub fn either_way(cluster: &Cluster) {
    let folder = cluster.folder().join("rendered");
    cluster.must(&["render", "-o", &folder.display().to_string()]);
    let commands = commands(&folder);
    let deploys = deploys(&commands);
    assert_eq!(deploys.len(), 4, "{commands:#?}");
    let is_milvus = |line: &str| line.contains("milvus.yml");

    for command in commands.iter().filter(|line| !is_milvus(line)) {
        run(cluster, &folder, command);
    }
    let by_hand = settle(cluster);
    assert!(by_hand.len() >= 12, "{by_hand:?}");
    taken_over(cluster, &by_hand);

    let ours = settle(cluster);
    for command in &deploys {
        run(cluster, &folder, command);
    }
    let theirs = settle(cluster);
    assert_eq!(ours, theirs, "`docker stack deploy` restarted tasks");
    let plan = cluster.must(&["plan"]);
    assert!(plan.contains("nothing to do"), "{plan}");
    cluster.assert_healthy();

    let milvus = deploys.iter().find(|line| is_milvus(line));
    let milvus = milvus.expect("Milvus has a stack");
    let stack = milvus.rsplit(' ').next().expect("it ends in its name");
    run(cluster, &folder, &format!("docker stack rm {stack}"));
    run(cluster, &folder, milvus);
    let by_hand = settle(cluster);
    assert_eq!(by_hand.len(), ours.len(), "{by_hand:?}");
    let old = by_hand.keys().filter(|id| ours.contains_key(*id)).count();
    assert!(old < ours.len(), "Milvus was not deployed anew");
    taken_over(cluster, &by_hand);
    let plan = cluster.must(&["plan"]);
    assert!(plan.contains("nothing to do"), "{plan}");
    cluster.assert_healthy();
}

/// `up` updates nothing of what was deployed by hand, and restarts none of its tasks.
fn taken_over(cluster: &Cluster, by_hand: &Tasks) {
    let plan = cluster.must(&["plan"]);
    assert!(!plan.contains("update service"), "{plan}");
    cluster.up();
    let after = settle(cluster);
    for (id, task) in by_hand {
        assert!(after.contains_key(id), "`up` restarted {task}");
    }
}
