//! What we would post for a stack file.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milvus_swarm::compose::image::{self, ResolveImage};
use milvus_swarm::compose::{Stack, StackError, Surroundings, read_in};
use milvus_swarm::spec::ServiceSpec;
use serde_json::{Value, json};

use crate::engine::{Posted, distribution, id};

/// Reads the stack file in its directory.
pub fn read(
    directory: &Path,
    namespace: &str,
    text: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Stack, StackError> {
    let files = |name: &str| std::fs::read(directory.join(name)).ok();
    let surroundings = Surroundings {
        files: &files,
        variables: environment,
        directory: directory.to_str().unwrap(),
    };
    read_in(namespace, text, surroundings)
}

/// The bodies we would post, with `previous` in the Swarm.
pub fn posted(stack: &Stack, mode: ResolveImage, previous: &BTreeMap<String, Value>) -> Posted {
    let mut posted = Posted::default();
    for desired in stack.services.values() {
        let previous: Option<ServiceSpec> = previous
            .get(&desired.name)
            .map(|service| serde_json::from_value(service["Spec"].clone()).unwrap());
        let mut answer = None;
        if mode.asks(desired, previous.as_ref()) {
            let image = desired.task_template.container_spec.image.clone();
            answer = distribution(&image);
            posted.asked.push(image);
        }
        let spec = image::pinned(mode, desired, previous.as_ref(), answer.as_ref());
        posted
            .services
            .insert(spec.name.clone(), body(with_ids(spec)));
    }
    for network in stack.networks.values().filter(|network| !network.external) {
        posted
            .networks
            .insert(network.spec.name.clone(), body(&network.spec));
    }
    for config in stack.configs.values() {
        let mut body = json!({
            "Name": config.name,
            "Labels": config.labels,
            "Data": STANDARD.encode(&config.data),
        });
        if let Some(driver) = &config.template_driver {
            body["Templating"] = json!({ "Name": driver });
        }
        posted.configs.insert(config.name.clone(), body);
    }
    for secret in stack.secrets.values() {
        let mut body = json!({ "Name": secret.spec.name, "Labels": secret.spec.labels });
        if !secret.data.is_empty() {
            body["Data"] = json!(STANDARD.encode(&secret.data));
        }
        if let Some(driver) = &secret.driver {
            body["Driver"] = json!(driver);
        }
        if let Some(driver) = &secret.template_driver {
            body["Templating"] = json!({ "Name": driver });
        }
        posted.secrets.insert(secret.spec.name.clone(), body);
    }
    posted
}

/// Through text: only there a float32 is written as Go writes it.
fn body(value: impl serde::Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(&value).unwrap()).unwrap()
}

/// What the engine edge does: identifiers for names.
fn with_ids(mut spec: ServiceSpec) -> ServiceSpec {
    let container = &mut spec.task_template.container_spec;
    for config in &mut container.configs {
        config.id = id(&config.name);
    }
    for secret in &mut container.secrets {
        secret.id = id(&secret.name);
    }
    spec
}
