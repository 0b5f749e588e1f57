//! A plan that is looked at away from the Swarm, agreed on, and carried out later.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::cluster::{Cluster, Tasks};

/// The services whose tasks are others than before.
fn renewed(before: &Tasks, after: &Tasks) -> BTreeSet<String> {
    after
        .iter()
        .filter(|(id, _)| !before.contains_key(*id))
        .filter_map(|(_, row)| Some(row.split_once('.')?.0.to_owned()))
        .collect()
}

/// What a plan does, gates left out: a record and the Swarm itself may answer those at different
/// times.
fn deeds(plan: &Value) -> Vec<String> {
    let steps = plan["steps"].as_array().expect("a plan has steps");
    steps
        .iter()
        .map(|step| &step["action"])
        .filter(|action| action["action"] != "await")
        .map(|action| format!("{} {}", action["action"], action["name"]))
        .collect()
}

/// From the record of a healthy cluster nothing is to do; a change is planned from it as from the
/// Swarm; the saved plan is carried out once and refused from then on. What is changed is one key of
/// Milvus: the services that read it restart and no others, query nodes one at a time, while
/// searches run.
pub fn then_carried_out(cluster: &mut Cluster) {
    let file = |name: &str| cluster.folder().join(name).display().to_string();
    let (record, saved, page, graph) = (
        file("seen.json"),
        file("plan.json"),
        file("timings.html"),
        file("graph.svg"),
    );
    cluster.must(&["status", "--record", &record]);
    let text = fs::read_to_string(&record).expect("a record was written");
    for part in ["milvus", "minio"] {
        let password = cluster.json(&["credentials", "--json"])[part]["password"].clone();
        let password = password.as_str().expect("there is a password");
        assert!(!text.contains(password), "the record holds a password");
    }
    let from_record = cluster.far_away(&["plan", "--observed", &record, "--json"]);
    assert_eq!(from_record["steps"], Value::Array(Vec::new()));

    let lost = cluster.json(&["what-if", "--lose", "node03", "--json"]);
    assert_eq!(lost["survives_now"], true, "{lost}");
    let again = [
        "what-if",
        "--lose",
        "node03",
        "--observed",
        &record,
        "--json",
    ];
    assert_eq!(lost, cluster.far_away(&again));

    cluster.overlay(
        "reviewed.yml",
        "config: { queryNode: { gracefulStopTimeout: 600 } }\n",
    );
    let from_record = cluster.far_away(&["plan", "--observed", &record, "--json"]);
    let from_swarm = cluster.json(&["plan", "--json", "--out", &saved, "--graph", &graph]);
    assert_eq!(deeds(&from_record), deeds(&from_swarm));
    assert!(!deeds(&from_swarm).is_empty());
    let svg = fs::read_to_string(&graph).expect("a graph was written");
    assert!(svg.contains("milvus_querynode"), "{svg}");

    assert!(cluster.must(&["plan"]).contains("task 3 of 3"));
    let before = cluster.tasks();
    let searching = cluster.client("node01").search("e2e", 20_000);
    cluster.shown(&["up", &saved, "--yes", "--timings", &page]);
    let counted = searching.stop();
    println!("one key of the query nodes changed, 3 restarted: {counted}");
    assert_eq!(counted["failed"], 0, "{counted}");
    let service = cluster.services_of("querynode").remove(0);
    assert_eq!(
        renewed(&before, &cluster.tasks()),
        BTreeSet::from([service])
    );
    let html = fs::read_to_string(&page).expect("timings were written");
    assert!(html.contains("milvus_querynode"), "{html}");
    assert!(cluster.must(&["plan"]).contains("nothing to do"));
    cluster.assert_healthy();

    let before = cluster.tasks();
    let again = cluster.run(&["up", &saved, "--yes"]);
    assert_eq!(again.status.code(), Some(7), "a plan is carried out once");
    assert_eq!(before, cluster.tasks());
}
