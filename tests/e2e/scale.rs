//! Query nodes leave and come while searches run; no search fails and none misses a row.

use std::fs;

use serde_json::Value;

use crate::cluster::Cluster;
use crate::spread::Spread;

/// Rounds in `make test`; `make soak` asks for more.
const ROUNDS: u32 = 1;

/// Milvus merges small segments into one within minutes, and one segment is on one query node: the
/// others would have nothing to leave.
pub const SEGMENTS_STAY: &str =
    "config: { dataCoord: { compaction: { enableAutoCompaction: false } } }\n";

pub fn wanted_rounds() -> u32 {
    std::env::var("MILVUS_SWARM_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS)
}

/// Segments of a shard, so that each of five query nodes has some of two shards.
pub const SEGMENTS: u32 = 4;

/// From five query nodes to three and back, with top-1 searches under an exact index.
pub fn rounds(cluster: &Cluster, rounds: u32) {
    for round in 1..=rounds {
        let before = Spread::anew(cluster, "e2e");
        let searching = cluster.client("node01").search("e2e", 20_000);
        let down = cluster.shown(&["scale", "query=3", "--yes"]);
        let left = before.left(&Spread::now(cluster, "e2e"));
        let up = cluster.shown(&["scale", "query=5", "--yes"]);
        let counted = searching.stop();
        println!(
            "scale round {round}: {counted}; (rows, led a shard) of those that left: {left:?}"
        );
        assert_eq!(left.len(), 2, "{down}");
        assert!(
            left.iter().all(|(rows, _)| *rows > 0),
            "a node that held nothing proves nothing: {left:?}"
        );
        assert!(counted["searches"].as_u64() > Some(100), "{counted}");
        assert_eq!(
            counted["failed"], 0,
            "round {round}: {counted}\n{down}\n{up}"
        );
        assert_eq!(
            counted["wrong"], 0,
            "round {round}: {counted}\n{down}\n{up}"
        );
        cluster.assert_healthy();
    }
}

/// Where every query node leads a shard none can leave unnoticed with Milvus 2.3: the plan says
/// so, no search fails, and the rate of wrong answers is told beside that of Swarm's own way.
pub fn all_lead(cluster: &Cluster) {
    let loaded = cluster.client("node01").run_with(
        "load.py",
        &[
            "--collection",
            "hard",
            "--shards",
            "10",
            "--segments",
            "1",
            "--rows",
            "5000",
        ],
    );
    assert_eq!(loaded["rows"], 5_000, "{loaded}");

    Spread::until_all_lead(cluster, "hard");
    let searching = cluster.client("node01").search("hard", 5_000);
    let said = cluster.shown(&["scale", "query=3", "--yes"]);
    let ours = searching.stop();
    assert!(said.contains("leads a shard"), "the plan must warn: {said}");
    cluster.shown(&["scale", "query=5", "--yes"]);

    Spread::until_all_lead(cluster, "hard");
    let searching = cluster.client("node01").search("hard", 5_000);
    let service = cluster
        .services_of("querynode")
        .pop()
        .expect("there is one");
    cluster.docker(&["service", "scale", &format!("{service}=3")]);
    let plain = searching.stop();
    println!(
        "all lead a shard, 5 -> 3: ours {}; docker service scale {}",
        rates(&ours),
        rates(&plain)
    );
    assert_eq!(ours["failed"], 0, "{ours}");
    // What was done by hand is drift, and `up` mends it.
    let plan = cluster.must(&["plan"]);
    assert!(plan.contains("changed by hand"), "{plan}");
    cluster.up();
    cluster.assert_healthy();
    // What two nodes that go at the same time lead may be moved to and fro for ever (2.3.5: a segment
    // that left with the other keeps its new leader from serving), and they never leave. Loaded
    // anew it is on those that stay.
    Spread::anew(cluster, "hard");
    cluster.assert_none_leaves("querynode");
}

fn rates(counted: &Value) -> String {
    let number = |key: &str| counted[key].as_u64().unwrap_or(0);
    let searches = number("searches").max(1);
    format!(
        "{} failed, {} wrong of {searches} ({:.2} %)",
        number("failed"),
        number("wrong"),
        number("wrong") as f64 * 100.0 / searches as f64
    )
}

/// Other roles, several at once, hosts that get a role, and what is refused.
pub fn other_roles(cluster: &Cluster) {
    let file = cluster.files[0].clone();
    let before = fs::read_to_string(&file).expect("the inventory is there");

    let refused = cluster.run(&["scale", "index=5", "--yes"]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned()
        + &String::from_utf8_lossy(&refused.stdout);
    assert!(!refused.status.success(), "{said}");
    assert!(said.contains("--on"), "the way out is named: {said}");
    assert_eq!(before, fs::read_to_string(&file).expect("still there"));

    let refused = cluster.run(&["scale", "etcd=5", "--yes"]);
    assert_eq!(refused.status.code(), Some(4));
    assert_eq!(before, fs::read_to_string(&file).expect("still there"));

    cluster.shown(&["scale", "index=5", "--on", "node08", "--yes"]);
    let tasks = cluster.docker(&[
        "service",
        "ps",
        "--filter",
        "desired-state=running",
        "--format",
        "{{.Node}}",
        &cluster.services_of("indexnode")[0],
    ]);
    assert!(tasks.lines().any(|node| node == "node08"), "{tasks}");

    cluster.shown(&["scale", "index=3", "proxy=2", "--yes"]);
    cluster.assert_healthy();
    // The proxy that left may be the one on the manager that is asked.
    assert!(cluster.must(&["plan", "--probe"]).contains("nothing to do"));
    let after = fs::read_to_string(&file).expect("still there");
    assert!(
        after.contains("# 8 CPUs, 16 GiB; a proxy each"),
        "comments stay"
    );

    fs::write(&file, before).expect("the inventory can be written");
    cluster.up();
}
