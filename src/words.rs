//! Lists and amounts in sentences.

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

/// A size as one would write it: the largest unit that divides it.
#[must_use]
pub fn show_bytes(bytes: i64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes >= 1 << shift && bytes % (1 << shift) == 0 {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

/// A number of CPUs as one would write it.
#[must_use]
pub fn show_cpus(nanos: i64) -> String {
    let text = format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
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
}
