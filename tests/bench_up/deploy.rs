//! The two ways that need nothing but `docker stack deploy`.

use std::fs;
use std::thread;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use serde_json::{Value, json};

use crate::bench::{Bench, CLUSTER};
use crate::gates;
use crate::process;

const STACKS: [&str; 3] = ["store", "pulsar", "milvus"];

/// What is deployed together, and waited for before the next.
struct Tier {
    stack: &'static str,
    components: &'static [&'static str],
}

/// Coordinators before the rest, since that is how a careful person does it: together they
/// would spend the time asleep between tries.
const TIERS: [Tier; 7] = [
    Tier {
        stack: "store",
        components: &["etcd", "minio"],
    },
    Tier {
        stack: "pulsar",
        components: &["zookeeper"],
    },
    Tier {
        stack: "pulsar",
        components: &["pulsar-init"],
    },
    Tier {
        stack: "pulsar",
        components: &["bookie"],
    },
    Tier {
        stack: "pulsar",
        components: &["broker"],
    },
    Tier {
        stack: "milvus",
        components: &["rootcoord", "datacoord", "querycoord"],
    },
    Tier {
        stack: "milvus",
        components: &["datanode", "querynode", "indexnode", "proxy"],
    },
];

/// Every rendered file at the same time, and nothing is waited for.
pub fn all_at_once(bench: &Bench, until: Instant) -> Result<()> {
    at_once(&STACKS, |stack| {
        deploy(bench, stack, &format!("{stack}.yml"), until)
    })
}

/// One tier after the other; each is asked itself whether it is ready.
pub fn tier_by_tier(bench: &Bench, until: Instant) -> Result<()> {
    for (number, tier) in TIERS.iter().enumerate() {
        let rendered = fs::read_to_string(bench.stacks.join(format!("{}.yml", tier.stack)))?;
        let (text, services) = part(&rendered, tier.components)?;
        // Beside the rendered file: configs are named relative to it.
        let file = format!("tier-{number}.yml");
        fs::write(bench.stacks.join(&file), text)?;
        deploy(bench, tier.stack, &file, until)?;
        at_once(&services, |service| {
            let full = format!("{CLUSTER}-{}_{service}", tier.stack);
            gates::wait(bench, component(service), &full, until)
        })?;
    }
    Ok(())
}

fn deploy(bench: &Bench, stack: &str, file: &str, until: Instant) -> Result<()> {
    // The inventory of the lab says `resolve: never`: no registry is asked, as with `up`.
    let mut command = bench.docker(&["stack", "deploy", "--resolve-image", "never", "-c"]);
    command
        .arg(bench.stacks.join(file))
        .arg(format!("{CLUSTER}-{stack}"));
    process::run(&mut command, until, |_| {}).map(drop)
}

/// Does something for each of many at the same time; the first error counts.
fn at_once<T: AsRef<str> + Sync>(
    items: &[T],
    work: impl Fn(&str) -> Result<()> + Sync,
) -> Result<()> {
    let work = &work;
    thread::scope(|scope| {
        let threads: Vec<_> = items
            .iter()
            .map(|item| scope.spawn(move || work(item.as_ref())))
            .collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .map_err(|_| anyhow!("a thread of the benchmark panicked"))?
        })
    })
}

/// A stack file with the services of some components only, and their names.
fn part(rendered: &str, components: &[&str]) -> Result<(String, Vec<String>)> {
    let options = serde_saphyr::options! {
        // `mode: 0444` is octal for Docker.
        legacy_octal_numbers: true,
        strict_booleans: true,
    };
    let mut file: Value = serde_saphyr::from_str_with_options(rendered, options)?;
    let services = file["services"].as_object_mut().context("no services")?;
    services.retain(|name, _| components.contains(&component(name)));
    let names = services.keys().cloned().collect();
    let used: Vec<Value> = services
        .values()
        .flat_map(|service| service["configs"].as_array().into_iter().flatten())
        .map(|config| config["source"].clone())
        .collect();
    if let Some(configs) = file.get_mut("configs").and_then(Value::as_object_mut) {
        configs.retain(|key, _| used.contains(&json!(key)));
    }
    // JSON is YAML.
    Ok((file.to_string(), names))
}

/// `etcd` of `etcd-0`.
fn component(service: &str) -> &str {
    match service.rsplit_once('-') {
        Some((name, number)) if number.parse::<u32>().is_ok() => name,
        _ => service,
    }
}
