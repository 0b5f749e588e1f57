//! Inventories: the shipped ones, everything that can be wrong with one, edits, the schema, and
//! what is written and warned of for one.

mod by_hand;
mod edit;
mod errors;
mod hostile;
mod schema;
mod shipped;
mod warnings;

use milvus_swarm::inventory::{Inventory, InventoryErrors, Source};

/// A small inventory without errors, for tests to break.
const BASE: &str = "\
name: t
groups:
  - hosts: n[1-3]
    roles: [manager, etcd, bookie, query, index]
  - hosts: n[1-2]
    roles: [broker, coord]
  - hosts: m[1-4]
    roles: [minio]
";

fn parse(text: &str) -> Result<Inventory, InventoryErrors> {
    Inventory::parse(&[Source::new("a.yml", text)])
}

fn valid(text: &str) -> Inventory {
    parse(text).unwrap_or_else(|errors| panic!("{}\n{text}", errors.render()))
}

fn overlaid(texts: &[&str]) -> Result<Inventory, InventoryErrors> {
    let names = ["a.yml", "b.yml", "c.yml"];
    let sources: Vec<Source> = names
        .iter()
        .zip(texts)
        .map(|(name, text)| Source::new(*name, *text))
        .collect();
    Inventory::parse(&sources)
}
