//! From the parser's values to nodes: paths, places, and what an unquoted scalar means by
//! go-yaml's rules, decided from its text in the file.

use serde_saphyr::Location;

use super::error::{Place, Problem, StackError};
use super::node::{Key, Node, Value};
use super::raw::{Placed, Raw};
use super::scalar;
use super::trail::Trail;
use super::warning::{Quirk, Warning};

/// Builds nodes out of one text.
pub(super) struct Builder<'a> {
    source: &'a str,
    pub(super) warnings: Vec<Warning>,
}

pub(super) fn place(location: Location) -> Place {
    Place {
        line: location.line(),
        column: location.column(),
    }
}

impl<'a> Builder<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self {
            source,
            warnings: Vec::new(),
        }
    }

    pub(super) fn node(&mut self, trail: Trail, placed: Placed) -> Result<Node, StackError> {
        let at = placed.place;
        let value = match placed.raw {
            // Room for as many as there are: a file of thousands of services has a hundred
            // thousand small lists and mappings.
            Raw::List(items) => {
                let mut nodes = Vec::with_capacity(items.len());
                for (i, item) in items.into_iter().enumerate() {
                    nodes.push(self.node(trail.index(i), item)?);
                }
                Value::List(nodes)
            }
            Raw::Map(entries) => {
                let mut nodes = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    let key = self.key(&trail, key)?;
                    let trail = trail.key(&key.text);
                    nodes.push((key, self.node(trail, value)?));
                }
                Value::Map(nodes)
            }
            Raw::Scalar(parsed) => self.scalar(&trail, at, placed.bytes, parsed),
        };
        Ok(Node {
            place: at,
            trail,
            value,
        })
    }

    /// Keys must be strings: docker/cli fails on `80:` as a key.
    fn key(&mut self, trail: &Trail, placed: Placed) -> Result<Key, StackError> {
        let at = placed.place;
        let value = match placed.raw {
            Raw::Scalar(parsed) => self.scalar(trail, at, placed.bytes, parsed),
            Raw::List(_) => Value::List(Vec::new()),
            Raw::Map(_) => Value::Map(Vec::new()),
        };
        match value {
            Value::Text(text) => Ok(Key {
                text: text.text.into(),
                place: at,
            }),
            other => Err(StackError {
                place: at,
                path: trail.path(),
                problem: Problem::Key {
                    found: other.kind(),
                },
            }),
        }
    }

    /// An unquoted, untagged scalar is resolved from its own text; any other one is what the
    /// parser says.
    fn scalar(
        &mut self,
        trail: &Trail,
        place: Place,
        bytes: Option<(u32, u32)>,
        parsed: Value,
    ) -> Value {
        let Some(plain) = bytes.and_then(|bytes| self.plain(bytes, &parsed)) else {
            return parsed;
        };
        if OLD_BOOLEANS.contains(&plain) {
            self.warnings.push(Warning {
                place,
                path: trail.path(),
                quirk: Quirk::OldBoolean {
                    word: plain.to_owned(),
                },
            });
        }
        scalar::resolve(plain)
    }

    /// The text of a scalar without quotes, tag or block indicator.
    fn plain(&self, (from, to): (u32, u32), parsed: &Value) -> Option<&'a str> {
        let (from, to) = (usize::try_from(from).ok()?, usize::try_from(to).ok()?);
        let written = self.source.get(from..to)?;
        if is_tagged(&self.source[..from]) || written.contains('\n') {
            return None;
        }
        match parsed {
            // Quoted and block scalars differ from their text, or begin with a quote.
            Value::Text(text) if text.text != written || written.starts_with(['"', '\'']) => None,
            _ => Some(written.trim_end()),
        }
    }
}

/// Booleans of YAML 1.1, which docker/cli read until 27 (go-yaml v2).
const OLD_BOOLEANS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
    "OFF",
];

/// Whether the words right before a scalar are a tag (`!!str`), perhaps with an anchor.
fn is_tagged(before: &str) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let mut rest = before.as_bytes();
    for _ in 0..2 {
        let blanks = rest.iter().rev().take_while(|byte| is_blank(byte)).count();
        rest = &rest[..rest.len() - blanks];
        let word = rest.iter().rev();
        let word = word.take_while(|byte| !is_blank(byte) && **byte != b'\n');
        let (before, word) = rest.split_at(rest.len() - word.count());
        match word.first() {
            Some(b'!') => return true,
            Some(b'&') => rest = before,
            _ => return false,
        }
    }
    false
}
