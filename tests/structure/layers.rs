//! Which module may import which: those of the layers below its own.
//!
//! `system` stands beside the layers. Its rows are plain data with functions, so whoever reads a row
//! imports it, and the functions of a row import what they judge with.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::source::files;

/// The modules, from the bottom up. Those of one layer know nothing of each other.
const LAYERS: &[&[&str]] = &[
    &[
        "address", "count", "digest", "lock", "network", "question", "release", "source", "words",
    ],
    &["role", "spec", "tag"],
    &["compose", "observed"],
    &["constraint"],
    &["engine", "gate", "inventory"],
    &["component", "milvus"],
    &["advice", "birth", "topology"],
    &["formed", "render", "what_if"],
    &["hole", "lint", "plan"],
    &["event", "refuse"],
    &["execute", "wanted"],
    &["drive", "snapshot", "status"],
    &["hear"],
    &["live"],
    &["report"],
    &["schema"],
    &["cli"],
    &["command"],
];

/// The table of rows.
const ROWS: &str = "system";

/// The highest module that a row's functions may use: none that touches the world.
const ROWS_UP_TO: &str = "refuse";

fn layer(module: &str) -> usize {
    let mut layers = LAYERS.iter();
    let layer = layers.position(|layer| layer.contains(&module));
    layer.unwrap_or_else(|| panic!("`{module}` has no layer yet"))
}

/// Each module, with the modules that it imports and a file that does.
fn imports() -> BTreeMap<String, BTreeMap<String, String>> {
    let one = Regex::new(r"\bcrate::(\w+)").expect("a pattern");
    let many = Regex::new(r"\bcrate::\{([^}]*)\}").expect("a pattern");
    let mut imports: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for file in files() {
        let (module, _) = file.path.split_once(['/', '.']).expect("a source file");
        if matches!(module, "lib" | "main") {
            continue;
        }
        let first = |path: &str| path.trim().split("::").next().unwrap_or("").to_owned();
        let mut used: BTreeSet<String> = one
            .captures_iter(&file.code)
            .map(|found| found[1].to_owned())
            .collect();
        for found in many.captures_iter(&file.code) {
            used.extend(found[1].split(',').map(first));
        }
        let of = imports.entry(module.to_owned()).or_default();
        for used in used.into_iter().filter(|used| used != module) {
            of.entry(used).or_insert_with(|| file.path.clone());
        }
    }
    imports
}

#[test]
fn modules_import_what_is_below_them() {
    let mut wrong = Vec::new();
    for (module, used) in imports() {
        for (other, file) in used.iter().filter(|(other, _)| *other != ROWS) {
            let is_below = if module == ROWS {
                layer(other) <= layer(ROWS_UP_TO)
            } else {
                layer(other) < layer(&module)
            };
            if !is_below {
                wrong.push(format!("{file}: `{module}` imports `{other}`"));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn every_module_has_one_layer() {
    let mut seen = BTreeSet::new();
    let modules: BTreeSet<String> = imports().into_keys().collect();
    for module in LAYERS.iter().copied().flatten() {
        assert!(seen.insert(*module), "`{module}` stands twice");
        assert!(modules.contains(*module), "`{module}` is no module");
    }
}
