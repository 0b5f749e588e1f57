//! A role that goes from one host to another: what was planned is all that is to do.

use std::fs;

use crate::cluster::Cluster;

/// The hosts of the production topology with a query node, and those after the move.
const FROM: &str = "hosts: \"node[04-08]\"";
const TO: &str = "hosts: \"node[05-09]\"";

/// One host less and another one more for the query nodes, with searches running.
pub fn to_another_host(cluster: &Cluster) {
    let file = &cluster.files[0];
    let before = fs::read_to_string(file).expect("the inventory is there");
    assert!(before.contains(FROM));
    fs::write(file, before.replace(FROM, TO)).expect("the inventory can be written");
    let searching = cluster.client("node01").search("e2e", 20_000);
    let said = cluster.shown(&["up", "--yes"]);
    assert!(
        cluster.must(&["plan"]).contains("nothing to do"),
        "the plan left something over:\n{said}"
    );
    let counted = searching.stop();
    println!("a query node moved to another host: {counted}");
    assert_eq!(counted["failed"], 0, "{counted}\n{said}");
    cluster.assert_healthy();
}
