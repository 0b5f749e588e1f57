//! Edits of an inventory's text that keep its comments: one scalar, or one list item.
//!
//! An edit is made on the bytes, read back, and returned only if it changed what it was meant to
//! change and nothing else; otherwise it is refused with the edit that the user can make.

use thiserror::Error;

use crate::role::Role;

use super::change::{Cannot, Change};
use super::model::Inventory;
use super::pattern;
use super::places::DEFAULT_PLACES;
use super::problem::InventoryErrors;
use super::source::Source;
use super::tree::{Node, Value};
use super::{change, yaml};

/// An inventory's text after an edit.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Edited {
    pub text: String,
    /// The lines that differ, in order; empty where nothing had to change.
    pub diff_lines: Vec<DiffLine>,
}

/// One line of a difference.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct DiffLine {
    /// Its number, from 1, in the text that has it.
    pub number: usize,
    /// Whether the edit adds it, rather than removes it.
    pub added: bool,
    pub text: String,
}

/// Why an edit is not made.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Refused {
    #[error("the inventory can't be read")]
    Unreadable(#[source] Box<InventoryErrors>),
    #[error("`{role}` has no replicas to set: it has one member on each host with the role")]
    Members { role: Role },
    #[error("no host `{host}` is in the inventory")]
    UnknownHost { host: String },
    #[error("host `{host}` is only named together with others")]
    SharedEntry { host: String, role: Role },
    #[error(
        "no host is given the role `{role}`, so it runs on the hosts with `{beside}`; one host with it would end that"
    )]
    Defaulted { role: Role, beside: Role },
    #[error("this takes more than one scalar or one list item: {why}")]
    NotOneItem { why: Cannot, edit: String },
    #[error("the inventory would no longer be right")]
    Breaks(#[source] Box<InventoryErrors>),
}

impl Refused {
    /// What the user can do instead.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Unreadable(_) => "mend the inventory first".into(),
            Self::Members { role } => {
                format!("give more hosts the role `{role}`, or take it from some")
            }
            Self::UnknownHost { host } => {
                format!("add it:\n\nhosts:\n  - name: {host}\n    roles: [...]")
            }
            Self::SharedEntry { host, role } => format!(
                "give it an entry of its own, roles add up:\n\nhosts:\n  - name: {host}\n    roles: [{role}]"
            ),
            Self::Defaulted { role, beside } => {
                format!(
                    "add `{role}` to the roles of every host that is to have it, first to those with `{beside}`"
                )
            }
            Self::NotOneItem { edit, .. } => format!("make this edit by hand:\n\n{edit}"),
            Self::Breaks(_) => "change the inventory by hand".into(),
        }
    }
}

/// Sets `roles.ROLE.replicas`.
///
/// # Errors
/// The text is no YAML, the role has members, or the edit can't be made safely.
pub fn set_replicas(text: &str, role: Role, replicas: u64) -> Result<Edited, Refused> {
    if role.is_stateful() || role == Role::Manager {
        return Err(Refused::Members { role });
    }
    let root = tree(text)?;
    let path = ["roles", role.name(), "replicas"];
    let refuse = |why| Refused::NotOneItem {
        why,
        edit: format!("roles:\n  {role}:\n    replicas: {replicas}"),
    };
    let change = change::put(text, &root, &path, &replicas.to_string()).map_err(refuse)?;
    let mut expected = root.to_json();
    let mut slot = &mut expected;
    for key in path {
        if slot.is_null() {
            *slot = serde_json::json!({});
        }
        slot = &mut slot[key];
    }
    *slot = replicas.into();
    finish(text, &change, &expected, refuse)
}

/// Adds a role to a host that has an entry of its own, under `hosts` or as a group of one.
///
/// # Errors
/// The text is no YAML, the host is unknown or shares its entry, or the edit can't be made safely.
pub fn add_role(text: &str, host: &str, role: Role) -> Result<Edited, Refused> {
    let root = tree(text)?;
    let before = inventory(text).ok();
    if let Some(before) = &before {
        let had = before.hosts_with(role).any(|other| other.name == host);
        if had {
            return Ok(edited(text, text.to_owned()));
        }
        if let Some((_, beside)) = DEFAULT_PLACES.iter().find(|(other, _)| *other == role)
            && before
                .hosts_with(*beside)
                .all(|other| other.roles.contains(&role))
            && !is_given(&root, role)
        {
            return Err(Refused::Defaulted {
                role,
                beside: *beside,
            });
        }
    }
    let (section, position) = entry_of(&root, host, role)?;
    let entry = &root.get(section).map(Node::items).unwrap_or_default()[position];
    let refuse = |why| Refused::NotOneItem {
        why,
        edit: format!("hosts:\n  - name: {host}\n    roles: [..., {role}]"),
    };
    let roles = entry.get("roles").ok_or_else(|| refuse(Cannot::NoList))?;
    let change = change::push(text, roles, role.name()).map_err(refuse)?;
    let mut expected = root.to_json();
    let mut words: Vec<serde_json::Value> = roles.items().iter().map(Node::to_json).collect();
    words.push(role.name().into());
    expected[section][position]["roles"] = words.into();
    finish(text, &change, &expected, refuse)
}

fn tree(text: &str) -> Result<Node, Refused> {
    let source = Source::new("inventory", text);
    let finding = match source.check(0) {
        Some(finding) => finding,
        None => match yaml::read(&source, 0) {
            Ok(root) => return Ok(root),
            Err(finding) => *finding,
        },
    };
    Err(Refused::Unreadable(Box::new(InventoryErrors {
        sources: vec![source],
        findings: vec![finding],
    })))
}

fn inventory(text: &str) -> Result<Inventory, InventoryErrors> {
    Inventory::parse(&[Source::new("inventory", text)])
}

/// Whether any entry gives the role.
fn is_given(root: &Node, role: Role) -> bool {
    ["hosts", "groups"]
        .into_iter()
        .filter_map(|section| root.get(section))
        .flat_map(Node::items)
        .filter_map(|entry| entry.get("roles"))
        .flat_map(Node::items)
        .any(|item| item.text() == Some(role.name()))
}

/// The entry that is about this host alone.
fn entry_of(root: &Node, host: &str, role: Role) -> Result<(&'static str, usize), Refused> {
    let mut known = false;
    for (section, key) in [("hosts", "name"), ("groups", "hosts")] {
        for (position, entry) in root
            .get(section)
            .map(Node::items)
            .unwrap_or_default()
            .iter()
            .enumerate()
        {
            let names: Vec<String> = entry
                .get(key)
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|item| pattern::expand(item.text()?).ok())
                .flatten()
                .collect();
            if names == [host]
                && matches!(
                    root.get(section).map(|node| &node.value),
                    Some(Value::List(_))
                )
            {
                return Ok((section, position));
            }
            known |= names.iter().any(|name| name == host);
        }
    }
    let host = host.to_owned();
    Err(if known {
        Refused::SharedEntry { host, role }
    } else {
        Refused::UnknownHost { host }
    })
}

/// The edit, if it reads back as what was meant.
fn finish(
    text: &str,
    change: &Change,
    expected: &serde_json::Value,
    refuse: impl Fn(Cannot) -> Refused,
) -> Result<Edited, Refused> {
    let after = change.apply(text);
    match tree(&after) {
        Ok(root) if root.to_json() == *expected => {}
        _ => return Err(refuse(Cannot::Surprise)),
    }
    if inventory(text).is_ok() {
        inventory(&after).map_err(|errors| Refused::Breaks(Box::new(errors)))?;
    }
    Ok(edited(text, after))
}

fn edited(before: &str, after: String) -> Edited {
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = |(one, other): &(&&str, &&str)| one == other;
    let head = old.iter().zip(&new).take_while(same).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest
        .iter()
        .rev()
        .zip(new_rest.iter().rev())
        .take_while(same)
        .count();
    let lines = |rest: &[&str], added| -> Vec<DiffLine> {
        rest[..rest.len() - tail]
            .iter()
            .enumerate()
            .map(|(position, text)| DiffLine {
                number: head + position + 1,
                added,
                text: (*text).to_owned(),
            })
            .collect()
    };
    let mut diff_lines = lines(old_rest, false);
    diff_lines.extend(lines(new_rest, true));
    Edited {
        text: after,
        diff_lines,
    }
}
