//! Errors as text: the sentence, the place, the line with a caret, the way out.

use std::fmt::Write;

use super::problem::{Finding, InventoryErrors, Problem};
use super::source::{Source, Span};
use crate::address;

/// The most findings that are written out.
const MOST: usize = 20;
/// The most characters of a line that are shown.
const WIDTH: usize = 100;

impl InventoryErrors {
    /// All findings for a reader, without colour, ending in a line break.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = String::new();
        for (position, finding) in self.findings.iter().take(MOST).enumerate() {
            if position > 0 {
                text.push('\n');
            }
            text.push_str(&self.finding(finding));
        }
        if let Some(more @ 1..) = self.findings.len().checked_sub(MOST) {
            let _ = writeln!(text, "\nerror: and {more} more like these");
        }
        text
    }

    fn finding(&self, finding: &Finding) -> String {
        let problem = &finding.problem;
        let told = plain(&problem.to_string());
        let mut text = format!("error[{}]: {told}\n", problem.rule());
        if let Some(source) = self.sources.get(finding.at.source) {
            let secret = matches!(
                problem,
                Problem::InlinePassword { .. } | Problem::EnginePassword
            );
            snippet(&mut text, source, finding.at, secret);
        }
        if let Some((at, what)) = finding.also
            && let Some(source) = self.sources.get(at.source)
        {
            let (line, column) = source.line_column(at.start);
            let _ = writeln!(text, "{what}: {}:{line}:{column}", source.name);
        }
        if let Some(hint) = problem.hint() {
            let _ = writeln!(text, "hint: {}", plain(&hint));
        }
        text
    }
}

/// Whether a character does something to a terminal, or turns the order of others around, in
/// place of being seen. YAML's escapes bring any of them into a value.
fn is_hostile(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text with such characters written out, `\u{1b}`, and without the passwords of addresses.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in address::without_passwords(text).chars() {
        if is_hostile(c) {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

fn snippet(text: &mut String, source: &Source, at: Span, secret: bool) {
    let (line, column) = source.line_column(at.start);
    let number = line.to_string();
    let gutter = " ".repeat(number.len());
    let _ = writeln!(text, "{gutter}--> {}:{line}:{column}", source.name);
    let shown: Vec<char> = address::without_passwords(source.line_at(at.start))
        .chars()
        .map(|c| match c {
            '\t' => ' ',
            c if is_hostile(c) => '\u{fffd}',
            c => c,
        })
        .collect();
    if shown.is_empty() {
        return;
    }
    let caret = (column - 1).min(shown.len());
    let covered = source.text.get(at.start..at.end).unwrap_or_default();
    let mut length = covered
        .lines()
        .next()
        .unwrap_or_default()
        .trim_end()
        .chars()
        .count();
    let mut line: String = if secret {
        length = 3;
        shown[..caret].iter().chain(&['*'; 3]).collect()
    } else {
        shown.iter().collect()
    };
    let mut caret = caret;
    let start = caret.saturating_sub(WIDTH * 2 / 3);
    if line.chars().count() > WIDTH {
        let (before, skip) = if start > 0 { ("…", start) } else { ("", 0) };
        let rest = line.chars().skip(skip);
        let cut: String = rest.clone().take(WIDTH).collect();
        let after = if rest.count() > WIDTH { "…" } else { "" };
        line = format!("{before}{cut}{after}");
        caret = caret - skip + before.chars().count();
    }
    let room = line.chars().count().saturating_sub(caret);
    let carets = "^".repeat(length.clamp(1, room.max(1)));
    let _ = writeln!(text, "{gutter} |");
    let _ = writeln!(text, "{number} | {}", line.trim_end());
    let _ = writeln!(text, "{gutter} | {}{carets}", " ".repeat(caret));
}
