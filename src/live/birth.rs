//! Writing down of which birth data is.

use std::collections::BTreeMap;

use super::Live;
use super::act::{address, fail, moved, random};
use super::failure;
use crate::component::{Birth, Component};
use crate::execute::Failure;

/// Letters and digits of a birth.
const LENGTH: usize = 32;

/// A step that writes a birth down.
pub(super) struct Remembered<'a> {
    pub(super) component: &'a str,
    pub(super) members: &'a [String],
    pub(super) label: &'a str,
    /// Hostnames by identifiers of nodes.
    pub(super) nodes: &'a BTreeMap<String, String>,
}

impl Live {
    /// The birth that data has is the one that counts, whoever gave it.
    pub(super) async fn remember_birth(&self, what: Remembered<'_>) -> Result<(), Failure> {
        let births = || Component::all_births().find(|birth| birth.of == what.component);
        let birth = births().ok_or_else(|| fail(format!("`{}` has no birth", what.component)))?;
        let found = self.give_birth(birth, what.members).await.map_err(fail)?;
        let seen = self.look().await.map_err(failure)?;
        let label = |id: &String| {
            let node = seen.nodes.iter().find(|node| node.id == *id)?;
            node.labels.get(what.label)
        };
        for (id, hostname) in what.nodes {
            match label(id) {
                Some(known) if *known == found => {}
                Some(_) => return Err(moved("node", hostname, "was labelled")),
                None => {
                    let add = BTreeMap::from([(what.label.to_owned(), found.clone())]);
                    let done = self.engine.set_node_labels(id, &add, &[]).await;
                    done.map_err(failure)?;
                }
            }
        }
        Ok(())
    }

    /// The birth that data has from now on: what is there stays.
    async fn give_birth(&self, birth: &Birth, members: &[String]) -> Result<String, String> {
        self.place_to_ask().await?;
        let seen = self.look().await.map_err(|error| error.to_string())?;
        let title = Component::named(birth.of).map_or(birth.of, |row| row.title);
        let host = address(&seen, members).ok_or_else(|| format!("no member of {title} is up"))?;
        let ask = async || {
            let answer = self.question((birth.question)(&self.cluster, &host)).await;
            let read = (birth.read)(&answer);
            read.map_err(|why| format!("{title} does not tell the birth of its data: {why}"))
        };
        if let Some(found) = ask().await? {
            return Ok(found);
        }
        if let Some(write) = birth.write {
            let question = write(&self.cluster, &host, &random(LENGTH));
            let done = self.change(question).await;
            let took = done.ok().map(drop);
            took.map_err(|why| format!("{title} did not take the birth of its data: {why}"))?;
        }
        let none = || format!("{title} tells no birth of its data");
        ask().await?.ok_or_else(none)
    }
}
