//! The shapes that Compose repeats: a string or a list, a list or a mapping.

use std::collections::BTreeMap;

use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::words;

impl Node {
    /// A list of strings.
    pub(super) fn texts(&self) -> Result<Vec<String>, StackError> {
        let items = self.list()?.iter();
        items.map(|item| item.text().map(str::to_owned)).collect()
    }

    /// A list of strings that are all different.
    pub(super) fn unique_texts(&self) -> Result<Vec<String>, StackError> {
        let texts = self.texts()?;
        for (i, text) in texts.iter().enumerate() {
            if texts[..i].contains(text) {
                let item = text.clone();
                return Err(self.error(Problem::Duplicate { item }));
            }
        }
        Ok(texts)
    }

    /// A string, which stands for a list of one, or a list of different strings.
    pub(super) fn text_or_texts(&self) -> Result<Vec<String>, StackError> {
        match self.text() {
            Ok(text) => Ok(vec![text.to_owned()]),
            Err(_) => self.unique_texts(),
        }
    }

    /// A list of arguments, or a string that is split into them.
    pub(super) fn arguments(&self) -> Result<Vec<String>, StackError> {
        match self.text() {
            Ok(text) => words::split(text)
                .ok_or_else(|| self.invalid(text, "a command with its quotes closed")),
            Err(_) => self.texts(),
        }
    }

    /// `K=V` strings or a mapping; a key without a value gives `None`.
    pub(super) fn pairs(&self) -> Result<BTreeMap<String, Option<String>>, StackError> {
        if self.list().is_ok() {
            let pairs = self.unique_texts()?.into_iter();
            return Ok(pairs.map(split_pair).collect());
        }
        let mut pairs = BTreeMap::new();
        for (key, value) in self.map()? {
            if key.text.is_empty() {
                return Err(value.invalid("", "a key of at least one character"));
            }
            pairs.insert(key.text.to_string(), value.printed()?);
        }
        Ok(pairs)
    }

    /// Like [`Node::pairs`], where no value is the empty string (labels, sysctls).
    pub(super) fn labels(&self) -> Result<BTreeMap<String, String>, StackError> {
        let pairs = self.pairs()?.into_iter();
        Ok(pairs
            .map(|(key, value)| (key, value.unwrap_or_default()))
            .collect())
    }

    /// A mapping of strings and numbers (driver options).
    pub(super) fn options(&self) -> Result<BTreeMap<String, String>, StackError> {
        for (_, value) in self.map()? {
            if value.value == Value::Null {
                return Err(value.error(Problem::WrongType {
                    wanted: "a string or a number",
                    found: "null",
                }));
            }
        }
        self.labels()
    }
}

/// Splits `K=V`; `K` alone has no value.
pub(super) fn split_pair(pair: String) -> (String, Option<String>) {
    match pair.split_once('=') {
        Some((key, value)) => (key.to_owned(), Some(value.to_owned())),
        None => (pair, None),
    }
}
