//! What works with MinIO and may go wrong later.

use super::MINIO;
use super::shape::is_valid;
use crate::advice::hosts;
use crate::inventory::{Host, Inventory};

/// All drives of a host are made in one place: volumes or one directory. `MinIO` counts them as
/// independent, so an erasure set may lose more drives than it can with one disk.
pub(crate) fn shared_disk(inventory: &Inventory) -> Option<String> {
    let drives = inventory.settings(MINIO.role).drives;
    let members: Vec<&Host> = inventory.hosts_with(MINIO.role).collect();
    let enough = (members.len() as u64..).find(|hosts| is_valid(*hosts, 1))?;
    let more = if enough == members.len() as u64 {
        String::new()
    } else {
        format!(" on {enough} hosts")
    };
    (drives > 1).then(|| {
        format!(
            "{drives} MinIO drives are in one place on each of {}: unless `data.dir` has a disk mounted for each, \
             they fail together; set `roles.minio.drives: 1`{more} before the first `up`",
            hosts(&members)
        )
    })
}
