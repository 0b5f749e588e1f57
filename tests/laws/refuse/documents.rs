//! The page about refusals is the table of rules.

use std::collections::BTreeSet;

use milvus_swarm::refuse::{rules, table};

#[test]
fn the_page_has_the_table_and_a_word_on_every_rule() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/refusals.md");
    let page = std::fs::read_to_string(path).expect("docs/refusals.md");
    assert!(
        page.contains(&table()),
        "the table in docs/refusals.md should be:\n{}",
        table()
    );
    let headings: BTreeSet<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .collect();
    let names: BTreeSet<&str> = rules().map(|rule| rule.name).collect();
    assert_eq!(names.len(), rules().count(), "two rules of one name");
    assert_eq!(headings, names);
}
