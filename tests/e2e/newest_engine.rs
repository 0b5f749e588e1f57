//! Three hosts with the newest Docker that can be had: up, query nodes that leave and come, a host
//! that dies and comes back.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::cluster::Cluster;

/// What a component on three hosts is while one of them is dead.
const WITH_TWO_OF_THREE: [(&str, &str); 3] = [
    ("etcd", "degraded"),
    ("bookie", "degraded"),
    ("proxy", "degraded"),
];

pub fn carries_a_cluster(cluster: &Cluster) {
    let version = "{{.Server.Version}}, API {{.Server.MinAPIVersion}} to {{.Server.APIVersion}}";
    let version = cluster.docker(&["version", "--format", version]);
    println!("the engines are {}", version.trim());

    cluster.up();
    assert_eq!(cluster.failed_tasks(), Vec::<String>::new());
    cluster.assert_healthy();
    cluster.assert_nothing_doubled();
    cluster.load();
    nothing_to_do(cluster);

    cluster.shown(&["scale", "query=2", "--yes"]);
    cluster.shown(&["scale", "query=3", "--yes"]);
    cluster.assert_healthy();
    cluster.check();

    one_host_dies(cluster);
    cluster.check();
    nothing_to_do(cluster);
    cluster.down_with_data();
    cluster.assert_gone();
}

fn nothing_to_do(cluster: &Cluster) {
    let before = cluster.tasks();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    assert_eq!(before, cluster.tasks(), "it touched a task");
}

/// The one that holds a member of everything and leads nothing of Milvus.
fn one_host_dies(cluster: &Cluster) {
    let host = "node03";
    cluster.lab.kill_host(host).expect("the host can be killed");
    let dead = until(cluster, "one node is gone", 60, |status| {
        status["nodes"]["ready"] == 2
    });
    println!("with {host} dead: {}", dead["problems"]);
    assert_eq!(dead["healthy"], false, "{dead}");
    until(cluster, "what is left says so", 120, |status| {
        WITH_TWO_OF_THREE
            .iter()
            .all(|(component, health)| row(status, component)["health"] == *health)
    });
    // The rows of the dead query node are loaded by the others once its session has ended.
    let since = Instant::now();
    loop {
        let checked = cluster.client("node01").run("check.py");
        if checked["wrong"] == 0 && checked["rows"] == 20_000 {
            break;
        }
        assert!(since.elapsed() < Duration::from_secs(180), "{checked}");
    }
    println!(
        "every row is found {:.0} s later",
        since.elapsed().as_secs_f64()
    );
    cluster.lab.start_host(host).expect("the host comes back");
    until(cluster, "all is well again", 300, |status| {
        status["healthy"] == true
    });
}

fn row<'a>(status: &'a Value, component: &str) -> &'a Value {
    status["components"]
        .as_array()
        .and_then(|rows| rows.iter().find(|row| row["component"] == component))
        .unwrap_or(&Value::Null)
}

fn until(cluster: &Cluster, what: &str, seconds: u64, is: impl Fn(&Value) -> bool) -> Value {
    let since = Instant::now();
    loop {
        let status = cluster.status();
        if is(&status) {
            println!("{what}, after {:.0} s", since.elapsed().as_secs_f64());
            return status;
        }
        let waited = since.elapsed() > Duration::from_secs(seconds);
        assert!(!waited, "not within {seconds} s: {what}\n{status:#}");
        std::thread::sleep(Duration::from_secs(1));
    }
}
