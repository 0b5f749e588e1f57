//! What others wrote, made harmless for who reads it.
//!
//! Names, labels and variables of a service are whatever somebody posted, and logs are whatever a
//! program wrote: an escape character in one of them would move the reader's cursor, hide a line or
//! rename their window, and a bidirectional control would turn the words of a plan around.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::style::{PAINT, seal};

/// The text with each control character spelt out, as `\u{1b}`. The paint of this program stays;
/// paint that others wrote looks the same and is none.
pub(super) fn tame(text: &str) -> Cow<'_, str> {
    if !text.contains(is_wild) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(is_wild) {
        let (before, wild) = rest.split_at(at);
        tamed.push_str(before);
        if let Some(ours) = wild.strip_prefix(seal()) {
            tamed.push_str(PAINT);
            rest = ours;
            continue;
        }
        let mut chars = wild.chars();
        if let Some(c) = chars.next() {
            let _ = write!(tamed, "{}", c.escape_unicode());
        }
        rest = chars.as_str();
    }
    tamed.push_str(rest);
    Cow::Owned(tamed)
}

/// The JSON text with each such character in the form that JSON has for it, as `\u001b`. It stands
/// for the same value: there is none of them between strings, but for the line breaks that stay.
pub(super) fn tame_json(text: String) -> String {
    if !text.contains(is_wild) {
        return text;
    }
    let mut tamed = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_wild(c) {
            let _ = write!(tamed, "\\u{:04x}", u32::from(c));
        } else {
            tamed.push(c);
        }
    }
    tamed
}

fn is_wild(c: char) -> bool {
    turns(c) || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Whether a character changes in which direction others are read.
pub(super) const fn turns(c: char) -> bool {
    matches!(
        c,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests {
    use super::{tame, tame_json};
    use crate::report::Style;

    /// What may not reach a reader from outside, spelt out.
    const WILD: [(&str, &str); 8] = [
        ("a\u{1b}[2Jb\u{7}", "a\\u{1b}[2Jb\\u{7}"),
        ("\u{1b}[8mhidden\u{1b}[0m", "\\u{1b}[8mhidden\\u{1b}[0m"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("\u{1b}]0;x\r", "\\u{1b}]0;x\\u{d}"),
        ("\u{9b}8mx\u{7f}", "\\u{9b}8mx\\u{7f}"),
        ("\u{202e}\u{202a}x\u{202c}", "\\u{202e}\\u{202a}x\\u{202c}"),
        ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
        ("\u{200f}\u{61c}", "\\u{200f}\\u{61c}"),
    ];

    #[test]
    fn what_moves_a_cursor_hides_or_turns_is_spelt_out() {
        assert_eq!(tame("plain\n\ttext é"), "plain\n\ttext é");
        for (wild, tamed) in WILD {
            assert_eq!(tame(wild), tamed);
            // Painted by us, it is no paint of ours.
            let painted = Style::new(true).bad(wild);
            let inside = format!("\u{1b}[1m\u{1b}[31m{tamed}\u{1b}[0m");
            assert_eq!(tame(&painted), inside);
        }
    }

    #[test]
    fn json_says_the_same_without_it() {
        for (wild, _) in WILD {
            let value = serde_json::json!({ "name": wild });
            let text = tame_json(format!("{value:#}"));
            assert_eq!(
                serde_json::from_str::<serde_json::Value>(&text).unwrap(),
                value
            );
            let plain = |c: char| c == '\n' || (' '..='~').contains(&c);
            assert!(text.chars().all(plain), "{text:?}");
        }
        assert_eq!(tame_json("\"\u{202e}é\"\n".to_owned()), "\"\\u202eé\"\n");
    }
}
