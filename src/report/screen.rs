//! A text that is shown again and again in the same place of a terminal: it may have no more lines
//! than the screen has, or its beginning is pushed out of sight.

/// Home, then erase what is below.
pub(super) const CLEAR: &str = "\u{1b}[H\u{1b}[2J";

/// Whether all of a text stays in sight, with the cursor in the line after it.
pub(super) fn fits(text: &str, height: usize) -> bool {
    text.lines().count() < height
}

/// As much of a text as stays in sight. The last line says what is not.
pub(super) fn cut(text: &str, height: usize) -> String {
    if fits(text, height) {
        return text.to_owned();
    }
    let shown = height.saturating_sub(2);
    let mut out: String = text.split_inclusive('\n').take(shown).collect();
    let hidden = text.lines().count() - shown;
    out += &format!("... {hidden} more lines; a taller window shows them\n");
    out
}

#[cfg(test)]
mod tests {
    use super::{cut, fits};

    #[test]
    fn no_screen_is_too_small() {
        let text: String = (1..=9).map(|line| format!("{line}\n")).collect();
        assert!(fits(&text, 10) && !fits(&text, 9));
        assert_eq!(cut(&text, 10), text);
        assert_eq!(
            cut(&text, 5),
            "1\n2\n3\n... 6 more lines; a taller window shows them\n"
        );
        for height in 0..20 {
            assert!(cut(&text, height).lines().count() < height.max(2));
        }
    }
}
