//! The text of an inventory and places in it.

use super::problem::{Finding, InventoryErrors, Problem};

/// The longest inventory file that is read, in bytes.
pub const MAX_BYTES: usize = 4 << 20;

/// One inventory file: what it is called in messages, and its text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// A place in one of the sources, in bytes.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Span {
    /// The position of the source in the list that was parsed.
    pub source: usize,
    pub start: usize,
    pub end: usize,
}

impl Source {
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// The source that a file's bytes make, if they are text of a sensible size.
    ///
    /// # Errors
    /// Too long, not UTF-8, or with control characters in it.
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8]) -> Result<Self, InventoryErrors> {
        let name = name.into();
        let refuse = |problem, text: &str, at: usize| {
            Err(InventoryErrors {
                sources: vec![Self::new(name.clone(), text)],
                findings: vec![Finding::at(Span::point(0, at), problem)],
            })
        };
        if bytes.len() > MAX_BYTES {
            return refuse(Problem::too_long(bytes.len()), "", 0);
        }
        match std::str::from_utf8(bytes) {
            Ok(text) => {
                let source = Self::new(name.clone(), text);
                match source.check(0) {
                    None => Ok(source),
                    Some(finding) => refuse(finding.problem, text, finding.at.start),
                }
            }
            Err(error) => {
                let offset = error.valid_up_to();
                let before = String::from_utf8_lossy(bytes.get(..offset).unwrap_or_default());
                refuse(Problem::NotUtf8 { offset }, &before, offset)
            }
        }
    }

    /// What makes this text no inventory before it is even read.
    pub(super) fn check(&self, source: usize) -> Option<Finding> {
        if self.text.len() > MAX_BYTES {
            return Some(Finding::at(
                Span::point(source, 0),
                Problem::too_long(self.text.len()),
            ));
        }
        let (at, found) = self
            .text
            .char_indices()
            .find(|(_, c)| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))?;
        Some(Finding::at(
            Span::point(source, at),
            Problem::ControlCharacter {
                code: u32::from(found),
            },
        ))
    }

    /// Line and column of a byte, both from 1, the column in characters.
    #[must_use]
    pub fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.before(offset);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let column = before.get(start..).unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// The byte at a line and column, both from 1, or the nearest one to it.
    #[must_use]
    pub fn offset(&self, line: u64, column: u64) -> usize {
        let mut lines = self.text.split_inclusive('\n');
        let skipped = line.saturating_sub(1);
        let start: usize = (0..skipped).map_while(|_| lines.next()).map(str::len).sum();
        let characters = self.text.get(start..).unwrap_or_default().char_indices();
        let reached = characters.zip(1..=column).last();
        reached.map_or(start, |((at, _), _)| start + at)
    }

    /// The text of the line that a byte stands in.
    #[must_use]
    pub fn line_at(&self, offset: usize) -> &str {
        let start = self.before(offset).rfind('\n').map_or(0, |at| at + 1);
        self.text
            .get(start..)
            .and_then(|rest| rest.lines().next())
            .unwrap_or_default()
    }

    fn before(&self, offset: usize) -> &str {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        &self.text[..end]
    }
}

impl Span {
    /// A place without length.
    #[must_use]
    pub const fn point(source: usize, at: usize) -> Self {
        Self {
            source,
            start: at,
            end: at,
        }
    }
}
