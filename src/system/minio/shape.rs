//! Which numbers of hosts and drives make a MinIO.

/// Whether MinIO can be built from so many hosts with so many drives each.
///
/// One drive alone is a MinIO without copies. Otherwise the drives must divide into equal erasure
/// sets of 4 to 16 that spread evenly over the hosts. MinIO itself forms sets of 2 and 3, too
/// (minio: `cmd/endpoint-ellipses.go`): of 2, which stop writing with the first drive lost, and of
/// 3, which go on without one. They were not tried with this tool.
#[must_use]
pub const fn is_valid(hosts: u64, drives: u64) -> bool {
    set_size(hosts, drives).is_some()
}

/// The number of drives in each erasure set: the largest that divides all.
#[must_use]
pub const fn set_size(hosts: u64, drives: u64) -> Option<u64> {
    let total = hosts * drives;
    if total == 1 {
        return Some(1);
    }
    let mut size = 16;
    while size >= 4 {
        let even = if hosts > size {
            hosts.is_multiple_of(size)
        } else {
            size.is_multiple_of(hosts)
        };
        if total > 0 && total.is_multiple_of(size) && even {
            return Some(size);
        }
        size -= 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes() {
        for (hosts, drives, size) in [
            (1, 1, Some(1)),
            (1, 4, Some(4)),
            (2, 2, Some(4)),
            (3, 2, Some(6)),
            (4, 1, Some(4)),
            (5, 1, Some(5)),
            (4, 4, Some(16)),
            (18, 1, Some(9)),
            (20, 1, Some(10)),
            (2, 1, None),
            (3, 1, None),
            (1, 2, None),
            (17, 1, None),
            (0, 1, None),
        ] {
            assert_eq!(set_size(hosts, drives), size, "{hosts} x {drives}");
        }
    }
}
