//! Words in the sentences of rules.

pub(super) use crate::count::count;
pub(super) use crate::words::{MOST, list, names};
