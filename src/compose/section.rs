//! A mapping whose keys are known: unknown ones are errors, with the nearest known one.

use super::error::{Problem, StackError};
use super::node::{Key, Node};
use super::units;

/// A mapping, checked against the keys it may have.
pub(super) struct Section<'a> {
    entries: &'a [(Key, Node)],
}

impl Node {
    /// This mapping, if it has no key outside `known` (keys that begin with `x-` excepted
    /// where `extensions` says so).
    pub(super) fn section(
        &self,
        known: &[&'static str],
        extensions: bool,
    ) -> Result<Section<'_>, StackError> {
        let entries = self.map()?;
        for (key, _) in entries {
            let allowed = known.contains(&&*key.text) || (extensions && key.text.starts_with("x-"));
            if !allowed {
                return Err(self.unknown_key(key, known.iter().copied()));
            }
        }
        Ok(Section { entries })
    }

    /// This mapping, whose keys were checked elsewhere.
    pub(super) fn all(&self) -> Result<Section<'_>, StackError> {
        Ok(Section {
            entries: self.map()?,
        })
    }

    /// The error for a key that is not among `known`.
    pub(super) fn unknown_key(
        &self,
        key: &Key,
        known: impl Iterator<Item = &'static str>,
    ) -> StackError {
        let meant = known
            .map(|name| (strsim::damerau_levenshtein(name, &key.text), name))
            .min()
            .filter(|(distance, name)| *distance <= name.len().div_ceil(3))
            .map(|(_, name)| name.to_owned());
        StackError {
            place: key.place,
            path: self.trail.path(),
            problem: Problem::UnknownKey {
                key: key.text.to_string(),
                meant,
            },
        }
    }

    /// The entries of a mapping whose keys are names: `^[a-zA-Z0-9._-]+$` in every schema.
    pub(super) fn named(&self) -> Result<&[(Key, Self)], StackError> {
        let entries = self.map()?;
        for (key, _) in entries {
            let legal = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
            if key.text.is_empty() || !key.text.chars().all(legal) {
                return Err(self.error_at(
                    key.place,
                    Problem::Invalid {
                        text: key.text.to_string(),
                        wanted: "a name of letters, digits, `.`, `_` and `-`",
                    },
                ));
            }
        }
        Ok(entries)
    }
}

impl<'a> Section<'a> {
    pub(super) fn get(&self, name: &str) -> Option<&'a Node> {
        self.entries
            .iter()
            .find(|(key, _)| &*key.text == name)
            .map(|(_, node)| node)
    }

    pub(super) fn text(&self, name: &str) -> Result<Option<&'a str>, StackError> {
        self.get(name).map(Node::text).transpose()
    }

    /// A string; absence is the empty string, as in Go.
    pub(super) fn string(&self, name: &str) -> Result<String, StackError> {
        Ok(self.text(name)?.unwrap_or_default().to_owned())
    }

    /// A string out of `allowed`; absence and the empty string are both empty.
    pub(super) fn word(
        &self,
        name: &str,
        allowed: &[&str],
        wanted: &'static str,
    ) -> Result<String, StackError> {
        match self.get(name) {
            Some(node) => {
                let text = node.text()?;
                if text.is_empty() || allowed.contains(&text) {
                    Ok(text.to_owned())
                } else {
                    Err(node.invalid(text, wanted))
                }
            }
            None => Ok(String::new()),
        }
    }

    /// A boolean that a variable may give; absence is false.
    pub(super) fn flag(&self, name: &str) -> Result<bool, StackError> {
        Ok(self
            .get(name)
            .map(Node::cast_boolean)
            .transpose()?
            .unwrap_or_default())
    }

    /// A Go duration in nanoseconds.
    pub(super) fn duration(&self, name: &str) -> Result<Option<i64>, StackError> {
        let Some(node) = self.get(name) else {
            return Ok(None);
        };
        let text = node.text()?;
        match units::duration(text) {
            Some(nanoseconds) if nanoseconds >= 0 => Ok(Some(nanoseconds)),
            _ => Err(node.invalid(text, "a duration such as `90s` or `1m30s`")),
        }
    }

    /// An error when the key is present.
    pub(super) fn refuse(&self, name: &str, why: &'static str) -> Result<(), StackError> {
        match self.get(name) {
            Some(node) => Err(node.error(Problem::Unsupported { why })),
            None => Ok(()),
        }
    }

    /// An error when the key is present and the file's version is too old for it.
    pub(super) fn since(
        &self,
        key: &'static str,
        version: u8,
        needed: u8,
    ) -> Result<(), StackError> {
        match self.get(key) {
            Some(node) if version < needed => Err(node.error(Problem::Version {
                key,
                since: match needed {
                    9 => "3.9",
                    10 => "3.10",
                    11 => "3.11",
                    12 => "3.12",
                    _ => "3.13",
                },
            })),
            _ => Ok(()),
        }
    }
}
