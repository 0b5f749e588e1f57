//! What is wrong is found: in each version one setting, one file and one process that no Milvus has.

use milvus_swarm::render::Sources;

use crate::rendered::{Rendered, inventories};
use crate::table::Table;
use crate::versions;

/// One template with one text in place of another.
fn spoilt(file: &str, from: &str, to: &str) -> Sources {
    let mut sources = Sources::shipped();
    let text = sources.text(file).expect("a template");
    assert!(text.contains(from), "{file} has no {from}");
    let text = text.replacen(from, to, 1);
    sources.replace(file, text);
    sources
}

/// In every version something is found, and nothing else than that.
fn found(sources: &Sources, is_it: impl Fn(&str) -> bool) {
    for version in versions() {
        let (_, text) = &inventories(&version)[1];
        let wrong = Rendered::of(text, sources).wrong(&Table::of(&version));
        assert!(!wrong.is_empty(), "{version}: nothing was found");
        for why in wrong {
            assert!(is_it(&why), "{version}: {why}");
        }
    }
}

#[test]
fn a_setting_that_no_milvus_has() {
    let sources = spoilt("user.yaml", "  rootPath: ", "  rootPaths: 1\n  rootPath: ");
    found(&sources, |why| why == "it has no setting `etcd.rootPaths`");
}

#[test]
fn a_file_that_no_milvus_reads() {
    let target = "target: {{ file.target|q }}";
    let sources = spoilt(
        "macros.yml",
        target,
        "target: \"/milvus/configs/swarm.yaml\"",
    );
    found(&sources, |why| {
        why.ends_with("reads no `/milvus/configs/swarm.yaml`")
    });
    // Nor one of the right name in another folder.
    let sources = spoilt("macros.yml", target, "target: \"/etc/milvus/milvus.yaml\"");
    found(&sources, |why| {
        why.ends_with("reads no `/etc/milvus/milvus.yaml`")
    });
}

#[test]
fn a_process_that_no_milvus_has() {
    let sources = spoilt("milvus.yml", "{{ s.run|q }}", "\"searcher\"");
    found(&sources, |why| {
        why.ends_with("runs `searcher`, which it has not")
    });
}

/// What is right for one line is wrong for the one before, where they differ.
#[test]
fn a_table_fits_its_own_line_only() {
    for (of, by, what) in [
        ("2.6", "2.5", "runs `mixcoord`"),
        ("2.5", "2.6", "runs `rootcoord`"),
        ("2.3", "2.2", "it has no setting"),
        ("2.4", "2.3", "reads no `/milvus/configs/user.yaml`"),
        ("2.2", "2.6", "runs `indexcoord`"),
    ] {
        let (_, text) = &inventories(of)[1];
        let wrong = Rendered::of(text, &Sources::shipped()).wrong(&Table::of(by));
        assert!(
            wrong.iter().any(|why| why.contains(what)),
            "{of} by {by}: {wrong:#?}"
        );
    }
}

/// A setting that upstream's file has and no code names may be repeated, and not be set.
#[test]
fn a_setting_that_nobody_reads_is_not_set() {
    let sources = spoilt("user.yaml", "rootCoord:\n", "rootCoord:\n  address: x\n");
    found(&sources, |why| {
        why == "nobody is known to read `rootCoord.address`, which is `x` and was `localhost`"
            || why == "it has no setting `rootCoord.address`"
    });
    let (_, text) = &inventories("2.2")[1];
    let wrong = Rendered::of(text, &sources).wrong(&Table::of("2.2"));
    assert!(
        wrong.iter().any(|why| why.starts_with("nobody is known")),
        "{wrong:#?}"
    );
}
