//! The three `--resolve-image` modes, for a create and for updates.

use std::collections::BTreeMap;

use milvus_swarm::compose::image::ResolveImage;
use serde_json::Value;

use crate::both::{self, MODES, listed};
use crate::cli::Cli;
use crate::{NAMESPACE, directory};

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
    both::both(cli, directory.path(), NAMESPACE, mode, previous)
        .unwrap_or_else(|why| panic!("{why}"))
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
