//! The names that a cluster gives to what it has beside services: secrets, network, bucket.

use std::collections::BTreeMap;

use crate::component::Secret;
use crate::observed::Observed;
pub use crate::system::milvus::SECRET as ROOT_SECRET;
use crate::topology::UNTOLD_LABEL;

/// The generation of each credential: a new generation is a new secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Generations {
    newest: BTreeMap<String, u32>,
    /// Those that Milvus was not told of count here: their numbers are taken.
    taken: BTreeMap<String, u32>,
}

impl Generations {
    /// The highest generation of each credential that exists in a Swarm and is in use.
    #[must_use]
    pub fn of(cluster: &str, seen: &Observed) -> Self {
        let mut generations = Self::default();
        for Secret { key, .. } in Secret::all() {
            let prefix = format!("{cluster}-{key}-v");
            for (name, secret) in &seen.secrets {
                let number = name.strip_prefix(&prefix).map(str::parse::<u32>);
                let Some(Ok(number)) = number else { continue };
                let highest = |of: &mut BTreeMap<String, u32>| {
                    let known = of.entry((*key).to_owned()).or_default();
                    *known = number.max(*known);
                };
                highest(&mut generations.taken);
                if !secret.labels.contains_key(UNTOLD_LABEL) {
                    highest(&mut generations.newest);
                }
            }
        }
        generations
    }

    /// The same with the one after the newest of one credential.
    #[must_use]
    pub fn with_next(mut self, key: &str) -> Self {
        let next = self.taken.get(key).map_or(1, |newest| newest + 1);
        self.newest.insert(key.to_owned(), next);
        self
    }

    fn get(&self, key: &str) -> u32 {
        self.newest.get(key).copied().unwrap_or(1)
    }
}

/// The Swarm object of a credential: `prod-minio-root-v1`.
#[must_use]
pub fn secret_name(cluster: &str, key: &str, generations: &Generations) -> String {
    format!("{cluster}-{key}-v{}", generations.get(key))
}

/// The overlay network of a cluster.
#[must_use]
pub(crate) fn network_name(cluster: &str) -> String {
    format!("{cluster}_net")
}
