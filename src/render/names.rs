//! The names that a cluster gives to what it has beside services: secrets, network, bucket.

use std::collections::BTreeMap;

use crate::component::Secret;
use crate::observed::Observed;
use crate::spec::FileTarget;
pub use crate::system::milvus::SECRET as ROOT_SECRET;
use crate::topology::UNTOLD_LABEL;

/// The generation of each credential: a new generation is a new secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Generations {
    newest: BTreeMap<String, u32>,
    /// Those that Milvus was not told of count here: their numbers are taken.
    taken: BTreeMap<String, u32>,
    /// What is mounted by those that read a credential at the first start only.
    first: BTreeMap<String, u32>,
}

impl Generations {
    /// The highest generation of each credential that exists in a Swarm and is in use.
    #[must_use]
    pub fn of(cluster: &str, seen: &Observed) -> Self {
        let mut generations = Self::default();
        for Secret { key, first, .. } in Secret::all() {
            let prefix = format!("{cluster}-{key}-v");
            let number = |name: &str| name.strip_prefix(&prefix)?.parse::<u32>().ok();
            for (name, secret) in &seen.secrets {
                let Some(number) = number(name) else { continue };
                let highest = |of: &mut BTreeMap<String, u32>| {
                    let known = of.entry((*key).to_owned()).or_default();
                    *known = number.max(*known);
                };
                highest(&mut generations.taken);
                if !secret.labels.contains_key(UNTOLD_LABEL) {
                    highest(&mut generations.newest);
                }
            }
            let is_first = |file: &FileTarget| first.is_some_and(|(key, _)| file.name == key);
            let services = seen.services.values();
            let mounted = services
                .flat_map(|service| &service.spec.task_template.container_spec.secrets)
                .filter(|secret| secret.file.as_ref().is_some_and(is_first))
                .filter(|secret| seen.secrets.contains_key(&secret.name))
                .filter_map(|secret| number(&secret.name));
            // All that read it mount one: the oldest, where hands made a difference.
            if let Some(oldest) = mounted.min() {
                generations.first.insert((*key).to_owned(), oldest);
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

/// What such a name is made of: `prod-minio-root` and 1.
#[must_use]
pub(crate) fn generation(secret: &str) -> Option<(&str, u32)> {
    let (stem, number) = secret.rsplit_once("-v")?;
    Some((stem, number.parse().ok()?))
}

/// That of those who read it at the first start only: the one that they mount, else the newest.
#[must_use]
pub(crate) fn first_secret_name(cluster: &str, key: &str, generations: &Generations) -> String {
    let first = generations.first.get(key).copied();
    let generation = first.unwrap_or_else(|| generations.get(key));
    format!("{cluster}-{key}-v{generation}")
}
