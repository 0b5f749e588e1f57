//! Amounts in the sentences of rules.

pub(super) use crate::count::count;
use crate::inventory::size::{show_bytes, show_cpus};
use crate::observed::Reserved;
pub(super) use crate::words::{MOST, list, names};

/// `8 CPUs and 15.6GiB`.
pub(super) fn amount(amount: Reserved) -> String {
    let cpus = show_cpus(amount.nano_cpus);
    let plural = if cpus == "1" { "" } else { "s" };
    format!("{cpus} CPU{plural} and {}", memory(amount.memory_bytes))
}

/// Exact where it is a whole number of MiB; nodes report odd numbers of bytes.
fn memory(bytes: i64) -> String {
    const MIB: i64 = 1 << 20;
    if bytes == 0 {
        return "no memory".to_owned();
    }
    if bytes % MIB == 0 {
        return show_bytes(bytes);
    }
    let hundredths = i128::from(bytes) * 100 / (1 << 30);
    format!("{}.{:02}GiB", hundredths / 100, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_short() {
        let of = |nano_cpus, memory_bytes| {
            amount(Reserved {
                nano_cpus,
                memory_bytes,
            })
        };
        assert_eq!(of(8_000_000_000, 16 << 30), "8 CPUs and 16GiB");
        assert_eq!(of(500_000_000, 67_437_142_016), "0.5 CPUs and 62.80GiB");
        assert_eq!(of(1_000_000_000, 0), "1 CPU and no memory");
    }
}
