//! Where users reach Milvus.

use std::net::IpAddr;

use super::Cluster;
use crate::inventory::Inventory;
use crate::observed::Observed;
use crate::system::DOOR;

impl Cluster {
    /// The addresses at which a task listens, in the order of the inventory: a host with the role
    /// may have none of the tasks.
    #[must_use]
    pub fn endpoints(&self, inventory: &Inventory, seen: &Observed) -> Vec<String> {
        let Some(port) = inventory.publish.port(DOOR) else {
            return Vec::new();
        };
        let mut found: Vec<(usize, String)> = Vec::new();
        let tasks = seen.tasks.iter();
        for task in tasks.filter(|task| task.service == self.wanted.door && task.is_up()) {
            let node = seen.nodes.iter().find(|node| node.id == task.node_id);
            let Some(node) = node else { continue };
            let mut hosts = inventory.hosts.iter();
            let at = hosts.position(|host| host.name == node.hostname);
            let host = at.and_then(|at| inventory.hosts.get(at));
            let address = host
                .and_then(|host| host.address.clone())
                .or_else(|| node.addr.parse().ok().map(shown))
                .unwrap_or_else(|| node.hostname.clone());
            found.push((at.unwrap_or(usize::MAX), format!("http://{address}:{port}")));
        }
        found.sort();
        found.dedup();
        found.into_iter().map(|(_, endpoint)| endpoint).collect()
    }
}

/// An address as it stands before a port.
fn shown(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("[{address}]"),
    }
}
