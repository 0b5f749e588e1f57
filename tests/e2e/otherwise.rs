//! Members that keep their data in directories of their hosts, a part that cannot start, another
//! release of Milvus, coordinators in one process, and a cluster of the version before.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::cluster::Cluster;

/// Members' directories are made on their hosts, hold the data over a `down`, and are emptied
/// with it. On the way up a part cannot start at first.
pub fn are_made(cluster: &mut Cluster) {
    let data = cluster.folder().join("data");
    cluster.overlay(
        "data.yml",
        &format!("data: {{ dir: {} }}\n", data.display()),
    );

    explains_itself(cluster);
    with_a_network_that_anybody_joins(cluster);
    cluster.assert_healthy();
    let etcd = data.join("milvus/etcd-0");
    assert!(holds_something(&etcd), "{}", etcd.display());
    cluster.load();
    cluster.overlay("mtu.yml", "network: { mtu: 1400 }\n");
    let refused = cluster.run(&["up", "--yes"]);
    assert_eq!(refused.status.code(), Some(4));
    cluster.shown(&["up", "--yes", "--renew-networks"]);
    cluster.check();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    cluster.files.pop();
    cluster.down_with_data();
    assert!(
        etcd.is_dir() && !holds_something(&etcd),
        "emptied, not taken"
    );
    cluster.files.pop();
}

/// As versions before this one made it, all on one network.
fn with_a_network_that_anybody_joins(cluster: &Cluster) {
    cluster.must(&["down", "--yes"]);
    cluster.docker(&[
        "network",
        "create",
        "--driver",
        "overlay",
        "--attachable",
        "--label",
        "milvus-swarm.cluster=milvus",
        "milvus_net",
    ]);
    let refused = cluster.run(&["up", "--yes"]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("[network-changes]"), "{said}");
    assert!(said.contains("internal: false -> true"), "{said}");
    cluster.shown(&["up", "--yes", "--renew-networks"]);
}

/// A gate that stays shut tells why, with the last words of what failed.
fn explains_itself(cluster: &mut Cluster) {
    cluster.overlay("broken.yml", "config: { log: { level: loud } }\n");
    let failed = cluster.run(&["up", "--yes", "--gate-timeout", "45"]);
    let said = String::from_utf8_lossy(&failed.stderr);
    assert_eq!(failed.status.code(), Some(6), "{said}");
    assert!(said.contains("last lines of"), "{said}");
    assert!(said.contains("milvus-swarm status"), "{said}");
    cluster.files.pop();
}

fn holds_something(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// Milvus 2.3.0, the other release that the lab has.
pub fn older_milvus(cluster: &mut Cluster) {
    cluster.overlay(
        "older.yml",
        "images: { milvus: \"milvusdb/milvus:v2.3.0\" }\n",
    );
    cluster.up();
    cluster.load();
    cluster.check();
    cluster.assert_healthy();
    cluster.down_with_data();
    cluster.files.pop();
}

/// One process for all coordinators in place of one for each, and back, on a cluster with data: what
/// goes is gone from etcd before the other comes, and what was loaded is found.
pub fn coordinators_in_one(cluster: &mut Cluster) {
    cluster.up();
    cluster.load();
    for mixed in [true, false] {
        if mixed {
            cluster.overlay("mixed.yml", "coordinators: mixed\n");
        } else {
            cluster.files.pop();
        }
        let start = Instant::now();
        cluster.up();
        println!(
            "mixed {mixed}: `up` took {:.1}s",
            start.elapsed().as_secs_f64()
        );
        cluster.check();
        cluster.assert_healthy();
        let again = cluster.up();
        assert!(again.contains("nothing to do"), "{again}");
        let failed = cluster.failed_tasks();
        assert_eq!(failed, Vec::<String>::new(), "mixed: {mixed}");
    }
    cluster.down_with_data();
}

/// What the version before this one ran, by its templates: `tests/e2e/before`.
const BEFORE: &str = "images:
  etcd: quay.io/coreos/etcd:v3.5.1
  minio: minio/minio:RELEASE.2026-02-12T20-18-48Z
  pulsar: apachepulsar/pulsar:2.8.2
";

/// A cluster of the version before is brought over with its data; its Pulsar 2 stays.
pub fn brought_over(cluster: &mut Cluster) {
    let templates = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/before");
    cluster.overlay("before.yml", &format!("{BEFORE}stacks: {templates}\n"));
    cluster.up();
    cluster.load();
    cluster.assert_healthy();
    cluster.files.pop();

    let refused = cluster.run(&["up", "--yes"]);
    let said = String::from_utf8_lossy(&refused.stdout);
    assert_eq!(refused.status.code(), Some(4), "{said}");
    assert!(said.contains("[pulsar-major]"), "{said}");
    let keep = "images: { pulsar: apachepulsar/pulsar:2.8.2 }";
    assert!(said.contains(keep), "{said}");

    cluster.overlay("kept.yml", &format!("{keep}\n"));
    cluster.up();
    cluster.check();
    cluster.assert_healthy();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    cluster.down_with_data();
    cluster.files.pop();
}
