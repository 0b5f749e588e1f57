//! Holds a tree against the grammar and reports every difference.

use crate::address;
use crate::role::Role;

use super::grammar;
use super::names::Form;
use super::pattern;
use super::problem::{Finding, Problem};
use super::shape::{Key, Shape};
use super::tree::{Node, Value};

/// The most findings that one file gets.
const MOST: usize = 1_000;

/// Everything in a tree that the grammar does not allow.
pub(super) fn check(root: &Node) -> Vec<Finding> {
    let mut checker = Checker {
        findings: Vec::new(),
    };
    checker.shape(root, &Shape::Map(grammar::INVENTORY), "");
    checker.findings
}

struct Checker {
    findings: Vec<Finding>,
}

impl Checker {
    fn find(&mut self, node: &Node, problem: Problem) {
        self.push(Finding::at(node.at, problem));
    }

    fn push(&mut self, finding: Finding) {
        if self.findings.len() < MOST {
            self.findings.push(finding);
        }
    }

    fn shape(&mut self, node: &Node, shape: &Shape, place: &str) {
        if node.value == Value::Null && !place.is_empty() {
            return;
        }
        match (shape, &node.value) {
            (Shape::Word(form), _) => self.word(node, *form, place),
            (Shape::Some(form), Value::List(items)) => {
                for item in items {
                    self.word(item, *form, place);
                }
            }
            (Shape::Some(form), _) => self.word(node, *form, place),
            (Shape::Bool, Value::Bool(_)) | (Shape::Free, Value::Map(_)) => {}
            (Shape::Whole(from, to), Value::Number(number, text)) => {
                if !number.as_u64().is_some_and(|n| (*from..=*to).contains(&n)) {
                    self.find(
                        node,
                        Problem::OutOfRange {
                            text: text.clone(),
                            from: *from,
                            to: *to,
                        },
                    );
                }
            }
            (Shape::SomeOf(words), Value::List(items)) => {
                for (position, item) in items.iter().enumerate() {
                    self.item(item, &Shape::OneOf(words), &format!("{place}[{position}]"));
                }
            }
            (Shape::OneOf(words) | Shape::SomeOf(words), Value::Text(text)) => {
                if !words.contains(&text.as_str()) {
                    self.find(
                        node,
                        Problem::UnknownWord {
                            text: shorten(text),
                            words,
                        },
                    );
                }
            }
            (Shape::List(item), Value::List(items)) => {
                for (position, node) in items.iter().enumerate() {
                    self.item(node, item, &format!("{place}[{position}]"));
                }
            }
            (Shape::Map(keys), Value::Map(_)) => self.map(node, keys, place),
            (Shape::Password, Value::Map(_)) => self.map(node, grammar::PASSWORD, place),
            (Shape::Password, Value::Text(_) | Value::Number(..)) => {
                let key = place.rsplit('.').next().unwrap_or(place).to_owned();
                self.find(node, Problem::InlinePassword { key });
            }
            _ => self.wrong_type(node, shape.noun(), place),
        }
    }

    /// An item of a list of maps: unlike the value of a key, it must not be null.
    fn item(&mut self, node: &Node, shape: &Shape, place: &str) {
        if node.value == Value::Null {
            self.wrong_type(node, shape.noun(), place);
        } else {
            self.shape(node, shape, place);
        }
    }

    fn word(&mut self, node: &Node, form: Form, place: &str) {
        let text = match &node.value {
            Value::Text(text) => text,
            Value::Number(_, text) if form.takes_numbers() => text,
            _ => return self.wrong_type(node, form.noun().into(), place),
        };
        if matches!(form, Form::Engine) && address::password(text).is_some() {
            return self.find(node, Problem::EnginePassword);
        }
        let Err(why) = form.check(text) else { return };
        let shown = shorten(text);
        let problem = match form {
            Form::Role => Problem::UnknownRole { role: shown },
            Form::HostName if pattern::is_range(text) => Problem::RangeInHost { name: shown },
            _ => Problem::BadValue {
                noun: form.noun(),
                text: shown,
                why,
            },
        };
        self.find(node, problem);
    }

    fn map(&mut self, node: &Node, keys: &'static [Key], place: &str) {
        for entry in node.entries() {
            let inner = if place.is_empty() {
                entry.key.clone()
            } else {
                format!("{place}.{}", entry.key)
            };
            match keys.iter().find(|key| key.name == entry.key) {
                Some(key) => self.shape(&entry.value, &key.shape, &inner),
                None => self.push(Finding::at(entry.at, unknown_key(&entry.key, keys, place))),
            }
        }
        for key in keys.iter().filter(|key| key.required) {
            if node.get(key.name).is_none() {
                self.find(
                    node,
                    Problem::MissingKey {
                        key: key.name,
                        place: format!("`{place}`"),
                    },
                );
            }
        }
    }

    fn wrong_type(&mut self, node: &Node, expected: String, place: &str) {
        let found = match node.value {
            Value::Null => "empty",
            Value::Bool(_) => "true or false",
            Value::Number(..) => "a number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        };
        let place = if place.is_empty() {
            "an inventory".into()
        } else {
            format!("`{place}`")
        };
        self.find(
            node,
            Problem::WrongType {
                place,
                found,
                expected,
            },
        );
    }
}

fn unknown_key(key: &str, keys: &[Key], place: &str) -> Problem {
    if place == "roles" && key == Role::Manager.name() {
        return Problem::ManagerSettings;
    }
    let role = place.strip_prefix("roles.").and_then(Role::parse);
    if let Some(role) = role.filter(|role| role.is_stateful() && key == "replicas") {
        return Problem::ReplicasOfMembers { role };
    }
    Problem::UnknownKey {
        key: shorten(key),
        place: if place.is_empty() {
            "the inventory".into()
        } else {
            format!("`{place}`")
        },
        known: keys.iter().map(|key| key.name).collect(),
    }
}

/// A text short enough for a message.
fn shorten(text: &str) -> String {
    const MOST: usize = 60;
    if text.chars().count() <= MOST {
        return text.to_owned();
    }
    text.chars().take(MOST - 1).chain(['…']).collect()
}
