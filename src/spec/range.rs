//! Ranges of IPv4 addresses, as networks have them.

use std::fmt;
use std::net::Ipv4Addr;

/// A subnet, by its first address.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Range {
    first: u32,
    prefix: u32,
}

impl Range {
    /// `10.1.0.0/16` of `10.1.2.3/16`: the engine keeps the text that it was given. None of what is
    /// not of IPv4.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        Self::around(address, prefix.parse().ok()?)
    }

    /// The range of so many leading bits that an address is in.
    #[must_use]
    pub fn around(address: Ipv4Addr, prefix: u32) -> Option<Self> {
        let rest = 32_u32.checked_sub(prefix)?;
        let mask = u32::MAX.checked_shl(rest).unwrap_or(0);
        Some(Self {
            first: address.to_bits() & mask,
            prefix,
        })
    }

    /// Addresses that Swarm gives away: not the first, the last, nor the gateway (moby
    /// `daemon/libnetwork/ipams/defaultipam`, and `allocatePools` in
    /// `daemon/libnetwork/cnmallocator/networkallocator.go`).
    #[must_use]
    pub const fn room(self) -> u64 {
        (1_u64 << (32 - self.prefix)).saturating_sub(3)
    }

    /// Whether an address is in both.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        let wider = self.prefix.min(other.prefix);
        Self::around(self.first.into(), wider) == Self::around(other.first.into(), wider)
    }

    /// Whether an address is in it.
    #[must_use]
    pub fn holds(self, address: Ipv4Addr) -> bool {
        Self::around(address, self.prefix) == Some(self)
    }

    /// Its parts of so many leading bits, the last first.
    pub fn parts(self, prefix: u32) -> impl Iterator<Item = Self> {
        let step = 32_u32
            .checked_sub(prefix)
            .and_then(|rest| 1_u32.checked_shl(rest));
        let size = 32_u32.checked_sub(self.prefix).map_or(0, |rest| {
            u32::try_from((1_u64 << rest) - 1).unwrap_or(u32::MAX)
        });
        let last = Self::around((self.first | size).into(), prefix).map(|part| part.first);
        let mut next = last.filter(|_| prefix >= self.prefix);
        std::iter::from_fn(move || {
            let first = next?;
            next = step
                .and_then(|step| first.checked_sub(step))
                .filter(|first| *first >= self.first);
            Some(Self { first, prefix })
        })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from(self.first), self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(text: &str) -> Range {
        Range::parse(text).expect("a range")
    }

    #[test]
    fn texts() {
        for (text, expected) in [
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.1.2.3/16", Some("10.1.0.0/16")),
            ("10.1.2.3/32", Some("10.1.2.3/32")),
            ("10.1.2.3/33", None),
            ("fd00::/64", None),
            ("x", None),
        ] {
            let shown = Range::parse(text).map(|range| range.to_string());
            assert_eq!(shown.as_deref(), expected);
        }
    }

    #[test]
    fn what_ranges_share() {
        let (wide, inside) = (range("10.0.0.0/8"), range("10.255.240.0/20"));
        assert!(wide.overlaps(inside) && inside.overlaps(wide) && wide.overlaps(wide));
        assert!(!inside.overlaps(range("10.255.224.0/20")));
        assert!(wide.holds([10, 9, 8, 7].into()) && !wide.holds([11, 0, 0, 0].into()));
        assert_eq!(range("10.0.0.0/24").room(), 253);
    }

    #[test]
    fn parts_begin_at_the_end() {
        let of = |whole: &str, prefix| {
            let parts = range(whole).parts(prefix).take(5);
            parts.map(|part| part.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            of("10.0.0.0/8", 20)[..2],
            ["10.255.240.0/20", "10.255.224.0/20"]
        );
        assert_eq!(of("10.0.0.0/23", 24), ["10.0.1.0/24", "10.0.0.0/24"]);
        assert_eq!(of("0.0.0.0/31", 32), ["0.0.0.1/32", "0.0.0.0/32"]);
        assert_eq!(of("10.0.0.0/24", 20), [""; 0]);
    }
}
