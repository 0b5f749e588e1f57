//! What works with Pulsar and may go wrong later.

use super::BOOKIE;
use crate::advice::hosts;
use crate::inventory::size::show_bytes;
use crate::inventory::{Host, Inventory};

/// Memory outside the heap that a bookie gets by with. Half of it is caches; the allocators of its
/// server and of the client with which it repairs ledgers take 16 MiB at a time of the rest. With
/// 256 MiB, bookies of Pulsar 2.8 ended themselves in the lab ("Unable to allocate memory, exiting
/// bookie") when they had ledgers to repair after a start.
const BUFFERS: i64 = 512 << 20;

/// A bookie serves while it is idle, and ends when a broker or a repair takes the last buffer.
pub(crate) fn few_buffers(inventory: &Inventory) -> Option<String> {
    let jvm = inventory.settings(BOOKIE.role).jvm?;
    let members: Vec<&Host> = inventory.hosts_with(BOOKIE.role).collect();
    (jvm.direct < BUFFERS).then(|| {
        format!(
            "`bookie` on {} has {} of memory beside its heap: it would end itself when it repairs \
             ledgers; set `roles.bookie.direct` to {} or more",
            hosts(&members),
            show_bytes(jvm.direct),
            show_bytes(BUFFERS)
        )
    })
}
