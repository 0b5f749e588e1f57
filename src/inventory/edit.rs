//! Edits of an inventory's text that keep its comments: one scalar, or one list item.
//!
//! An edit is made on the bytes, read back, and returned only if it changed what it was meant to
//! change and nothing else; otherwise it is refused with the edit that the user can make.

use thiserror::Error;

use crate::role::Role;

use super::change::{Cannot, Change};
use super::model::Inventory;
use super::pattern;
use super::places::beside;
use super::problem::InventoryErrors;
use super::source::Source;
use super::tree::{Node, Value};
use super::{change, check, item, yaml};

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

/// Adds a role to a host: to its own entry, under `hosts` or as a group of one, else as a group
/// of one below the others, since roles of several groups add up.
///
/// # Errors
/// The text is no YAML, the host is unknown, or the edit can't be made safely.
pub fn add_role(text: &str, host: &str, role: Role) -> Result<Edited, Refused> {
    let root = tree(text)?;
    let before = inventory(text).ok();
    if let Some(before) = &before {
        let had = before.hosts_with(role).any(|other| other.name == host);
        if had {
            return Ok(edited(text, text.to_owned()));
        }
        if let Some(beside) = beside(role)
            && before
                .hosts_with(beside)
                .all(|other| other.roles.contains(&role))
            && !is_given(&root, role)
        {
            return Err(Refused::Defaulted { role, beside });
        }
    }
    match place_of(&root, host) {
        Place::Own(section, position) => extend(text, &root, section, position, host, role),
        Place::Shared => add_group(text, &root, host, role),
        Place::Nowhere => Err(Refused::UnknownHost { host: host.into() }),
    }
}

/// Adds a role to the roles of an entry.
fn extend(
    text: &str,
    root: &Node,
    section: &str,
    position: usize,
    host: &str,
    role: Role,
) -> Result<Edited, Refused> {
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

/// Adds a group of one host and one role below the groups that name the host with others.
fn add_group(text: &str, root: &Node, host: &str, role: Role) -> Result<Edited, Refused> {
    let refuse = |_| Refused::SharedEntry {
        host: host.into(),
        role,
    };
    let groups = root.get("groups").ok_or(Cannot::Layout).map_err(refuse)?;
    let roles = format!("[{role}]");
    let pairs = [("hosts", quoted(host)), ("roles", roles)];
    let pairs = pairs.each_ref().map(|(key, value)| (*key, value.as_str()));
    let change = item::append(text, groups, &pairs).map_err(refuse)?;
    let mut expected = root.to_json();
    if let Some(items) = expected["groups"].as_array_mut() {
        items.push(serde_json::json!({ "hosts": host, "roles": [role.name()] }));
    }
    finish(text, &change, &expected, refuse)
}

/// A host name as YAML text: quoted where it could be read as a number or as another value.
fn quoted(host: &str) -> String {
    let word =
        host.starts_with(|c: char| c.is_ascii_alphabetic()) && host.contains(char::is_numeric);
    if word {
        host.to_owned()
    } else {
        format!("\"{host}\"")
    }
}

/// Whether a file says how many replicas a role has, be it by taking away what another one said.
#[must_use]
pub fn decides_replicas(text: &str, role: Role) -> bool {
    let Ok(mut node) = tree(text) else {
        return false;
    };
    for key in ["roles", role.name(), "replicas"] {
        match node.entry(key) {
            Some(entry) => node = entry.value.clone(),
            // A map without the key leaves it be, anything else replaces it.
            None => return !matches!(node.value, Value::Map(_)),
        }
    }
    true
}

fn tree(text: &str) -> Result<Node, Refused> {
    let source = Source::new("inventory", text);
    let findings = match source.check(0) {
        Some(finding) => vec![finding],
        None => match yaml::read(&source, 0) {
            Ok(root) if matches!(root.value, Value::Map(_)) => return Ok(root),
            // A list or a single word has no key that an edit could go to.
            Ok(root) => check::check(&root),
            Err(finding) => vec![*finding],
        },
    };
    Err(Refused::Unreadable(Box::new(InventoryErrors {
        sources: vec![source],
        findings,
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

/// Where an inventory names a host.
enum Place {
    /// An entry that is about this host alone: its section and position.
    Own(&'static str, usize),
    /// Only together with others.
    Shared,
    Nowhere,
}

fn place_of(root: &Node, host: &str) -> Place {
    let mut place = Place::Nowhere;
    for (section, key) in [("hosts", "name"), ("groups", "hosts")] {
        let Some(Value::List(entries)) = root.get(section).map(|node| &node.value) else {
            continue;
        };
        for (position, entry) in entries.iter().enumerate() {
            let names: Vec<String> = entry
                .get(key)
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .filter_map(|item| pattern::expand(item.text()?).ok())
                .flatten()
                .collect();
            let has_roles = entry.get("roles").is_some();
            match &place {
                _ if !names.iter().any(|name| name == host) => {}
                _ if names.len() > 1 => place = Place::Shared,
                _ if has_roles => return Place::Own(section, position),
                // A zone or an address alone: roles may come from a group.
                Place::Nowhere => place = Place::Own(section, position),
                _ => {}
            }
        }
    }
    place
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
