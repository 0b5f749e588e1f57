//! What lost a member and does its work is degraded; what lost too many is unhealthy.

use std::time::Duration;

use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::PRODUCTION_26;
use milvus_swarm::status::{Health, Status};

use crate::harness::{cluster, parse, run, swarm, up_well};

/// The components that are not healthy after these hosts of the production topology went dark,
/// and whether every component still does its work.
fn without(dark: &[&str]) -> (Vec<(String, Health)>, bool) {
    let inventory = parse(PRODUCTION_26);
    run(async {
        let sim = swarm(&inventory, 3);
        up_well(&sim, &inventory).await;
        for host in dark {
            sim.with(|world| world.power(host, false));
        }
        tokio::time::sleep(Duration::from_secs(90)).await;
        let seen = sim.look();
        let cluster = cluster(&inventory, &seen);
        let verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
        let status = Status::of(&cluster, &inventory, &seen, &verdicts.into(), None);
        assert_eq!(status.healthy, dark.is_empty());
        let is_degraded = status.is_degraded();
        if is_degraded && !dark.is_empty() {
            // What waits for a host is told with it, and users feel nothing.
            assert_eq!(status.problems.len(), dark.len(), "{:#?}", status.problems);
            let impact = status.impact.clone().expect("it is not healthy");
            assert!(impact.reads && impact.writes, "{impact:?}");
            assert_eq!(impact.cause, status.problems[0]);
        }
        let rows = status.components.into_iter();
        let ill = rows
            .filter(|row| row.health != Health::Healthy)
            .map(|row| (row.component, row.health))
            .collect();
        (ill, is_degraded)
    })
}

#[test]
fn one_host_less_degrades_what_was_on_it() {
    for (host, components) in [
        ("node01", &["proxy"][..]),
        ("node04", &["querynode"]),
        ("node09", &["indexnode"]),
        (
            "node13",
            &["rootcoord", "datacoord", "querycoord", "datanode"],
        ),
        ("node15", &["zookeeper", "etcd"]),
        ("node18", &["broker"]),
        ("node20", &["minio"]),
        ("node24", &["bookie"]),
    ] {
        let (mut ill, is_degraded) = without(&[host]);
        let mut expected: Vec<(String, Health)> = components
            .iter()
            .map(|name| ((*name).to_owned(), Health::Degraded))
            .collect();
        ill.sort_by(|a, b| a.0.cmp(&b.0));
        expected.sort_by(|a, b| a.0.cmp(&b.0));
        assert_eq!(ill, expected, "without {host}");
        assert!(is_degraded, "without {host}");
    }
    assert_eq!(without(&[]), (Vec::new(), false));
}

#[test]
fn a_quorum_less_is_unhealthy() {
    for (hosts, component) in [
        (&["node15", "node16"][..], "etcd"),
        (&["node16", "node17"], "zookeeper"),
        (&["node20", "node21"], "minio"),
        (&["node24", "node25"], "bookie"),
        (&["node18", "node19"], "broker"),
    ] {
        let (ill, is_degraded) = without(hosts);
        let expected = (component.to_owned(), Health::Unhealthy);
        assert!(ill.contains(&expected), "without {hosts:?}: {ill:?}");
        assert!(!is_degraded, "without {hosts:?}: {ill:?}");
    }
}
