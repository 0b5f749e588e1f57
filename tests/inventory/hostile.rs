//! Input that is no inventory at all: refused at once, never a crash.

use std::fmt::Write;

use milvus_swarm::inventory::edit::{add_role, set_replicas};
use milvus_swarm::inventory::{MAX_BYTES, Source};
use milvus_swarm::role::Role;
use proptest::prelude::*;

use super::{BASE, parse, valid};

fn rules(text: &str) -> Vec<&'static str> {
    let errors = parse(text).unwrap_err();
    println!("{}", errors.render());
    errors
        .findings
        .iter()
        .map(|finding| finding.problem.rule())
        .collect()
}

#[test]
fn bytes_that_are_no_text() {
    for (bytes, rule) in [
        (&b"name: \xff\n"[..], "not-text"),
        (b"name: a\0b", "not-text"),
        (b"\x7fELF\x02\x01", "not-text"),
        (b"\x1b[31mred", "not-text"),
    ] {
        let errors = Source::from_bytes("x", bytes).unwrap_err();
        assert_eq!(errors.findings[0].problem.rule(), rule);
        assert!(!errors.render().contains('\x1b'));
    }
    let errors = Source::from_bytes("x", &vec![b'#'; MAX_BYTES + 1]).unwrap_err();
    assert_eq!(errors.findings[0].problem.rule(), "file-size");
    assert_eq!(rules(&"#".repeat(MAX_BYTES + 1)), ["file-size"]);
    assert_eq!(rules("name: a\0b"), ["not-text"]);
}

#[test]
fn yaml_bombs() {
    let mut bomb = String::from("config:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let aliases = vec![format!("*a{}", level - 1); 10].join(", ");
        let _ = writeln!(bomb, "  a{level}: &a{level} [{aliases}]");
    }
    assert_eq!(rules(&bomb), ["yaml-limit"]);
    assert_eq!(
        rules(&format!("config: {}", "[".repeat(100_000))),
        ["yaml-limit"]
    );
    assert_eq!(
        rules(&format!("config: {}1", "{a: ".repeat(5_000))),
        ["yaml-limit"]
    );
    let deep: String = (0..2_000)
        .map(|level| format!("{}a:\n", " ".repeat(level)))
        .collect();
    assert_eq!(rules(&deep), ["yaml-limit"]);
    assert_eq!(
        rules(&format!("hosts: [{{name: '{}'}}]", "n[1-99]".repeat(200))),
        ["bad-value"]
    );
    assert_eq!(
        rules("groups: [{hosts: 'n[1-99999999999999999999]', roles: [etcd]}]"),
        ["bad-value"]
    );
}

#[test]
fn values_with_a_meaning_elsewhere() {
    for name in [
        "$(id)",
        "../../etc",
        "{{ .Node.ID }}",
        "a;b",
        "a b",
        "\\\"q\\\"",
        "é",
        "-rf",
        "a..b",
        "x\\ny",
    ] {
        let text = format!("hosts: [{{name: \"{name}\", roles: [etcd]}}]");
        assert_eq!(rules(&text), ["bad-value"], "{name}");
        let text = format!("name: \"{name}\"\n{}", &BASE["name: t\n".len()..]);
        assert_eq!(rules(&text), ["bad-value"], "{name}");
        let text = format!(
            "{BASE}data: {{ dir: \"{name}\" }}\nimages: {{ milvus: \"{name}\", registry: \"{name}\" }}\n"
        );
        assert!(
            rules(&text).iter().all(|rule| *rule == "bad-value"),
            "{name}"
        );
    }
}

/// Found by `damaged_inventories_get_an_answer`: these panicked.
#[test]
fn edits_of_what_has_no_keys_are_refused() {
    for text in ["roles", "- a\n", "5\n", "[1, 2]", "~", "\"x\""] {
        for edited in [
            set_replicas(text, Role::Query, 2),
            add_role(text, "q", Role::Index),
        ] {
            if let Err(refused) = edited {
                assert!(!refused.hint().is_empty(), "{text}");
            }
        }
    }
    assert!(set_replicas("- a\n", Role::Query, 2).is_err());
}

#[test]
fn errors_beyond_the_first_twenty_are_counted() {
    let text: String = (0..500).map(|number| format!("key{number}: 1\n")).collect();
    let shown = parse(&format!("{BASE}{text}")).unwrap_err().render();
    assert!(shown.ends_with("error: and 480 more like these\n"));
}

#[test]
fn long_lines_are_cut_around_the_caret() {
    let long = format!(
        "{BASE}images: {{ registry: {}, nope: 1, milvus: {} }}\n",
        "r".repeat(400),
        "m".repeat(400)
    );
    for line in parse(&long)
        .unwrap_err()
        .render()
        .lines()
        .filter(|line| line.contains(" | "))
    {
        assert!(line.chars().count() < 120, "{line}");
    }
}

/// 10 000 hosts one by one, in the widest common form, are within every limit; how long they take
/// is for `benches/scale` to say.
#[test]
fn ten_thousand_hosts() {
    let mut text = BASE.replace("groups:", "hosts:\n@\ngroups:");
    let mut hosts = String::new();
    for number in 0..10_000 {
        let (high, low) = (number / 250, number % 250);
        let _ = writeln!(
            hosts,
            "  - name: host{number:05}.example.com\n    address: 10.1.{high}.{low}\n    engine: tcp://10.1.{high}.{low}:2376\n    roles: [query, index]\n    zone: z{}",
            number % 7
        );
    }
    text = text.replace("@\n", &hosts);
    assert_eq!(valid(&text).hosts.len(), 10_007);
}

proptest! {
    /// Whatever the text, an answer comes back, and it can be shown.
    #[test]
    fn any_text_gets_an_answer(text in ".{0,200}") {
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.render().is_empty());
        }
    }

    /// An inventory with bytes missing or added gets an answer too, and so does an edit of it.
    #[test]
    fn damaged_inventories_get_an_answer(
        at in 0..EDITED.len(),
        length in 0..20_usize,
        with in "[\\[\\]{}:,&*!|>'\"%@`#\n é~-]{0,4}",
    ) {
        let end = (at + length).min(EDITED.len());
        let text = [&EDITED[..at], &with, &EDITED[end..]].concat();
        if let Err(errors) = parse(&text) {
            prop_assert!(!errors.render().is_empty());
        }
        for edited in [set_replicas(&text, Role::Query, 2), add_role(&text, "q", Role::Index)] {
            match edited {
                Ok(edited) => prop_assert!(parse(&text).is_err() || parse(&edited.text).is_ok()),
                Err(refused) => prop_assert!(!refused.hint().is_empty()),
            }
        }
    }
}

/// Short, so that damage often falls where edits look.
const EDITED: &str = "\
groups:
  - {hosts: 'n[1-3]', roles: [manager, etcd, bookie, query, index, broker, coord, minio]}
hosts:
  - name: q
    roles:
      - query # one
  - { name: p, roles: [query] }
roles: # all
  query:
    # how many
    replicas: 3
  minio: { drives: 2 }
config: { a: &x [1], b: *x }
";
