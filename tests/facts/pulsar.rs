//! How Pulsar is run, held against upstream's chart: Java's options, and the settings of its files.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::inventory::{Inventory, PRODUCTION_26, Source};
use milvus_swarm::release::Release;
use milvus_swarm::render::{self, Generations, Sources};
use milvus_swarm::topology::Topology;
use serde_json::Value;

/// The chart's names of what has another one here.
const NAMES: [(&str, &str); 1] = [("bookkeeper", "bookie")];

/// What the chart sets and the stack does not, and why.
const OTHERWISE: [(&str, &str); 8] = [
    ("-Dcom.sun.management.jmxremote", "nobody looks at it"),
    ("-Djute.maxbuffer=10485760", "it is in `PULSAR_EXTRA_OPTS`"),
    // BookKeeper counts milliseconds, and has 10000 itself (`ServerConfiguration`).
    ("diskCheckInterval", "the image's own asks less often"),
    ("diskUsageThreshold", "it is BookKeeper's own default"),
    ("minorCompactionThreshold", "it is BookKeeper's own default"),
    ("managedLedgerDefaultEnsembleSize", "the inventory says it"),
    ("managedLedgerDefaultWriteQuorum", "the inventory says it"),
    ("managedLedgerDefaultAckQuorum", "the inventory says it"),
];

/// A row of the table: its words.
fn rows() -> Vec<Vec<String>> {
    let path = format!("{}/tests/facts/pulsar.tsv", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).expect("lab/pulsar-facts.py makes it");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    let words = rows.map(|row| row.split('\t').map(str::to_owned).collect());
    words.collect()
}

/// The environment of each of Pulsar's services, by its component.
fn environments(sources: &Sources) -> Vec<(String, BTreeMap<String, String>)> {
    let inventory = Inventory::parse(&[Source::new("it.yml", PRODUCTION_26)]);
    let inventory = inventory.unwrap_or_else(|no| panic!("{}", no.render()));
    let release = Release::parse("2.6").expect("a release");
    let topology = Topology::place(&inventory, &release, None);
    let none = Generations::default();
    let files = render::stacks(&inventory, &release, &topology, &none, sources);
    let files = files.unwrap_or_else(|error| panic!("{error}"));
    let stack = files.into_iter().find(|file| file.name == "pulsar");
    let tree: Value = serde_saphyr::from_str(&stack.expect("it").text).expect("a stack file");
    let services = tree["services"].as_object().expect("services");
    let of = |spec: &Value| {
        let component = spec["deploy"]["labels"]["milvus-swarm.component"].as_str();
        let own = spec["environment"].as_object().expect("an environment");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        let own = own.iter().map(|(key, value)| (key.clone(), text(value)));
        (component.expect("a component").to_owned(), own.collect())
    };
    services.values().map(of).collect()
}

/// What of the chart is not rendered.
fn wrong(sources: &Sources) -> BTreeSet<String> {
    let all = environments(sources);
    let mut wrong = BTreeSet::new();
    for row in rows() {
        let of = NAMES.iter().find(|(theirs, _)| *theirs == row[1]);
        let component = of.map_or(row[1].as_str(), |(_, ours)| ours);
        let mut own = all.iter().filter(|(of, _)| of == component).peekable();
        assert!(own.peek().is_some(), "no {component}");
        if OTHERWISE.iter().any(|(what, _)| *what == row[2]) {
            continue;
        }
        for (_, environment) in own {
            // A bookie's script reads the first, its shell and other releases' the second.
            let variables: &[&str] = match component {
                "bookie" => &["BOOKIE_GC", "PULSAR_GC"],
                _ => &["PULSAR_GC"],
            };
            let fits = match row[0].as_str() {
                "java" => variables.iter().all(|name| {
                    let words = environment.get(*name).map(|text| text.split(' '));
                    words.is_some_and(|mut words| words.any(|word| word == row[2]))
                }),
                "setting" => environment.get(&format!("PULSAR_PREFIX_{}", row[2])) == Some(&row[3]),
                other => panic!("a row of no known kind: {other}"),
            };
            if !fits {
                wrong.insert(format!("{component}: {}", row[2..].join(" ")));
            }
        }
    }
    wrong
}

#[test]
fn pulsar_is_run_as_upstream_s_chart_runs_it() {
    assert_eq!(wrong(&Sources::shipped()), BTreeSet::new());
    let said: BTreeSet<String> = rows().into_iter().map(|row| row[2].clone()).collect();
    for (what, why) in OTHERWISE {
        assert!(said.contains(what), "`{what}` ({why}) is not in the chart");
    }
}

#[test]
fn what_the_chart_has_not_is_found() {
    for (from, to, what) in [
        ("-XX:+UseG1GC", "-XX:+UseZGC", "-XX:+UseG1GC"),
        (
            "gcWaitTime: \"300000\"",
            "gcWaitTime: \"900000\"",
            "gcWaitTime 300000",
        ),
        (
            "maxMessageSize",
            "maxMessageSizes",
            "maxMessageSize 104857600",
        ),
    ] {
        let mut sources = Sources::shipped();
        let text = sources.text("pulsar.yml").expect("a template");
        assert!(text.contains(from), "{from}");
        let text = text.replace(from, to);
        sources.replace("pulsar.yml", text);
        let wrong = wrong(&sources);
        assert!(wrong.iter().any(|why| why.ends_with(what)), "{wrong:?}");
        assert!(wrong.iter().all(|why| why.ends_with(what)), "{wrong:?}");
    }
}
