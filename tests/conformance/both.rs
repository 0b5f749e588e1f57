//! One deployment by a docker CLI and by ours, compared.

use std::collections::BTreeMap;
use std::path::Path;

use milvus_swarm::compose::image::ResolveImage;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::{cases, engine, ours, same};

pub const MODES: [ResolveImage; 3] = [
    ResolveImage::Always,
    ResolveImage::Changed,
    ResolveImage::Never,
];

/// Deploys the stack file of a directory with a CLI and with ours, over what is there already,
/// and gives the services that the CLI posted.
pub fn both(
    cli: &Cli,
    directory: &Path,
    namespace: &str,
    mode: ResolveImage,
    previous: &BTreeMap<String, Value>,
) -> Result<BTreeMap<String, Value>, String> {
    let environment = cases::environment();
    let theirs = cli.deploy(directory, namespace, &environment, mode, previous);
    if !theirs.ok {
        return Err(theirs.stderr);
    }
    let text = std::fs::read_to_string(directory.join("stack.yml")).unwrap();
    let read = ours::read(directory, namespace, &text, &environment);
    let read = read.map_err(|error| format!("we refuse it: {error}"))?;
    let ours = ours::posted(&read, mode, previous);
    let mut differences = Vec::new();
    let (ours, normal) = (same::normal(&ours), same::normal(&theirs.posted));
    same::differences(&ours, &normal, "", &mut differences);
    if differences.is_empty() {
        return Ok(theirs.posted.services);
    }
    let what = if previous.is_empty() {
        "create"
    } else {
        "update"
    };
    Err(format!(
        "docker {}, {mode:?}, {what}:\n  {}",
        cli.version,
        differences.join("\n  ")
    ))
}

/// What the engine lists after a deployment and a few forced updates by hand.
pub fn listed(posted: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let services = posted.into_iter().map(|(name, mut spec)| {
        spec["TaskTemplate"]["ForceUpdate"] = json!(4);
        let service = json!({ "ID": engine::id(&name), "Version": { "Index": 7 }, "Spec": spec });
        (name, service)
    });
    services.collect()
}
