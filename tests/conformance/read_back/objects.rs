//! The networks, configs and secrets of a batch, made, compared and removed.

use std::collections::BTreeSet;
use std::process::Command;
use std::sync::LazyLock;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milvus_swarm::engine::Engine;
use milvus_swarm::spec::{ConfigSpec, NetworkSpec, ServiceSpec};
use serde_json::Value;

use super::batch::{Batch, labels};
use super::{CLUSTER, TRIES, Tally};
use crate::cli::Cli;

/// Makes the networks and configs of a batch and compares what is read back.
pub async fn make(engine: &Engine, host: &str, batch: &Batch, tally: &mut Tally) {
    for network in &batch.networks {
        engine.create_network(network).await.unwrap();
        tally.objects += 1;
        let differs = network_differs(engine, network).await;
        tally.wrong.extend(differs);
    }
    for config in &batch.configs {
        engine.create_config(config).await.unwrap();
        tally.objects += 1;
    }
    let seen = engine.observe(CLUSTER).await.unwrap();
    for config in &batch.configs {
        let found = &seen.configs[&config.name];
        if found.labels != config.labels {
            let (name, labels) = (&config.name, &found.labels);
            tally.wrong.push(format!("config {name}: {labels:?}"));
        }
        tally.wrong.extend(config_differs(host, config));
    }
}

/// Swarm fills in driver and options of a network some time after its making.
async fn network_differs(engine: &Engine, posted: &NetworkSpec) -> Option<String> {
    let posted = comparable(posted, posted);
    let mut found = NetworkSpec::default();
    for _ in 0..TRIES {
        let seen = engine.observe(CLUSTER).await.unwrap();
        found = comparable(&seen.networks[&posted.name].spec, &posted);
        if found == posted {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    Some(format!("posted {posted:?}, found {found:?}"))
}

/// Swarm gives a network a subnet where none was asked for, and names its address manager.
fn comparable(network: &NetworkSpec, asked: &NetworkSpec) -> NetworkSpec {
    let mut network = network.clone();
    let subnets = asked.ipam.as_ref().map(|ipam| &ipam.config);
    network.ipam = network
        .ipam
        .filter(|_| subnets.is_some_and(|subnets| !subnets.is_empty()));
    if let Some(ipam) = network.ipam.as_mut().filter(|one| one.driver == "default") {
        ipam.driver.clear();
    }
    network
}

/// The bytes of a config are never read by us: docker reads them.
fn config_differs(host: &str, posted: &ConfigSpec) -> Option<String> {
    static CLI: LazyLock<Option<Cli>> = LazyLock::new(|| Cli::all().into_iter().next());
    let output = Command::new(&CLI.as_ref()?.path)
        .args(["config", "inspect", &posted.name])
        .env("DOCKER_HOST", host)
        .env_remove("DOCKER_CONTEXT")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}: {said}", posted.name);
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let spec = &found[0]["Spec"];
    let same = spec["Data"] == STANDARD.encode(&posted.data)
        && spec["Templating"]["Name"].as_str() == posted.template_driver.as_deref();
    (!same).then(|| format!("config {}: {spec}", posted.name))
}

/// Makes what a spec refers to and its batch does not make, unless an earlier one did.
pub async fn make_references(
    engine: &Engine,
    spec: &ServiceSpec,
    batch: &Batch,
    made: &mut BTreeSet<String>,
) {
    let task = &spec.task_template;
    for network in &task.networks {
        let name = &network.target;
        let batched = batch.networks.iter().any(|one| one.name == *name);
        if !batched && made.insert(format!("network {name}")) {
            let spec = NetworkSpec {
                name: name.clone(),
                driver: "overlay".to_owned(),
                labels: labels(),
                ..NetworkSpec::default()
            };
            engine.create_network(&spec).await.unwrap();
        }
    }
    for config in &task.container_spec.configs {
        let name = &config.name;
        let batched = batch.configs.iter().any(|one| one.name == *name);
        if !batched && made.insert(format!("config {name}")) {
            let spec = ConfigSpec {
                name: name.clone(),
                labels: labels(),
                data: b"x".to_vec(),
                ..ConfigSpec::default()
            };
            engine.create_config(&spec).await.unwrap();
        }
    }
    for secret in &task.container_spec.secrets {
        let name = &secret.name;
        if made.insert(format!("secret {name}")) {
            let labels = labels();
            let secret = engine.create_secret(name, &labels, b"x");
            secret.await.unwrap();
        }
    }
}

/// Removes what this and an earlier, broken run made.
pub async fn clean(engine: &Engine) {
    let seen = engine.observe(CLUSTER).await.unwrap();
    for service in seen.services.values() {
        engine.remove_service(&service.id).await.unwrap();
    }
    for config in seen.configs.keys() {
        engine.remove_config(config).await.unwrap();
    }
    for secret in seen.secrets.keys() {
        engine.remove_secret(secret).await.unwrap();
    }
    for network in seen.networks.keys() {
        let mut tries = 0;
        while engine.remove_network(network).await.is_err() && tries < 60 {
            tries += 1;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}
