//! One changed Milvus key restarts the services that read it and no others, query nodes one at
//! a time, while searches run.

use std::collections::BTreeSet;

use crate::cluster::{Cluster, Tasks};

/// The services whose tasks are others than before.
fn renewed(before: &Tasks, after: &Tasks) -> BTreeSet<String> {
    after
        .iter()
        .filter(|(id, _)| !before.contains_key(*id))
        .filter_map(|(_, row)| Some(row.split_once('.')?.0.to_owned()))
        .collect()
}

pub fn rolls_its_readers(cluster: &mut Cluster) {
    cluster.overlay(
        "config.yml",
        "config:\n  queryNode:\n    gracefulStopTimeout: 600\n",
    );
    let before = cluster.tasks();
    let plan = cluster.must(&["plan"]);
    assert!(plan.contains("task 5 of 5"), "{plan}");
    let searching = cluster.client("node01").search("e2e", 20_000);
    cluster.up();
    let counted = searching.stop();
    println!("one key of the query nodes changed, 5 restarted: {counted}");
    let service = cluster.services_of("querynode").remove(0);
    assert_eq!(
        renewed(&before, &cluster.tasks()),
        BTreeSet::from([service])
    );
    assert_eq!(counted["failed"], 0, "{counted}");
    cluster.assert_healthy();
    cluster.check();
}
