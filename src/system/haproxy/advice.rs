//! What works with balancers and may go wrong later.

use super::{HAPROXY, MOST_PROXIES};
use crate::inventory::Inventory;
use crate::system::milvus::PROXY;

/// Balancers have a place for so many proxies, and no request goes to another one.
pub(super) fn too_many(inventory: &Inventory) -> Option<String> {
    let proxies = inventory.settings(PROXY.role).replicas;
    let has_one = inventory.hosts_with(HAPROXY.role).next().is_some();
    (has_one && proxies > MOST_PROXIES).then(|| {
        format!(
            "balancers know {MOST_PROXIES} proxies at most, and {proxies} are wanted: the others get no requests"
        )
    })
}
