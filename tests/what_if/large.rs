//! Ten thousand hosts.

use std::fmt::Write as _;
use std::time::Instant;

use milvus_swarm::what_if::Rule;

use crate::world::{offline, parse};

#[test]
fn ten_thousand_hosts_are_no_matter() {
    let mut text = "name: big\ngroups:\n".to_owned();
    for (hosts, zone, roles) in [
        ("c[0001-0003]", "za", "manager, etcd, broker"),
        ("c[0004-0005]", "zb", "manager, etcd, coord, broker"),
        ("m[0001-0512]", "za", "minio"),
        ("b[0001-0100]", "zb", "bookie"),
        ("q[0001-4000]", "za", "query"),
        ("r[0001-4000]", "zb", "query"),
        ("i[0001-1383]", "zc", "index"),
    ] {
        let _ = writeln!(
            text,
            "  - {{ hosts: '{hosts}', zone: {zone}, roles: [{roles}] }}"
        );
    }
    text.push_str("roles: { query: { replicas: 5000 } }\n");
    let inventory = parse(&text);
    assert_eq!(inventory.hosts.len(), 10_000);
    let began = Instant::now();
    let answer = offline(&inventory, "zb,m[0001-0004]");
    println!(
        "{:.0} ms for 10 000 hosts",
        began.elapsed().as_secs_f64() * 1000.0
    );

    assert!(!answer.survives, "every coordinator is in zone b");
    // 2500 of 5000 query nodes ran there; 1500 hosts are left for them.
    assert_eq!(answer.moves.len(), 1500);
    let query = answer
        .capacity
        .iter()
        .find(|row| row.component == "querynode");
    let query = query.expect("query nodes");
    assert_eq!((query.had, query.left, query.after), (5000, 2500, 4000));
    let sets = answer
        .quorums
        .iter()
        .filter(|row| row.rule == Rule::ErasureRead);
    assert_eq!(
        (sets.clone().count(), sets.filter(|row| row.held).count()),
        (32, 32)
    );
    let again = offline(&inventory, "m[0001-0004],zb");
    let json = |answer| serde_json::to_string(answer).expect("JSON");
    assert_eq!(
        json(&answer),
        json(&again),
        "the same question, the same bytes"
    );
}
