//! A host loses its power while users search and insert: all goes on without anybody's help.

use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::Value;

use crate::cluster::Cluster;

/// Seconds that users may wait at the most: a session's lease of 30 s, the detection of a dead
/// peer, and room for a busy machine.
const MOST: f64 = 60.0;

/// The host whose root coordinator leads is killed, and comes back.
pub fn of_leading_coordinators(cluster: &Cluster) {
    cluster.load();
    let lost = leading_host(cluster);
    let living = ["node03", "node02", "node01"]
        .into_iter()
        .find(|host| *host != lost)
        .expect("three hosts");
    let users = cluster.client(living).use_it();
    thread::sleep(Duration::from_secs(10));
    cluster.lab.kill_host(&lost).expect("the host is killed");
    thread::sleep(Duration::from_secs(90));
    let said = cluster.asked(living, &["status"]);
    let counted = users.stop();
    println!("{lost}, where the root coordinator led, was killed: {counted}");
    assert!(
        said.status.code() == Some(6),
        "a lost host is told: {}",
        String::from_utf8_lossy(&said.stdout)
    );
    let longest = |deed: &str| counted[deed]["longest"].as_f64().unwrap_or(f64::MAX);
    assert!(longest("searches") < MOST, "{counted}");
    assert!(longest("inserts") < MOST, "{counted}");
    assert_eq!(counted["lost"], 0, "{counted}");
    assert_eq!(counted["wrong"], 0, "{counted}");
    cluster.lab.start_host(&lost).expect("the host starts");
    healthy_again(cluster);
}

fn healthy_again(cluster: &Cluster) {
    let until = Instant::now() + Duration::from_secs(180);
    loop {
        let output = cluster.run(&["status", "--json"]);
        let status: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        if status["healthy"] == true {
            return;
        }
        assert!(Instant::now() < until, "{}", status["problems"]);
        thread::sleep(Duration::from_secs(2));
    }
}

/// The host of the root coordinator that leads, by its session in etcd: `meta/session/rootcoord`.
fn leading_host(cluster: &Cluster) -> String {
    let proxy = cluster.docker(&["ps", "--quiet", "--filter", "name=_proxy"]);
    let key = BASE64.encode("milvus/meta/session/rootcoord");
    let question = format!("{{\"key\":\"{key}\"}}");
    let answer = cluster.docker(&[
        "exec",
        proxy.trim(),
        "curl",
        "--silent",
        "--data",
        &question,
        "http://etcd-0:2379/v3/kv/range",
    ]);
    let answer: Value = serde_json::from_str(&answer).expect("etcd answers in JSON");
    let value = answer["kvs"][0]["value"].as_str().expect("a session");
    let value = BASE64.decode(value).expect("base64");
    let session: Value = serde_json::from_slice(&value).expect("a session is JSON");
    let address = session["Address"].as_str().expect("it has an address");
    let (address, _) = address.rsplit_once(':').expect("with a port");
    let service = &cluster.services_of("rootcoord")[0];
    let tasks = cluster.docker(&["service", "ps", "--quiet", service]);
    let mut inspect = vec![
        "inspect",
        "--type",
        "task",
        "--format",
        "{{.NodeID}} {{range .NetworksAttachments}}{{.Addresses}}{{end}}",
    ];
    inspect.extend(tasks.lines());
    let tasks = cluster.docker(&inspect);
    let has = |row: &&str| row.contains(&format!("[{address}/"));
    let row = tasks.lines().find(has);
    let row = row.unwrap_or_else(|| panic!("no task has {address}: {tasks}"));
    let (node, _) = row.split_once(' ').expect("a node");
    let name = [
        "node",
        "inspect",
        "--format",
        "{{.Description.Hostname}}",
        node,
    ];
    cluster.docker(&name).trim().to_owned()
}
