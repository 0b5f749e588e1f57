//! A new item at the end of a list of maps, in the style of the last one there.

use super::change::{Cannot, Change, after_opening, ending, line_after, line_start, written};
use super::tree::{Node, Value};

/// Adds a map of scalars and flow lists to a list that has an item already.
pub(super) fn append(text: &str, list: &Node, map: &[(&str, &str)]) -> Result<Change, Cannot> {
    let Value::List(items) = &list.value else {
        return Err(Cannot::Layout);
    };
    if list.borrowed {
        return Err(Cannot::Shared);
    }
    let last = items.last().ok_or(Cannot::Layout)?;
    let end = end(text, last)?;
    let pairs: Vec<String> = map
        .iter()
        .map(|(key, value)| format!("{key}: {value}"))
        .collect();
    let flow = format!("{{ {} }}", pairs.join(", "));
    if after_opening(text, list, '[').is_some() {
        return Ok(Change::insert(end, format!(", {flow}")));
    }
    let dash = &text[line_start(text, last.at.start)..last.at.start];
    let blank_or_dash = |c: char| c == ' ' || c == '-';
    if !dash.chars().all(blank_or_dash) || dash.matches('-').count() != 1 {
        return Err(Cannot::Layout);
    }
    let item = if after_opening(text, last, '{').is_some() {
        flow
    } else {
        let below = format!("{}{}", ending(text, last.at.start), " ".repeat(dash.len()));
        pairs.join(&below)
    };
    Ok(line_after(text, end, &format!("{dash}{item}")))
}

/// The byte behind the last one of a value. The tree knows where a collection begins, not where
/// it ends: that is behind what it holds.
fn end(text: &str, node: &Node) -> Result<usize, Cannot> {
    if node.borrowed {
        return Err(Cannot::Shared);
    }
    let inner = match &node.value {
        Value::List(items) => items.last(),
        Value::Map(entries) => entries.last().map(|entry| &entry.value),
        _ => return Ok(node.at.start + written(text, node)?.len()),
    };
    for (open, close) in [('[', ']'), ('{', '}')] {
        if let Some(opened) = after_opening(text, node, open) {
            let from = inner.map_or(Ok(opened), |inner| end(text, inner))?;
            return closing(text, from, close).ok_or(Cannot::Layout);
        }
    }
    end(text, inner.ok_or(Cannot::Layout)?)
}

/// The byte behind a bracket that only blanks, a comma and comments stand before.
fn closing(text: &str, from: usize, bracket: char) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = text.get(at..)?;
        match rest.chars().next()? {
            c if c == bracket => return Some(at + c.len_utf8()),
            '#' => at += rest.find('\n')?,
            c if c == ',' || c.is_whitespace() => at += c.len_utf8(),
            _ => return None,
        }
    }
}
