//! The README is a test input: its inventory parses, its verbs and exit codes exist, its links
//! lead somewhere.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use milvus_swarm::inventory::{Inventory, Source};

const README: &str = include_str!("../README.md");

/// The fenced blocks of a language.
fn blocks(language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut current: Option<String> = None;
    for line in README.lines() {
        match (&mut current, line.strip_prefix("```")) {
            (Some(_), Some(_)) => blocks.extend(current.take()),
            (None, Some(word)) if word == language => current = Some(String::new()),
            (Some(text), None) => {
                text.push_str(line);
                text.push('\n');
            }
            _ => {}
        }
    }
    blocks
}

fn help(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
        .args(arguments)
        .output()
        .expect("the program runs");
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).expect("help is text")
}

#[test]
fn the_inventory_by_example_is_an_inventory() {
    let blocks = blocks("yaml");
    assert!(!blocks.is_empty());
    for block in blocks {
        let parsed = Inventory::parse(&[Source::new("README.md", block.as_str())]);
        assert!(parsed.is_ok(), "{}", parsed.expect_err("checked").render());
    }
}

#[test]
fn every_command_exists() {
    let text = help(&["--help"]);
    for block in blocks("sh") {
        for line in block.lines() {
            match line.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["milvus-swarm", verb, ..] => {
                    assert!(text.contains(&format!("  {verb} ")), "{line}");
                }
                ["make", target] => {
                    let makefile = include_str!("../Makefile");
                    assert!(makefile.contains(&format!("\n{target}")), "{line}");
                }
                other => panic!("a command that nothing checks: {other:?}"),
            }
        }
    }
}

#[test]
fn verbs_and_exit_codes_are_those_of_the_program() {
    let text = help(&["--help"]);
    for row in README.lines().filter(|line| line.starts_with("| `")) {
        let cell = row.split('|').nth(1).unwrap_or_default();
        for word in cell.split('`').skip(1).step_by(2) {
            let verb = word.split_whitespace().next().unwrap_or_default();
            assert!(text.contains(&format!("  {verb} ")), "{verb}");
        }
    }
    let documented: BTreeSet<u32> = README
        .lines()
        .filter_map(|line| line.split('|').nth(1)?.trim().parse().ok())
        .collect();
    let printed: BTreeSet<u32> = text
        .lines()
        .skip_while(|line| !line.starts_with("Exit codes"))
        .skip(1)
        .filter_map(|line| line.split_whitespace().next()?.parse().ok())
        .collect();
    assert_eq!(documented, printed);
}

#[test]
fn links_lead_to_files_and_the_readme_is_short() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for link in README.split("](").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        assert!(root.join(target).exists(), "{target}");
    }
    assert!(README.lines().count() < 300);
}
