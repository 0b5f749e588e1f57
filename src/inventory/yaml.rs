//! YAML text read into a tree. The only file that knows the YAML crate.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{
    Error, Location, MessageFormatter, Spanned, UserMessageFormatter, alias_limits, budget, options,
};

use super::problem::{Finding, Problem};
use super::source::{Source, Span};
use super::tree::{Entry, Node, Value};

/// How deep an inventory may nest.
pub const MAX_DEPTH: usize = 24;

/// Reads one source into a tree; an empty text is an empty map.
pub(super) fn read(source: &Source, index: usize) -> Result<Node, Box<Finding>> {
    let options = options! {
        budget: budget! {
            max_depth: MAX_DEPTH,
            max_documents: 1,
            max_anchors: 1_000,
            max_aliases: 20_000,
            max_nodes: 1_000_000,
            max_events: 2_000_000,
            max_buffered_comment_events: 10_000,
        },
        alias_limits: alias_limits! {
            max_total_replayed_events: 200_000,
            max_replay_stack_depth: 8,
        },
        strict_booleans: true,
        legacy_octal_numbers: false,
        reject_unsupported_tags: true,
        emit_comments: false,
        with_snippet: false,
    };
    let reader = Reader { source, index };
    match serde_saphyr::from_str_with_options::<Spanned<Raw>>(&source.text, options) {
        Ok(raw) => {
            let mut node = reader.node(raw);
            if node.value == Value::Null {
                node.value = Value::Map(Vec::new());
            }
            Ok(node)
        }
        Err(error) => Err(Box::new(reader.finding(&error))),
    }
}

/// Turns the crate's values and locations into ours.
struct Reader<'a> {
    source: &'a Source,
    index: usize,
}

impl Reader<'_> {
    fn node(&self, raw: Spanned<Raw>) -> Node {
        let at = self.span(raw.defined);
        let borrowed = raw.defined != raw.referenced;
        let value = match raw.value {
            Raw::Null => Value::Null,
            Raw::Bool(value) => Value::Bool(value),
            Raw::Number(number) => {
                let written = self.source.text.get(at.start..at.end).unwrap_or_default();
                let written = written.trim();
                let text = if written.is_empty() {
                    number.to_string()
                } else {
                    written.to_owned()
                };
                Value::Number(number, text)
            }
            Raw::Text(text) => Value::Text(text),
            Raw::List(items) => {
                Value::List(items.into_iter().map(|item| self.node(item)).collect())
            }
            Raw::Map(entries) => Value::Map(
                entries
                    .into_iter()
                    .map(|(key, value)| Entry {
                        at: self.span(key.defined),
                        key: key.value,
                        value: self.node(value),
                    })
                    .collect(),
            ),
        };
        Node {
            value,
            at,
            borrowed,
        }
    }

    fn span(&self, location: Location) -> Span {
        let span = location.span();
        let number = |value: Option<u64>| value.and_then(|value| usize::try_from(value).ok());
        let start = number(span.byte_offset()).unwrap_or_else(|| {
            let (line, column) = (location.line(), location.column());
            self.source.offset(line, column)
        });
        Span {
            source: self.index,
            start,
            end: start + number(span.byte_len()).unwrap_or(0),
        }
    }

    fn finding(&self, error: &Error) -> Finding {
        let mut error = error.without_snippet();
        while let Error::AliasError { .. } = error {
            match std::error::Error::source(error).and_then(|inner| inner.downcast_ref()) {
                Some(inner) => error = inner,
                None => break,
            }
        }
        let at = match error.location() {
            Some(location) if location != Location::UNKNOWN => self.span(location),
            _ => Span::point(self.index, 0),
        };
        let text = UserMessageFormatter.format_message(error).into_owned();
        let problem = match error {
            Error::DuplicateMappingKey { key, .. } => Problem::DuplicateKey {
                key: key.clone().unwrap_or_default(),
            },
            Error::Budget {
                breach: BudgetBreach::Documents { .. },
                ..
            }
            | Error::MultipleDocuments { .. } => Problem::SecondDocument,
            Error::Budget { breach, .. } => Problem::TooMuch {
                limit: breach_text(breach),
            },
            Error::AliasReplayLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. } => Problem::TooMuch {
                limit: "aliases expand to too many values".into(),
            },
            // The scanner reads ahead and gives up before the budget counts the depth.
            _ if text == "recursion limit exceeded" => Problem::TooMuch { limit: too_deep() },
            _ => Problem::Yaml { message: text },
        };
        Finding::at(at, problem)
    }
}

fn too_deep() -> String {
    format!("it is more than {MAX_DEPTH} levels deep")
}

fn breach_text(breach: &BudgetBreach) -> String {
    match breach {
        BudgetBreach::Depth { .. } => too_deep(),
        BudgetBreach::Aliases { .. }
        | BudgetBreach::Anchors { .. }
        | BudgetBreach::MergeKeys { .. } => "it has too many anchors and aliases".into(),
        BudgetBreach::AliasAnchorRatio { aliases, anchors } => {
            format!("{aliases} aliases repeat {anchors} anchors")
        }
        _ => "it has too many values".into(),
    }
}

/// A value as the YAML crate hands it over.
enum Raw {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Spanned<Self>>),
    Map(Vec<(Spanned<String>, Spanned<Self>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Raw, E> {
        Ok(Raw::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Raw, E> {
        Number::from_f64(value)
            .map(Raw::Number)
            .ok_or_else(|| E::custom("a number must be finite"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Raw, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Raw::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Raw::Map(entries))
    }
}
