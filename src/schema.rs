//! What the tool reads and writes, as JSON Schemas.
//!
//! Each comes from the one place that defines the thing itself: the inventory's from the grammar
//! that the reader checks against, the others from the types that are printed.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;

use crate::inventory;
use crate::plan::Plan;
use crate::report::Line;
use crate::status::Status;
use crate::what_if::Answer;

/// The things that have a schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Schema {
    /// An inventory file
    Inventory,
    /// What `plan --json` prints and `plan --out` saves
    Plan,
    /// Each line that `up`, `scale` and `down` print with `--json`
    Events,
    /// What `status --json` prints
    Status,
    /// What `what-if --json` prints
    WhatIf,
}

impl Schema {
    /// The schema (draft 2020-12) as text.
    ///
    /// # Errors
    /// None that can happen: a schema is JSON already.
    pub fn text(self) -> Result<String, serde_json::Error> {
        match self {
            Self::Inventory => Ok(inventory::schema::schema_text()),
            Self::Plan => written::<Plan>("milvus-swarm plan"),
            Self::Events => written::<Line>("milvus-swarm event"),
            Self::Status => written::<Status>("milvus-swarm status"),
            Self::WhatIf => written::<Answer>("milvus-swarm what-if"),
        }
    }
}

/// The schema of what a type becomes when it is written.
fn written<T: JsonSchema>(title: &str) -> Result<String, serde_json::Error> {
    let mut schema = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    serde_json::to_string_pretty(&schema).map(|text| text + "\n")
}
