//! Stack files that `milvus-swarm render --out DIR` wrote: `MILVUS_SWARM_CONFORMANCE_STACKS`
//! names such directories, with colons between.

use std::path::{Path, PathBuf};

use crate::cases::{self, Case, Expected};
use crate::cli::Cli;
use crate::{NAMESPACE, ours, verdict};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

fn stack_files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    files.sort();
    assert!(
        !files.is_empty(),
        "no stack file in {}",
        directory.display()
    );
    files
}

#[test]
fn rendered_stacks() {
    let directories = std::env::var("MILVUS_SWARM_CONFORMANCE_STACKS").unwrap_or_default();
    let directories = std::env::split_paths(&directories).filter(|p| !p.as_os_str().is_empty());
    let files: Vec<PathBuf> = directories.flat_map(|d| stack_files(&d)).collect();
    for cli in Cli::all() {
        for file in &files {
            let text = std::fs::read_to_string(file).unwrap();
            let directory = tempfile::tempdir().unwrap();
            copy(file.parent().unwrap(), directory.path());
            std::fs::write(directory.path().join("stack.yml"), &text).unwrap();
            let case = Case {
                name: file.display().to_string(),
                text,
                environment: cases::environment(),
                since: 0,
                until: u32::MAX,
                refused_since: 0,
                expected: Expected::Same,
            };
            if let Err(why) = verdict(&cli, &case, directory.path()) {
                panic!("{} (docker {}):\n  {why}", case.name, cli.version);
            }
            let read = ours::read(directory.path(), NAMESPACE, &case.text, &case.environment);
            assert_eq!(read.unwrap().warnings, [], "{}", case.name);
        }
        println!(
            "docker {}: {} rendered stack files agree",
            cli.version,
            files.len()
        );
    }
}
