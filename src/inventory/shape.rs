//! The language in which the grammar of inventories is written down.

use super::names::Form;

/// What a value may be.
#[derive(Clone, Copy, Debug)]
pub enum Shape {
    /// A scalar with a form of its own.
    Word(Form),
    Bool,
    /// A whole number, both ends included.
    Whole(u64, u64),
    /// One of some words.
    OneOf(&'static [&'static str]),
    /// One such value, or a list of them.
    Some(Form),
    /// One of some words, or a list of them.
    SomeOf(&'static [&'static str]),
    /// A list.
    List(&'static Self),
    /// A map with these keys and no others.
    Map(&'static [Key]),
    /// A map with any keys and values.
    Free,
    /// A password: only ever the name of a file that holds it.
    Password,
}

/// A key of a map.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    pub name: &'static str,
    pub shape: Shape,
    pub required: bool,
    /// What it means, for editors.
    pub doc: &'static str,
}

impl Key {
    /// A key that may be absent.
    #[must_use]
    pub const fn new(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            shape,
            required: false,
            doc,
        }
    }

    /// A key that must be there.
    #[must_use]
    pub const fn required(name: &'static str, shape: Shape, doc: &'static str) -> Self {
        Self {
            name,
            shape,
            required: true,
            doc,
        }
    }
}

impl Shape {
    /// What such a value is called, with its article.
    #[must_use]
    pub fn noun(&self) -> String {
        match self {
            Self::Word(form) => form.noun().into(),
            Self::Bool => "true or false".into(),
            Self::Whole(0, u64::MAX) => "a whole number".into(),
            Self::Whole(from, to) => format!("a whole number from {from} to {to}"),
            Self::OneOf(words) => format!("one of {}", words.join(", ")),
            Self::Some(form) => format!("{} or a list", form.noun()),
            Self::SomeOf(words) => format!("one of {} or a list", words.join(", ")),
            Self::List(_) => "a list".into(),
            Self::Map(_) | Self::Free => "a map".into(),
            Self::Password => "a map with the key `file`".into(),
        }
    }
}
