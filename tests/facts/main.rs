//! What is rendered for each line of Milvus, held against what that line's own sources say: every
//! setting that is written, every file that is mounted, every process that is run.
//!
//! The tables beside this file are made by `lab/milvus-facts.py`, which says what their rows mean, each of
//! the commit that its first line names. `pulsar.tsv` says how upstream's chart runs Pulsar, and is made by
//! `lab/pulsar-facts.py`.

mod planted;
mod pulsar;
mod rendered;
mod table;

use std::collections::BTreeSet;

use milvus_swarm::component::{Component, Process};
use milvus_swarm::inventory::{Inventory, Source};
use milvus_swarm::release::{self, Release};
use milvus_swarm::render::Sources;
use milvus_swarm::system::SYSTEMS;

use rendered::{Rendered, inventories};
use table::{Kind, Table};

/// The versions that are rendered otherwise than others of their line, and the newest of each line.
fn versions() -> Vec<String> {
    let mut all = release::lines();
    all.push("2.3.0".to_owned());
    all
}

#[test]
fn everything_that_is_rendered_is_what_that_milvus_reads() {
    let mut wrong = BTreeSet::new();
    for version in versions() {
        let table = Table::of(&version);
        for (name, text) in inventories(&version) {
            let rendered = Rendered::of(&text, &Sources::shipped());
            let more = rendered.wrong(&table).into_iter();
            wrong.extend(more.map(|why| format!("{version}, {name}: {why}")));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What is looked at is there: a service without a command, or a file without a key, would fit any table.
#[test]
fn what_is_held_is_all_of_it() {
    for version in versions() {
        let release = Release::parse(&version).expect("a release");
        for (name, text) in inventories(&version) {
            let inventory =
                Inventory::parse(&[Source::new("it.yml", &text)]).expect("an inventory");
            let rows = Component::of(&inventory, &release);
            let wanted: BTreeSet<&str> = rows
                .filter_map(|row| Some(row.milvus?.arguments(&release).0))
                .collect();
            let rendered = Rendered::of(&text, &Sources::shipped());
            let runs = rendered.runs.iter().map(|(_, run)| run.as_str());
            assert_eq!(runs.collect::<BTreeSet<_>>(), wanted, "{version}, {name}");
            assert!(!rendered.mounts.is_empty(), "{version}, {name}");
            for key in ["etcd.rootPath", "minio.bucketName", "log.level"] {
                let is_there = rendered.settings.iter().any(|setting| setting.path == key);
                assert!(is_there, "{version}, {name}: {key}");
            }
        }
    }
}

/// A process is known by what it registers as.
#[test]
fn sessions_are_those_of_the_process() {
    for version in versions() {
        let table = Table::of(&version);
        let release = Release::parse(&version).expect("it");
        for (name, text) in inventories(&version) {
            let inventory =
                Inventory::parse(&[Source::new("it.yml", &text)]).expect("an inventory");
            for process in Component::of(&inventory, &release).filter_map(|row| row.milvus) {
                let run = process.arguments(&release).0;
                let sessions = table.processes.get(run);
                let own: Vec<&str> = match process.before {
                    Some(before) if run == before.run => before.sessions.to_vec(),
                    _ => vec![process.session],
                };
                let is_its = |session| sessions.is_some_and(|all| all.contains(session));
                let fits = own.into_iter().all(is_its);
                assert!(fits, "{version}, {name}: {run} is {sessions:?}");
            }
        }
    }
}

/// What builds or searches on disk has a volume for each task, over the folder that it does so in.
#[test]
fn files_that_a_task_has_for_itself_are_in_its_volume() {
    for version in versions() {
        let table = Table::of(&version);
        let folder = match table.setting("localStorage.path") {
            Some((Kind::Key, folder)) => folder,
            other => panic!("{version}: {other:?}"),
        };
        let is_in = folder.strip_prefix(Process::LOCAL);
        assert_eq!(is_in, Some("/data/"), "{version}");
        let release = Release::parse(&version).expect("a release");
        let wanted: &[&str] = if release.line < (2, 6) {
            &["querynode", "indexnode"]
        } else {
            &["querynode", "streamingnode", "datanode"]
        };
        let wanted = wanted
            .iter()
            .map(|run| ((*run).to_owned(), Process::LOCAL.to_owned()));
        let wanted: BTreeSet<(String, String)> = wanted.collect();
        for (name, text) in inventories(&version) {
            let rendered = Rendered::of(&text, &Sources::shipped());
            assert_eq!(rendered.own, wanted, "{version}, {name}");
        }
    }
}

/// What stays as Milvus has it is what Milvus has, or what it is set to.
#[test]
fn settings_that_are_kept_are_upstream_s_own() {
    let kept = || SYSTEMS.iter().flat_map(|system| system.kept);
    let mut read = BTreeSet::new();
    for version in versions() {
        let table = Table::of(&version);
        for (key, values, _) in kept() {
            let fits = |value: &str| values.iter().any(|one| one.eq_ignore_ascii_case(value));
            match table.setting(key) {
                Some((Kind::Key, default)) => {
                    assert!(
                        fits(default) || is_set(&version, key, fits),
                        "{version}: `{key}` is `{default}`, not one of {values:?}"
                    );
                    read.insert(*key);
                }
                Some((Kind::Shipped, _)) | None => {}
            }
        }
        let owned = SYSTEMS.iter().flat_map(|system| system.owned);
        let is_read = |key: &&str| matches!(table.setting(key), Some((Kind::Key, _)));
        read.extend(owned.map(|(key, _)| *key).filter(is_read));
    }
    let owned = SYSTEMS.iter().flat_map(|system| system.owned);
    let names = owned.map(|(key, _)| *key);
    for name in names.chain(kept().map(|(key, ..)| *key)) {
        assert!(read.contains(name), "no Milvus reads `{name}`");
    }
}

/// Whether every cluster of a version has a setting written, with a value that fits.
fn is_set(version: &str, key: &str, fits: impl Fn(&str) -> bool) -> bool {
    inventories(version).iter().all(|(_, text)| {
        let rendered = Rendered::of(text, &Sources::shipped());
        let found = rendered.settings.iter().find(|setting| setting.path == key);
        found.is_some_and(|setting| fits(&setting.value))
    })
}

/// 2.2 and 2.3 get upstream's file whole: of the commit that the table is of.
#[test]
fn whole_files_are_of_the_commit_of_their_table() {
    for version in ["2.2", "2.3.0", "2.3"] {
        let path = format!(
            "{}/templates/milvus/{version}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let text = std::fs::read_to_string(path).expect("a file");
        let commit = Table::of(version).commit;
        assert!(
            text.contains(&format!("commit {commit}, by")),
            "{version} is not of {commit}"
        );
    }
}
