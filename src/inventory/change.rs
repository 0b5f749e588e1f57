//! Where in a YAML text a value goes: one replacement of bytes that leaves everything else alone.

use thiserror::Error;

use super::tree::{Entry, Node, Value};

/// A replacement of some bytes of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Change {
    start: usize,
    end: usize,
    with: String,
}

/// Why there is no such replacement.
#[derive(Clone, Copy, Debug, Error, Eq, PartialEq)]
pub enum Cannot {
    #[error("the value is shared through an anchor")]
    Shared,
    #[error("the host has no list of roles")]
    NoList,
    #[error("the text around it is laid out in an unusual way")]
    Layout,
    #[error("the edit would change something else too")]
    Surprise,
}

impl Change {
    pub(super) fn insert(at: usize, with: String) -> Self {
        Self {
            start: at,
            end: at,
            with,
        }
    }

    /// The text with the change made.
    pub fn apply(&self, text: &str) -> String {
        let part = |range| text.get(range).unwrap_or_default();
        [part(0..self.start), &self.with, part(self.end..text.len())].concat()
    }
}

/// Sets the scalar at the end of a path of keys, adding what is missing of the path.
pub(super) fn put(text: &str, root: &Node, path: &[&str], value: &str) -> Result<Change, Cannot> {
    let mut node = root;
    let mut parent: Option<&Entry> = None;
    for (depth, key) in path.iter().enumerate() {
        let rest = &path[depth + 1..];
        let Some(entry) = node.entry(key) else {
            return insert(text, node, parent, &path[depth..], value);
        };
        if entry.value.borrowed {
            return Err(Cannot::Shared);
        }
        match &entry.value.value {
            Value::Null => return fill(text, entry, &inline(rest, value)),
            Value::Map(_) if !rest.is_empty() => {}
            Value::Number(..) | Value::Text(_) | Value::Bool(_) if rest.is_empty() => {
                return replace(text, &entry.value, value.to_owned());
            }
            _ => return Err(Cannot::Layout),
        }
        node = &entry.value;
        parent = Some(entry);
    }
    Err(Cannot::Layout)
}

/// Adds a word to a list, or makes a list of a single word.
pub(super) fn push(text: &str, list: &Node, word: &str) -> Result<Change, Cannot> {
    if list.borrowed || list.items().iter().any(|item| item.borrowed) {
        return Err(Cannot::Shared);
    }
    let Value::List(items) = &list.value else {
        let one = written(text, list)?.to_owned();
        return replace(text, list, format!("[{one}, {word}]"));
    };
    let Some(last) = items.last() else {
        let open = after_opening(text, list, '[').ok_or(Cannot::Layout)?;
        return Ok(Change::insert(open, word.to_owned()));
    };
    let end = last.at.start + written(text, last)?.len();
    if after_opening(text, list, '[').is_some() {
        return Ok(Change::insert(end, format!(", {word}")));
    }
    let dash = &text[line_start(text, last.at.start)..last.at.start];
    let blank_or_dash = |c: char| c == ' ' || c == '-';
    if !dash.chars().all(blank_or_dash) || dash.matches('-').count() != 1 {
        return Err(Cannot::Layout);
    }
    Ok(line_after(text, last.at.start, &format!("{dash}{word}")))
}

/// The text of a scalar as it is written.
pub(super) fn written<'a>(text: &'a str, node: &Node) -> Result<&'a str, Cannot> {
    let written = text.get(node.at.start..node.at.end).ok_or(Cannot::Layout)?;
    let written = written.trim_end();
    if written.is_empty() || written.contains('\n') {
        return Err(Cannot::Layout);
    }
    Ok(written)
}

fn replace(text: &str, node: &Node, with: String) -> Result<Change, Cannot> {
    let length = written(text, node)?.len();
    Ok(Change {
        start: node.at.start,
        end: node.at.start + length,
        with,
    })
}

/// `a: { b: 1 }` for the path a, b and the value 1; the value alone for no path.
fn inline(path: &[&str], value: &str) -> String {
    match path {
        [] => value.to_owned(),
        _ => format!("{{ {} }}", pair(path, value)),
    }
}

fn pair(path: &[&str], value: &str) -> String {
    match path {
        [] => value.to_owned(),
        [key, rest @ ..] => format!("{key}: {}", inline(rest, value)),
    }
}

/// Gives a key without a value, or with null, a value.
fn fill(text: &str, entry: &Entry, value: &str) -> Result<Change, Cannot> {
    if matches!(
        written(text, &entry.value),
        Ok("~" | "null" | "Null" | "NULL")
    ) {
        return replace(text, &entry.value, value.to_owned());
    }
    let after = text.get(entry.at.end..).ok_or(Cannot::Layout)?;
    let colon = after.find(':').filter(|at| after[..*at].trim().is_empty());
    let at = entry.at.end + colon.ok_or(Cannot::Layout)? + 1;
    let rest = text[at..].lines().next().unwrap_or_default().trim();
    if !(rest.is_empty() || rest.starts_with('#') || rest.starts_with([',', '}'])) {
        return Err(Cannot::Layout);
    }
    Ok(Change::insert(at, format!(" {value}")))
}

/// Adds a path to a map that lacks its first key.
fn insert(
    text: &str,
    map: &Node,
    parent: Option<&Entry>,
    path: &[&str],
    value: &str,
) -> Result<Change, Cannot> {
    let pair = pair(path, value);
    if let Some(open) = after_opening(text, map, '{') {
        let spaced = text[open..].starts_with(' ');
        let with = match (map.entries().is_empty(), spaced) {
            (true, _) => format!(" {pair} "),
            (false, true) => format!(" {pair},"),
            (false, false) => format!("{pair}, "),
        };
        return Ok(Change::insert(open, with));
    }
    let (Some(parent), Some(child)) = (parent, map.entries().first()) else {
        return Ok(append(text, path, value));
    };
    let indent = &text[line_start(text, child.at.start)..child.at.start];
    let below = text[parent.at.start..child.at.start].contains('\n');
    if !below || !indent.chars().all(|c| c == ' ') {
        return Err(Cannot::Layout);
    }
    Ok(line_after(
        text,
        parent.at.start,
        &format!("{indent}{pair}"),
    ))
}

/// A new key at the end of the text.
fn append(text: &str, path: &[&str], value: &str) -> Change {
    let ending = ending(text, 0);
    let gap = if text.is_empty() || text.ends_with('\n') {
        ""
    } else {
        ending
    };
    let lines = match path {
        [key, rest @ ..] if !rest.is_empty() => format!("{key}:{ending}  {}", pair(rest, value)),
        _ => pair(path, value),
    };
    Change::insert(text.len(), format!("{gap}{lines}{ending}"))
}

/// The byte behind the bracket that a flow collection begins with.
pub(super) fn after_opening(text: &str, node: &Node, bracket: char) -> Option<usize> {
    let begins = text.get(node.at.start..)?.starts_with(bracket);
    begins.then(|| node.at.start + bracket.len_utf8())
}

pub(super) fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The line ending in use from a place on.
pub(super) fn ending(text: &str, from: usize) -> &'static str {
    match text[from..].find('\n') {
        Some(at) if text[from..from + at].ends_with('\r') => "\r\n",
        _ => "\n",
    }
}

/// A new line below the one that a byte stands in.
pub(super) fn line_after(text: &str, at: usize, line: &str) -> Change {
    let ending = ending(text, at);
    let line_end = text[at..]
        .find('\n')
        .map_or(text.len(), |newline| at + newline);
    let line_end = line_end - usize::from(text[at..line_end].ends_with('\r'));
    Change::insert(line_end, format!("{ending}{line}"))
}
