//! The same input gives the same bytes, and the order of what has no order gives no others.

use std::collections::BTreeMap;

use milvus_swarm::inventory::THREE_HOST;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::Heard;

use crate::harness::{cluster, parse, run, swarm, up_well};
use crate::inventories;
use crate::sim::Random;

/// Every byte that is rendered, by file.
fn rendered(text: &str, seen: &Observed) -> BTreeMap<String, String> {
    let cluster = cluster(&parse(text), seen);
    let mut files = BTreeMap::new();
    for file in cluster.files {
        files.insert(file.name, file.text);
        files.extend(file.files);
    }
    files
}

/// A plan as it would be printed by `--json`.
fn planned(text: &str, seen: &Observed) -> String {
    let inventory = parse(text);
    let plan = cluster(&inventory, seen).plan(&inventory, seen, &Heard::default());
    serde_json::to_string(&plan).expect("JSON")
}

/// The same Swarm as another engine might list it.
fn shuffled(seen: &Observed, random: &mut Random) -> Observed {
    let mut other = seen.clone();
    random.shuffle(&mut other.nodes);
    random.shuffle(&mut other.tasks);
    other
}

/// The same inventory with the settings of its roles in another order.
fn reordered(text: &str, random: &mut Random) -> String {
    let Some((head, rest)) = text.split_once("\nroles:\n") else {
        return text.to_owned();
    };
    let settings = rest
        .lines()
        .take_while(|line| line.starts_with(' '))
        .count();
    let mut lines: Vec<&str> = rest.lines().take(settings).collect();
    random.shuffle(&mut lines);
    let tail: Vec<&str> = rest.lines().skip(settings).collect();
    // What follows the settings may as well stand before them.
    format!(
        "{}\n{head}\nroles:\n{}\n",
        tail.join("\n"),
        lines.join("\n")
    )
}

fn inventories() -> impl Iterator<Item = String> {
    let generated = (200..206).map(inventories::generated);
    inventories::shipped()
        .map(ToOwned::to_owned)
        .into_iter()
        .chain(generated)
}

#[test]
fn two_renders_are_byte_equal() {
    for (seed, text) in inventories().enumerate() {
        let mut random = Random::new(seed as u64);
        let seen = run(async { swarm(&parse(&text), 1).look() });
        assert_eq!(rendered(&text, &seen), rendered(&text, &seen));
        for _ in 0..3 {
            let other = reordered(&text, &mut random);
            assert_eq!(
                rendered(&text, &seen),
                rendered(&other, &shuffled(&seen, &mut random))
            );
        }
    }
}

#[test]
fn plans_do_not_depend_on_the_order_of_what_has_none() {
    for (seed, text) in inventories().enumerate() {
        let mut random = Random::new(seed as u64);
        let inventory = parse(&text);
        let (before, after) = run(async {
            let sim = swarm(&inventory, seed as u64);
            let before = sim.look();
            up_well(&sim, &inventory).await;
            (before, sim.look())
        });
        for seen in [before, after] {
            let plan = planned(&text, &seen);
            for _ in 0..3 {
                let other = reordered(&text, &mut random);
                assert_eq!(planned(&other, &shuffled(&seen, &mut random)), plan);
            }
        }
    }
}

#[test]
fn the_placed_cluster_renders_as_the_empty_one_did() {
    for text in inventories() {
        let inventory = parse(&text);
        run(async {
            let sim = swarm(&inventory, 4);
            let before = rendered(&text, &sim.look());
            up_well(&sim, &inventory).await;
            assert_eq!(rendered(&text, &sim.look()), before);
        });
    }
}

/// Milvus sends no message that the brokers refuse, whatever the minor; and sends what the chart of that
/// minor lets it.
#[test]
fn what_milvus_sends_is_what_brokers_take() {
    for (milvus, most) in [
        ("2.2", 5 << 20),
        ("2.3", 5 << 20),
        ("2.4", 5 << 20),
        ("2.5", 100 << 20),
        ("2.6", 100 << 20),
    ] {
        let text = format!("milvus: \"{milvus}\"\n{}", inventories::shipped()[1]);
        let seen = run(async { swarm(&parse(&text), 1).look() });
        let files = rendered(&text, &seen);
        let settings = files.iter().filter(|(name, _)| name.contains("-yaml-"));
        for (name, text) in settings {
            let line = format!("maxMessageSize: {most}\n");
            assert!(text.contains(&line), "{milvus}: {name}");
        }
        let broker = "PULSAR_PREFIX_maxMessageSize: \"104857600\"";
        assert!(files["pulsar"].contains(broker), "{milvus}");
    }
}

/// Some images run as a user of their own (milvus#51221: uid 999), who reads what is mounted.
#[test]
fn whoever_an_image_runs_as_may_read_what_is_mounted() {
    for text in inventories() {
        let inventory = parse(&text);
        let seen = run(async { swarm(&inventory, 1).look() });
        for spec in cluster(&inventory, &seen).wanted.services() {
            let container = &spec.task_template.container_spec;
            let configs = container.configs.iter().map(|one| &one.file);
            let secrets = container.secrets.iter().map(|one| &one.file);
            for file in configs.chain(secrets) {
                let file = file.as_ref().expect("a file");
                assert_eq!(file.mode, 0o444, "{}: {}", spec.name, file.name);
            }
        }
    }
}

/// Most processes have no key to mount then.
#[test]
fn a_store_that_knows_the_hosts_needs_no_secret() {
    for minor in ["2.3", "2.4", "2.5", "2.6", "3.0"] {
        let accepts = if minor == "2.3" {
            "accept: CVE-2025-64513\n"
        } else {
            ""
        };
        let text = format!(
            "{THREE_HOST}\nmilvus: \"{minor}\"\n{accepts}storage: {{ s3: {{ endpoint: \
             s3.us-east-1.amazonaws.com, bucket: vectors, region: us-east-1, iam: true }} }}\n"
        );
        let files = rendered(&text, &Observed::default());
        assert!(!files.is_empty(), "{minor}");
    }
}
