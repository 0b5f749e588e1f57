//! What we render is what `docker stack deploy` takes: every stack file of the inventories that
//! come with the tool, created and deployed again, in every mode of resolving images.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use milvus_swarm::spec::{ServiceSpec, diff};
use serde_json::Value;

use crate::both::{MODES, both, listed};
use crate::cli::Cli;
use crate::ours;
use crate::shipped::{self, written};

/// What `up` would still change of services that docker posted.
fn changes(posted: &BTreeMap<String, Value>, wanted: &BTreeMap<String, ServiceSpec>) -> String {
    let changes = posted.iter().flat_map(|(name, posted)| {
        let posted: ServiceSpec = serde_json::from_value(posted.clone()).unwrap();
        let changes = diff(&posted, &wanted[name]).into_iter();
        changes.map(move |change| format!("{name}: {change}\n"))
    });
    changes.collect()
}

/// `docker stack config` checks a file against the CLI's own schema.
fn passes_the_schema(cli: &Cli, directory: &Path) {
    if cli.major < 23 {
        return;
    }
    let output = Command::new(&cli.path)
        .args(["stack", "config", "-c", "stack.yml"])
        .current_dir(directory)
        .env("DOCKER_CONFIG", directory)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.is_empty(), "{said}");
}

#[test]
fn rendered_stacks() {
    let clusters = shipped::clusters();
    for cli in Cli::all() {
        let (mut files, mut services) = (0, 0);
        for (inventory, cluster) in &clusters {
            let phases = cluster.wanted.phases.iter();
            let specs = phases.flat_map(|phase| phase.services.clone());
            let wanted: BTreeMap<String, ServiceSpec> =
                specs.map(|spec| (spec.name.clone(), spec)).collect();
            for file in &cluster.files {
                let directory = written(file);
                passes_the_schema(&cli, directory.path());
                let read = ours::read(
                    directory.path(),
                    &file.namespace,
                    &file.text,
                    &BTreeMap::new(),
                );
                assert_eq!(read.unwrap().warnings, [], "{inventory}, {}", file.name);
                for mode in MODES {
                    let deploy = |previous: &BTreeMap<String, Value>| {
                        both(&cli, directory.path(), &file.namespace, mode, previous)
                            .unwrap_or_else(|why| panic!("{inventory}, {}: {why}", file.name))
                    };
                    let created = deploy(&BTreeMap::new());
                    assert_eq!(changes(&created, &wanted), "", "{inventory}, {}", file.name);
                    if mode == MODES[0] {
                        services += created.len();
                    }
                    let there = listed(created);
                    let again = deploy(&there);
                    assert_eq!(changes(&again, &wanted), "", "{inventory}, {}", file.name);
                }
                files += 1;
            }
        }
        assert!(files >= 9, "only {files} files were rendered");
        println!(
            "docker {}: {files} rendered stack files with {services} services agree",
            cli.version
        );
    }
}
