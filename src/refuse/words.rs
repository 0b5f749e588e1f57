//! Lists and amounts in the sentences of rules.

pub(super) use crate::count::count;
use crate::inventory::size::{show_bytes, show_cpus};
use crate::observed::Reserved;

/// The most names that a sentence lists.
pub(crate) const MOST: usize = 6;

/// `` `a`, `b` and `c` ``; of many, the first few and how many more.
pub(crate) fn names<T: AsRef<str>>(all: impl IntoIterator<Item = T>) -> String {
    let quoted = all.into_iter().map(|name| format!("`{}`", name.as_ref()));
    list(quoted.collect())
}

/// `a, b and c`; of many, the first few and how many more.
pub(crate) fn list(mut all: Vec<String>) -> String {
    if all.len() > MOST {
        let more = all.len() - (MOST - 1);
        all.truncate(MOST - 1);
        all.push(format!("{more} more"));
    }
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

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
    fn lists_end_with_and() {
        assert_eq!(names(["a"]), "`a`");
        assert_eq!(names(["a", "b"]), "`a` and `b`");
        let many: Vec<String> = (0..9).map(|n| n.to_string()).collect();
        assert_eq!(list(many), "0, 1, 2, 3, 4 and 4 more");
    }

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
