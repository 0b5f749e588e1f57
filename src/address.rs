//! Passwords in addresses, such as `tcp://user:password@host`: they belong there as little as into
//! a message about the address.

use std::ops::Range;

/// Where the password of an address stands: the bytes between the first `:` after the scheme and
/// the last `@`.
#[must_use]
pub fn password(address: &str) -> Option<Range<usize>> {
    if address.starts_with("unix://") {
        return None; // A path may have any character.
    }
    let start = address.find("://").map_or(0, |at| at + "://".len());
    let end = address.rfind('@').filter(|end| *end >= start)?;
    let colon = address[start..end].find(':')?;
    Some(start + colon + 1..end)
}

/// An address with three stars in place of its password.
#[must_use]
pub fn without_password(address: &str) -> String {
    match password(address) {
        Some(at) => format!("{}***{}", &address[..at.start], &address[at.end..]),
        None => address.to_owned(),
    }
}

/// A text in which each character of a password is a star, so that all else stays in its column.
#[must_use]
pub fn without_passwords(text: &str) -> String {
    let between = |c: char| c.is_whitespace() || "\"'`".contains(c);
    let words = text.split_inclusive(between);
    let stars = |word: &str| match password(word).filter(|_| word.contains("://")) {
        Some(at) => {
            let stars = "*".repeat(word[at.clone()].chars().count());
            format!("{}{stars}{}", &word[..at.start], &word[at.end..])
        }
        None => word.to_owned(),
    };
    words.map(stars).collect()
}

#[cfg(test)]
mod tests {
    use super::{without_password, without_passwords};

    #[test]
    fn the_password_of_an_address_is_hidden() {
        for (address, shown) in [
            ("tcp://ann:pw@h:2376", "tcp://ann:***@h:2376"),
            ("tcp://:p@ss:w/rd, `x`@h", "tcp://:***@h"),
            ("ann:pw@h:2376", "ann:***@h:2376"),
            ("ssh://ann@h:22/run/d.sock", "ssh://ann@h:22/run/d.sock"),
            ("tcp://[::1]:2375", "tcp://[::1]:2375"),
            ("unix:///run/a:b@c.sock", "unix:///run/a:b@c.sock"),
            ("a@b://h", "a@b://h"),
        ] {
            assert_eq!(without_password(address), shown);
        }
    }

    #[test]
    fn the_passwords_in_a_text_are_hidden_and_nothing_moves() {
        for (text, shown) in [
            (
                "  one: \"tcp://a:bc@h\", other: 'ssh://d:é@h2' ann@desk",
                "  one: \"tcp://a:**@h\", other: 'ssh://d:*@h2' ann@desk",
            ),
            (
                "`ssh://a@h1:22` and `ssh://a@h2`",
                "`ssh://a@h1:22` and `ssh://a@h2`",
            ),
            ("since 10:00 ann@desk", "since 10:00 ann@desk"),
            ("at 10:00:ann@desk", "at 10:00:ann@desk"),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
