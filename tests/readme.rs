//! The README is a test input: every fenced block and table of it is held against the program,
//! its links lead somewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use milvus_swarm::inventory::{Inventory, LOCAL, PRODUCTION_26, Source, THREE_HOST};
use milvus_swarm::observed::{Node, Observed};
use milvus_swarm::plan::{Action, Heard, Plan};
use milvus_swarm::refuse::rules;
use milvus_swarm::render::Sources;
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::wanted::Cluster;
use regex::Regex;

const README: &str = include_str!("../README.md");
const ARCHITECTURE: &str = include_str!("../docs/architecture.md");

/// What a fenced block is, and so how it is tested.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Inventory,
    Commands,
    /// What a run of the program printed.
    Transcript,
    /// The way through the program.
    Way,
}

/// Every fenced block; one that nothing tests is a failure.
fn all_blocks() -> Vec<(Kind, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(&str, String)> = None;
    for line in README.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (Some(_), Some("")) => {
                let (word, text) = open.take().expect("it is open");
                let kind = match word {
                    "yaml" => Kind::Inventory,
                    "sh" => Kind::Commands,
                    "" if text.starts_with("$ milvus-swarm ") => Kind::Transcript,
                    "" if text.starts_with("inventory -> ") => Kind::Way,
                    _ => panic!("nothing tests this block:\n{text}"),
                };
                blocks.push((kind, text));
            }
            (None, Some(word)) => open = Some((word, String::new())),
            (Some((_, text)), _) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block has no end");
    blocks
}

/// The fenced blocks of a kind, of which there must be some.
fn blocks(kind: Kind) -> Vec<String> {
    let mut blocks = all_blocks();
    blocks.retain(|(found, _)| *found == kind);
    assert!(!blocks.is_empty(), "{kind:?}");
    blocks.into_iter().map(|(_, text)| text).collect()
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
    for block in blocks(Kind::Inventory) {
        let parsed = Inventory::parse(&[Source::new("README.md", block.as_str())]);
        assert!(parsed.is_ok(), "{}", parsed.expect_err("checked").render());
    }
}

#[test]
fn every_command_exists() {
    let text = help(&["--help"]);
    for block in blocks(Kind::Commands) {
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

/// The lines of a part of `--help` that begins with a heading and ends with an empty line.
fn part<'h>(help: &'h str, heading: &str) -> impl Iterator<Item = &'h str> {
    help.lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| !line.trim().is_empty())
}

/// The cells of every row of the tables whose first cell a test takes.
fn rows(is: impl Fn(&str) -> bool) -> Vec<Vec<&'static str>> {
    README
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| is(cells[0]))
        .collect()
}

#[test]
fn the_table_of_verbs_lists_all_of_them() {
    let help = help(&["--help"]);
    let verbs: BTreeSet<&str> = part(&help, "Commands:")
        // A description may go on in the next line.
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let rows = rows(|cell| cell.starts_with('`'));
    let listed: Vec<&str> = rows
        .iter()
        .flat_map(|cells| cells[0].split('`').skip(1).step_by(2))
        .filter_map(|code| code.split_whitespace().next())
        .collect();
    assert_eq!(listed.len(), verbs.len(), "{listed:?}");
    assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), verbs);
}

/// A flag in the row of a verb is one of that verb.
#[test]
fn the_flags_of_each_verb_exist() {
    for cells in rows(|cell| cell.starts_with('`')) {
        let verbs = cells[0].split('`').skip(1).step_by(2);
        let known: String = verbs
            .filter_map(|code| code.split_whitespace().next())
            .map(|verb| help(&[verb, "--help"]))
            .collect();
        let words = cells.join(" ");
        let words = words.split(|c: char| c.is_whitespace() || "`,;.".contains(c));
        for flag in words.filter(|word| word.starts_with("--")) {
            assert!(known.contains(flag), "{}: {flag}", cells[0]);
        }
    }
}

#[test]
fn the_table_of_exit_codes_is_that_of_the_program() {
    let help = help(&["--help"]);
    let printed: BTreeMap<u8, &str> = part(&help, "Exit codes:")
        .map(|line| line.trim().split_once(' ').expect("a code and a sentence"))
        .map(|(code, what)| (code.parse().expect("a code"), what.trim()))
        .collect();
    let listed: BTreeMap<u8, &str> = rows(|cell| cell.parse::<u8>().is_ok())
        .into_iter()
        .map(|cells| (cells[0].parse().expect("a code"), cells[1]))
        .collect();
    assert_eq!(listed, printed);
}

/// What `up` would do with a shipped inventory on a fresh Swarm.
fn fresh_plan(text: &str) -> Plan {
    let inventory = Inventory::parse(&[Source::new("shipped.yml", text)]).expect("an inventory");
    let node = |name: &String| Node {
        id: name.clone(),
        hostname: name.clone(),
        role: "manager".to_owned(),
        availability: "active".to_owned(),
        state: "ready".to_owned(),
        nano_cpus: 16_000_000_000,
        memory_bytes: 64 << 30,
        ..Node::default()
    };
    let seen = Observed {
        nodes: inventory
            .hosts
            .iter()
            .map(|host| node(&host.name))
            .collect(),
        ..Observed::default()
    };
    let cluster = Cluster::work_out(&inventory, Some(&seen), &Sources::shipped());
    let cluster = cluster.expect("a cluster");
    let plan = cluster.plan(&inventory, &seen, &Heard::default());
    assert_eq!(plan.refusals, []);
    plan
}

/// A line without what differs from cluster to cluster: its name, images, numbers.
fn form(line: &str, cluster: &str) -> String {
    let image = Regex::new(r"\([^ ()]+:[^ ()]+\)").expect("a pattern");
    let tasks = Regex::new(r" x[0-9]+").expect("a pattern");
    let number = Regex::new(r"[0-9]+").expect("a pattern");
    let line = line.replace(&format!("{cluster}-"), "NAME-");
    let line = line.replace(&format!("{cluster}_net"), "NAME_net");
    let line = line.replace(&format!("milvus.{cluster}."), "milvus.NAME.");
    let line = image.replace_all(&line, "(IMAGE)");
    let line = tasks.replace_all(&line, "");
    number.replace_all(&line, "N").replace("members", "member")
}

/// Every form of a line that the plans of the shipped inventories have, and every gate's.
fn forms() -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut lines, mut gates) = (BTreeSet::new(), BTreeSet::new());
    for text in [LOCAL, THREE_HOST, PRODUCTION_26] {
        let plan = fresh_plan(text);
        let printed = plan_text(&plan, Style::new(false));
        let head = format!("plan for cluster {}", plan.cluster);
        assert!(printed.starts_with(&head));
        lines.extend(
            printed
                .lines()
                .skip(1)
                .map(|line| form(line, &plan.cluster)),
        );
        let awaited = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Await { gate } => Some(gate.to_string()),
            _ => None,
        });
        gates.extend(awaited.map(|gate| form(&gate, &plan.cluster)));
    }
    (lines, gates)
}

/// The transcript may be shortened by a line with three dots; all else is as it is printed: the
/// plan, the question, what passed as on a terminal or where nobody watches, the endpoint.
#[test]
fn the_transcript_is_what_the_program_prints() {
    let (lines, gates) = forms();
    let ok = Regex::new(r"^(?:  ok|\[ *[0-9]+\.[0-9]s\] ok ) (.+)$").expect("a pattern");
    let gate = Regex::new(r"^(.+) \(.+, [0-9]+\.[0-9]s\)$").expect("a pattern");
    let end = Regex::new(
        r"^Milvus [0-9]+\.[0-9]+\.[0-9]+ answers at http://[^ ,]+:[0-9]+(, http://[^ ,]+:[0-9]+)*$",
    )
    .expect("a pattern");
    for block in blocks(Kind::Transcript) {
        let mut rest = block.lines();
        let command = rest.next().unwrap_or_default();
        let words: Vec<&str> = command.split_whitespace().skip(2).collect();
        let help = help(&["--help"]);
        let mut verbs = part(&help, "Commands:").filter_map(|line| line.split_whitespace().next());
        assert!(verbs.any(|verb| words.contains(&verb)), "{command}");
        let cluster = rest
            .next()
            .and_then(|line| line.strip_prefix("plan for cluster "));
        let cluster = cluster.expect("the plan comes first");

        let mut asked = false;
        let (mut planned, mut passed, mut ended) = (0, 0, false);
        for line in rest {
            if line.is_empty() || line.trim() == "..." {
                continue;
            }
            if line.starts_with("Go ahead? [y/N]") {
                asked = true;
            } else if let Some(event) = ok.captures(line) {
                // Only gates tell what they saw.
                if let Some(told) = gate.captures(&event[1]) {
                    assert!(gates.contains(&form(&told[1], cluster)), "no gate: {line}");
                    passed += 1;
                } else {
                    let last = &event[1] == "smoke check through the proxy";
                    assert!(line.starts_with('[') || last, "not on a terminal: {line}");
                }
            } else if end.is_match(line) {
                ended = true;
            } else if ended {
                let same = command.replace("$ ", "").replace(" up", " credentials");
                let password = format!("user root; show the password with: {same}");
                assert_eq!(line, password);
            } else if passed > 0 || asked {
                let waits = line.starts_with('[') && line.contains("s] ... ");
                let note = line.trim_start().starts_with("note: ");
                assert!(waits || note || line == "y", "no event: {line}");
            } else if !line.starts_with("warning: ") {
                assert!(
                    lines.contains(&form(line, cluster)),
                    "not in a plan: {line}"
                );
                planned += 1;
            }
        }
        assert!(
            planned > 0 && passed > 0 && ended,
            "{planned} {passed} {ended}"
        );
    }
}

/// The picture of the way uses no word that the page about it does not have.
#[test]
fn the_way_through_the_program_is_that_of_the_architecture() {
    let known = ARCHITECTURE.to_lowercase();
    for block in blocks(Kind::Way) {
        let words = block.split(|c: char| !c.is_alphabetic());
        for word in words.filter(|word| !word.is_empty()) {
            assert!(known.contains(&word.to_lowercase()), "{word}");
        }
    }
}

/// 54 rows, each with a mark that the page explains and with rules that exist.
#[test]
fn the_table_of_traps_is_whole() {
    let page = include_str!("../docs/traps.md");
    let hints = include_str!("../src/inventory/hint.rs");
    let rule = Regex::new(r"`([a-z]+(?:-[a-z]+)+)`").expect("a pattern");
    let rows: Vec<Vec<&str>> = page
        .lines()
        .filter_map(|line| line.strip_prefix('|')?.strip_suffix('|'))
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    let marks: Vec<&str> = rows
        .iter()
        .skip_while(|cells| cells[0] != "mark")
        .skip(2)
        .take_while(|cells| cells.len() == 2)
        .map(|cells| cells[0])
        .collect();
    assert_eq!(marks.len(), 5);
    let traps: Vec<&Vec<&str>> = rows
        .iter()
        .filter(|cells| cells[0].parse::<usize>().is_ok())
        .collect();
    assert_eq!(traps.len(), 54);
    for (cells, number) in traps.into_iter().zip(1..) {
        assert_eq!(cells[0], number.to_string());
        assert_eq!(cells.len(), 4, "{number}");
        assert!(marks.contains(&cells[2]), "{number}: {}", cells[2]);
        for found in rule.captures_iter(cells[3]) {
            let name = &found[1];
            let refused = rules().any(|rule| rule.name == name);
            let error = hints.contains(&format!("\"{name}\""));
            assert!(refused || error, "{number}: `{name}` is no rule");
        }
    }
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
