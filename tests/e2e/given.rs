//! Pulsar before 2.10, which wrote as root, becomes one that runs as a user of its own.

use std::fs;
use std::time::Instant;

use crate::cluster::Cluster;
use crate::midway::up_killed_at;

/// The image that no other test wants: it is made when this one asks for it.
pub const IMAGE: &str = "apachepulsar/pulsar:2.10.5";

const HOSTS: [&str; 3] = ["node01", "node02", "node03"];

/// What keeps data of Pulsar: parts of the names of containers.
const KEEPERS: [&str; 2] = ["_zookeeper-", "_bookie-"];

/// Each member is stopped, given its data and started again, while users search and insert; the
/// program is killed once while a member of ZooKeeper is stopped, and once while a bookie is.
pub fn to_the_user_of_the_image(cluster: &mut Cluster) {
    cluster.overlay(
        "root.yml",
        "images: { pulsar: apachepulsar/pulsar:2.8.2 }\n",
    );
    cluster.up();
    cluster.load();
    cluster.assert_healthy();
    assert_eq!(owners(cluster), [0; 6]);
    cluster.files.pop();

    cluster.overlay("user.yml", &format!("images: {{ pulsar: {IMAGE} }}\n"));
    let plan = cluster.must(&["plan"]);
    println!("{plan}");
    for member in ["zookeeper", "bookie"] {
        for nth in 0..3 {
            let gives = format!("give the data of {member}-{nth} on node0");
            assert!(plan.contains(&gives), "{gives}");
        }
    }
    let users = cluster.client("node03").use_it();
    let start = Instant::now();
    up_killed_at(cluster, "zookeeper");
    up_killed_at(cluster, "bookie");
    cluster.up();
    println!(
        "from root to user 10000, killed twice: {:.1} s",
        start.elapsed().as_secs_f64()
    );
    let counted = users.stop();
    println!("meanwhile: {counted}");
    assert_eq!(counted["lost"], 0, "{counted}");
    assert_eq!(counted["wrong"], 0, "{counted}");

    cluster.assert_healthy();
    assert_eq!(owners(cluster), [10_000; 6]);
    let checked = cluster.client("node01").run("check.py");
    assert_eq!(checked["wrong"], 0, "{checked}");
    assert!(checked["rows"].as_u64() >= Some(20_000), "{checked}");
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    cluster.down_with_data();
    cluster.files.pop();
}

/// Who the processes are that keep data; nothing that they keep is anybody else's.
fn owners(cluster: &Cluster) -> Vec<u32> {
    let mut owners = Vec::new();
    for host in HOSTS {
        for keeper in KEEPERS {
            let name = format!("name={keeper}");
            let id = cluster.docker_of(host, &["ps", "--quiet", "--filter", &name]);
            let id = id.trim();
            let pid = cluster.docker_of(host, &["inspect", "--format", "{{.State.Pid}}", id]);
            let status = fs::read_to_string(format!("/proc/{}/status", pid.trim()));
            let status = status.expect("the process runs");
            let mut lines = status.lines();
            let uid = lines.find_map(|line| line.strip_prefix("Uid:"));
            let uid = uid.and_then(|uids| uids.split_whitespace().next());
            let uid: u32 = uid.and_then(|uid| uid.parse().ok()).expect("a user");
            let find = format!("find /pulsar/data ! -uid {uid}");
            let mut exec = vec!["exec", "--user", "0", id];
            exec.extend(find.split(' '));
            assert_eq!(cluster.docker_of(host, &exec), "", "{keeper} on {host}");
            owners.push(uid);
        }
    }
    owners
}
