//! The names that a cluster gives to what it has beside services: secrets, network, bucket.

use std::collections::BTreeMap;

use crate::inventory::Inventory;
use crate::observed::Observed;
pub use crate::system::milvus::SECRET as ROOT_SECRET;
pub use crate::system::minio::SECRET as MINIO_SECRET;

/// MinIO's root user where the inventory names none.
pub const DEFAULT_MINIO_USER: &str = "milvus";

/// The generation of each credential: a new generation is a new secret.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Generations(BTreeMap<String, u32>);

impl Generations {
    /// The highest generation of each credential that exists in a Swarm.
    #[must_use]
    pub fn of(cluster: &str, seen: &Observed) -> Self {
        let mut generations = BTreeMap::new();
        for key in [MINIO_SECRET, ROOT_SECRET] {
            let prefix = format!("{cluster}-{key}-v");
            let highest = seen
                .secrets
                .keys()
                .filter_map(|name| name.strip_prefix(&prefix)?.parse::<u32>().ok())
                .max();
            if let Some(highest) = highest {
                generations.insert(key.to_owned(), highest);
            }
        }
        Self(generations)
    }

    fn get(&self, key: &str) -> u32 {
        self.0.get(key).copied().unwrap_or(1)
    }
}

/// The Swarm object of a credential: `prod-minio-root-v1`.
#[must_use]
pub fn secret_name(cluster: &str, key: &str, generations: &Generations) -> String {
    format!("{cluster}-{key}-v{}", generations.get(key))
}

pub(crate) fn minio_user(inventory: &Inventory) -> String {
    inventory
        .credentials
        .minio_user
        .clone()
        .unwrap_or_else(|| DEFAULT_MINIO_USER.to_owned())
}

/// Bucket names have at least three characters.
pub(super) fn bucket(inventory: &Inventory) -> String {
    format!("milvus-{}", inventory.name)
}

/// The overlay network of a cluster.
#[must_use]
pub(crate) fn network_name(cluster: &str) -> String {
    format!("{cluster}_net")
}
