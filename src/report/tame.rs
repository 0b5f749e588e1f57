//! What others wrote, made harmless for a terminal.
//!
//! Names, labels and variables of a service are whatever somebody posted: an escape character in
//! one of them would move the reader's cursor or rename their window, and a bidirectional control
//! would turn the words of a plan around.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The text with each control character spelt out, as `\u{1b}`. Where there is colour, sequences
/// that do no more than set it stay.
pub(super) fn tame(text: &str, has_colour: bool) -> Cow<'_, str> {
    if !text.contains(is_wild) {
        return Cow::Borrowed(text);
    }
    let mut tamed = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(at) = rest.find(is_wild) {
        let (before, wild) = rest.split_at(at);
        tamed.push_str(before);
        let paint = if has_colour { paint(wild) } else { 0 };
        if paint > 0 {
            tamed.push_str(&wild[..paint]);
            rest = &wild[paint..];
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

fn is_wild(c: char) -> bool {
    let turns =
        matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// How many bytes of a sequence that sets colours a text begins with.
fn paint(text: &str) -> usize {
    let Some(codes) = text.strip_prefix("\u{1b}[") else {
        return 0;
    };
    let end = codes.find(|c: char| !c.is_ascii_digit() && c != ';');
    end.filter(|end| codes[*end..].starts_with('m'))
        .map_or(0, |end| "\u{1b}[".len() + end + 1)
}

#[cfg(test)]
mod tests {
    use super::tame;

    #[test]
    fn what_moves_a_cursor_is_spelt_out() {
        assert_eq!(tame("plain\n\ttext é", false), "plain\n\ttext é");
        assert_eq!(tame("a\u{1b}[2Jb\u{7}", true), "a\\u{1b}[2Jb\\u{7}");
        assert_eq!(tame("\u{1b}]0;x\r", true), "\\u{1b}]0;x\\u{d}");
        assert_eq!(tame("\u{9b}1m \u{202e}x", true), "\\u{9b}1m \\u{202e}x");
    }

    #[test]
    fn colour_stays_where_there_is_colour() {
        let painted = "\u{1b}[1;31mred\u{1b}[0m";
        assert_eq!(tame(painted, true), painted);
        assert_eq!(tame(painted, false), "\\u{1b}[1;31mred\\u{1b}[0m");
        assert_eq!(tame("\u{1b}[", true), "\\u{1b}[");
    }
}
