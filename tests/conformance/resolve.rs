//! The three `--resolve-image` modes, for a create and for updates.

use std::collections::BTreeMap;

use milvus_swarm::compose::image::ResolveImage;
use serde_json::{Value, json};

use crate::cli::Cli;
use crate::{NAMESPACE, cases, directory, engine, ours, same};

const MODES: [ResolveImage; 3] = [
    ResolveImage::Always,
    ResolveImage::Changed,
    ResolveImage::Never,
];

const IMAGES: [(&str, &str); 8] = [
    ("a", "nginx:1"),
    ("b", "docker.io/library/x"),
    ("c", "reg.example:5000/a/b"),
    ("d", "missing/x:1"),
    (
        "e",
        "x@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    (
        "f",
        "x:2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    ),
    ("g", "index.docker.io/foo/bar:2"),
    ("h", "localhost/milvus"),
];

fn stack(images: &[(&str, &str)]) -> String {
    let mut text = "version: \"3.9\"\nservices:\n".to_owned();
    for (name, image) in images {
        text.push_str(&format!("  {name}: {{image: \"{image}\"}}\n"));
    }
    text
}

/// Deploys with a CLI and with ours, compares, and returns what the CLI posted.
fn both(
    cli: &Cli,
    text: &str,
    mode: ResolveImage,
    previous: &BTreeMap<String, Value>,
) -> BTreeMap<String, Value> {
    let directory = directory(text);
    let environment = cases::environment();
    let theirs = cli.deploy(directory.path(), NAMESPACE, &environment, mode, previous);
    assert!(theirs.ok, "{}", theirs.stderr);
    let read = ours::read(directory.path(), NAMESPACE, text, &environment).unwrap();
    let ours = ours::posted(&read, mode, previous);
    let mut differences = Vec::new();
    let (ours, normal) = (same::normal(&ours), same::normal(&theirs.posted));
    same::differences(&ours, &normal, "", &mut differences);
    let what = if previous.is_empty() {
        "create"
    } else {
        "update"
    };
    assert!(
        differences.is_empty(),
        "docker {}, {mode:?}, {what}:\n  {}",
        cli.version,
        differences.join("\n  ")
    );
    theirs.posted.services
}

/// What the engine lists after a deployment and a few forced updates by hand.
fn listed(posted: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let services = posted.into_iter().map(|(name, mut spec)| {
        spec["TaskTemplate"]["ForceUpdate"] = json!(4);
        let service = json!({ "ID": engine::id(&name), "Version": { "Index": 7 }, "Spec": spec });
        (name, service)
    });
    services.collect()
}

#[test]
fn images_resolve_as_by_docker() {
    for cli in Cli::all() {
        let mut runs = 0;
        for created_with in MODES {
            let created = both(&cli, &stack(&IMAGES), created_with, &BTreeMap::new());
            let there = listed(created);
            let newer = IMAGES.map(|(name, image)| match name {
                "a" => (name, "nginx:2"),
                "d" => (name, "missing/x:2"),
                "g" => (name, "foo/bar:2"),
                "h" => (name, "localhost/milvus:latest"),
                _ => (name, image),
            });
            for mode in MODES {
                let same = both(&cli, &stack(&IMAGES), mode, &there);
                assert_eq!(same["st_a"]["TaskTemplate"]["ForceUpdate"], 4);
                both(&cli, &stack(&newer), mode, &there);
                runs += 2;
            }
            runs += 1;
        }
        println!(
            "docker {}: {runs} deployments of {} images agree",
            cli.version,
            IMAGES.len()
        );
    }
}
