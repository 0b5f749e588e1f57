//! What works with Woodpecker's servers and may go wrong later.

use super::{SERVER, copies, filling};
use crate::advice::hosts;
use crate::count::count;
use crate::inventory::{Host, Inventory};
use crate::system::Advice;

pub(super) const NONE_TO_SPARE: Advice = none_to_spare;
pub(super) const UNREAD: Advice = unread;

/// A segment begins on as many servers as it has copies; it waits for them for ever (woodpecker:
/// `woodpecker/quorum/discovery.go`, `SelectQuorum`).
fn none_to_spare(inventory: &Inventory) -> Option<String> {
    let servers: Vec<&Host> = inventory.hosts_with(SERVER.role).collect();
    let copies = copies(inventory);
    (servers.len() as u64 == copies).then(|| {
        format!(
            "{} on {}, and each segment of the log begins on {copies}: without one of them writes stop \
             within minutes; give one more host the role `{}`",
            count(servers.len(), SERVER.one),
            hosts(&servers),
            SERVER.role
        )
    })
}

/// What Milvus' own part would read, and servers read from a file of theirs.
fn unread(inventory: &Inventory) -> Option<String> {
    filling(inventory)?;
    let log = inventory.config.get("woodpecker")?;
    log.get("logstore").map(|_| {
        "`woodpecker.logstore` under `config` reaches no server of Woodpecker, and Milvus reads it for a log \
         inside it: write it into `logstore.yaml` (`milvus-swarm eject DIR`)"
            .to_owned()
    })
}
