//! Balancers take the port over from proxies and give it back, and stand in for them meanwhile.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::from_a_host;

/// Longer than a proxy needs from its start until Swarm names it.
const NAMED: Duration = Duration::from_secs(20);

/// Gives the role to the managers, in the inventory; gives what it was before.
pub fn on_managers(cluster: &Cluster) -> String {
    let inventory = cluster.files.first().expect("an inventory");
    let without = fs::read_to_string(inventory).expect("it can be read");
    let with = without.replacen("roles: [manager,", "roles: [balancer, manager,", 1);
    assert_ne!(with, without, "the first group are managers");
    fs::write(inventory, with).expect("it can be written");
    without
}

/// Nothing else can be reached, and proxies come and go behind one address.
pub fn stand_in_for_proxies(cluster: &Cluster) {
    from_a_host::nobody_reaches_but(cluster, &["haproxy 19530"]);
    cluster.load();
    cluster.check();
    no_search_fails(cluster);
}

/// Hosts get the role and lose it again.
pub fn for_a_while(cluster: &Cluster) {
    cluster.up();
    let without = on_managers(cluster);
    let plan = cluster.run(&["plan"]);
    let plan = String::from_utf8_lossy(&plan.stdout);
    let gap = "the port of each host is closed from then until others publish it";
    assert!(plan.contains(gap), "{plan}");
    cluster.up();
    cluster.assert_healthy();
    stand_in_for_proxies(cluster);

    let inventory = cluster.files.first().expect("an inventory");
    fs::write(inventory, without).expect("it can be written");
    cluster.up();
    cluster.assert_healthy();
    cluster.check();
    cluster.down_with_data();
}

/// One is killed, two are left, these are rolled, a third comes; a client that was idle for a minute goes
/// on where it was. Searches wait for nothing: a proxy that dies holds up those that ask for what was just
/// written until its lease is over, and no balancer can help that.
fn no_search_fails(cluster: &Cluster) {
    let client = cluster.client("node01");
    let busy = client.search_with(&["--level", "Eventually"]);
    let idle = client.search_with(&["--level", "Eventually", "--idle", "60", "--seconds", "1"]);
    let proxy = cluster.docker_of(
        "node02",
        &["ps", "-q", "--filter", "name=milvus-milvus_proxy"],
    );
    cluster.docker_of("node02", &["kill", proxy.trim()]);
    thread::sleep(NAMED);
    cluster.must(&["scale", "--yes", "proxy=2"]);
    cluster.docker(&[
        "service",
        "update",
        "--quiet",
        "--force",
        "milvus-milvus_proxy",
    ]);
    cluster.must(&["scale", "--yes", "proxy=3"]);
    for (name, running) in [("busy", busy), ("idle", idle)] {
        let counted = running.stop();
        println!("{name}: {counted}");
        let none = |key: &str| assert_eq!(counted[key], 0, "{name}: {counted}");
        none("failed");
        none("wrong");
        assert_ne!(counted["searches"], Value::from(0), "{name}: {counted}");
    }
}
