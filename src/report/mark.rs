//! Text inside SVG and HTML.

use super::tame::turns;

/// Text that means itself in an element and in a quoted attribute. Characters that XML does not
/// allow are left out, and those that turn others around are spelt out.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c if turns(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// At most so many characters, with a mark where something was cut.
pub(super) fn shorten(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let mut short: String = text.chars().take(most.saturating_sub(1)).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::{escape, shorten};

    #[test]
    fn nothing_gets_out_of_its_element_or_attribute() {
        let hostile = "</text><script>alert('1')</script>\" onload=\"x\u{0}\u{1b}&amp;";
        let text = escape(hostile);
        for sign in ['<', '>', '"', '\'', '\u{0}', '\u{1b}'] {
            assert!(!text.contains(sign), "{sign:?} in {text}");
        }
        assert!(text.ends_with("&amp;amp;"));
        assert_eq!(escape("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn cuts_are_marked_and_count_characters() {
        assert_eq!(shorten("äöü", 3), "äöü");
        assert_eq!(shorten("äöüß", 3), "äö…");
    }
}
