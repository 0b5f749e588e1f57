//! A number with its noun.

use std::fmt::Display;

/// `1 member`, `3 members`.
pub(crate) fn count<N: Display + From<u8> + PartialEq>(number: N, noun: &str) -> String {
    let plural = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn only_one_is_singular() {
        assert_eq!(count(0_usize, "gate"), "0 gates");
        assert_eq!(count(1_u64, "gate"), "1 gate");
        assert_eq!(count(2_usize, "gate"), "2 gates");
    }
}
