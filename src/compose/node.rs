//! A YAML value that knows where it stands in the file.

use std::rc::Rc;

use super::error::{Place, Problem, StackError};
use super::trail::Trail;

/// A value with its place and the way to it.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) place: Place,
    pub(super) trail: Trail,
    pub(super) value: Value,
}

/// A YAML value as go-yaml resolves it.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Int(i64),
    /// An integer above `i64::MAX`.
    Uint(u64),
    Float(f64),
    /// A plain scalar that go-yaml turns into a timestamp.
    Date,
    Text(Text),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(Key, Node)>),
}

/// A string and whether interpolation changed it: only then the CLI casts it to a number.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) substituted: bool,
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Shared with the trails of what stands below it.
    pub(super) text: Rc<str>,
    pub(super) place: Place,
}

impl PartialEq for Value {
    /// Whether two values mean the same, wherever they stand.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) | (Self::Date, Self::Date) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Int(a), Self::Int(b)) => a == b,
            (Self::Uint(a), Self::Uint(b)) => a == b,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Text(a), Self::Text(b)) => a.text == b.text,
            (Self::List(a), Self::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.value == b.value)
            }
            (Self::Map(a), Self::Map(b)) => {
                let same = |(key, a): &(Key, Node)| {
                    let entry = b.iter().find(|(other, _)| other.text == key.text);
                    entry.is_some_and(|(_, b)| a.value == b.value)
                };
                a.len() == b.len() && a.iter().all(same)
            }
            _ => false,
        }
    }
}

impl Value {
    /// What the value is, for an error.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::Uint(_) | Self::Float(_) => "a number",
            Self::Date => "a date",
            Self::Text(_) => "a string",
            Self::List(_) => "a list",
            Self::Map(_) => "a mapping",
        }
    }
}

impl Node {
    /// An error at this value.
    pub(super) fn error(&self, problem: Problem) -> StackError {
        StackError {
            place: self.place,
            path: self.trail.path(),
            problem,
        }
    }

    /// An error at a key of this mapping.
    pub(super) fn error_at(&self, place: Place, problem: Problem) -> StackError {
        StackError {
            place,
            path: self.trail.path(),
            problem,
        }
    }

    fn wrong(&self, wanted: &'static str) -> StackError {
        match self.value {
            Value::Date => self.error(Problem::Date),
            _ => self.error(Problem::WrongType {
                wanted,
                found: self.value.kind(),
            }),
        }
    }

    /// The text is not what it should be.
    pub(super) fn invalid(&self, text: &str, wanted: &'static str) -> StackError {
        self.error(Problem::Invalid {
            text: text.to_owned(),
            wanted,
        })
    }

    pub(super) fn text(&self) -> Result<&str, StackError> {
        match &self.value {
            Value::Text(text) => Ok(&text.text),
            _ => Err(self.wrong("a string")),
        }
    }

    pub(super) fn list(&self) -> Result<&[Self], StackError> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.wrong("a list")),
        }
    }

    pub(super) fn map(&self) -> Result<&[(Key, Self)], StackError> {
        match &self.value {
            Value::Map(entries) => Ok(entries),
            _ => Err(self.wrong("a mapping")),
        }
    }

    /// The entries of the mapping under a key of this one, moved out of it.
    pub(super) fn take(&mut self, key: &str) -> Vec<(Key, Self)> {
        let Value::Map(entries) = &mut self.value else {
            return Vec::new();
        };
        let entry = entries.iter_mut().find(|(other, _)| &*other.text == key);
        match entry.map(|(_, node)| &mut node.value) {
            Some(Value::Map(entries)) => std::mem::take(entries),
            _ => Vec::new(),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, StackError> {
        match &self.value {
            Value::Bool(value) => Ok(*value),
            _ => Err(self.wrong("a boolean")),
        }
    }

    /// A boolean, or text that a variable gave (docker/cli casts it at some keys).
    pub(super) fn cast_boolean(&self) -> Result<bool, StackError> {
        match &self.value {
            Value::Text(text) if text.substituted => match text.text.to_lowercase().as_str() {
                "y" | "yes" | "true" | "on" => Ok(true),
                "n" | "no" | "false" | "off" => Ok(false),
                _ => Err(self.invalid(&text.text, "a boolean")),
            },
            _ => self.boolean(),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, StackError> {
        match &self.value {
            Value::Int(value) => Ok(*value),
            _ => Err(self.wrong("an integer")),
        }
    }

    /// An integer, or text that a variable gave.
    pub(super) fn cast_integer(&self) -> Result<i64, StackError> {
        match &self.value {
            Value::Text(text) if text.substituted => text
                .text
                .parse()
                .map_err(|_| self.invalid(&text.text, "an integer")),
            _ => self.integer(),
        }
    }

    /// An integer that is not negative.
    pub(super) fn count(&self) -> Result<u64, StackError> {
        let value = self.cast_integer()?;
        u64::try_from(value).map_err(|_| self.invalid(&value.to_string(), "zero or more"))
    }

    /// A number, or text that a variable gave.
    pub(super) fn cast_number(&self) -> Result<f64, StackError> {
        match &self.value {
            #[expect(
                clippy::cast_precision_loss,
                reason = "go's float64(int) does the same"
            )]
            Value::Int(value) => Ok(*value as f64),
            Value::Float(value) => Ok(*value),
            Value::Text(text) if text.substituted => text
                .text
                .parse()
                .map_err(|_| self.invalid(&text.text, "a number")),
            _ => Err(self.wrong("a number")),
        }
    }

    /// A string or a number, as Go prints it; `None` is null.
    pub(super) fn printed(&self) -> Result<Option<String>, StackError> {
        match &self.value {
            Value::Null => Ok(None),
            Value::Int(value) => Ok(Some(value.to_string())),
            Value::Uint(value) => Ok(Some(value.to_string())),
            Value::Float(value) if value.is_finite() => {
                Ok(Some(super::scalar::print_float(*value)))
            }
            Value::Text(text) => Ok(Some(text.text.clone())),
            _ => Err(self.wrong("a string, a number or null")),
        }
    }
}
