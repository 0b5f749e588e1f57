//! What a gate waits for, in words.

use std::fmt;

use super::{Gate, elsewhere, short};
use crate::system::{members_check, tasks_check};

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Members(gate) => match members_check(&gate.component, &gate.check) {
                Some(check) => f.write_str(&(check.words)(gate)),
                None => write!(f, "{}: {}", gate.component, gate.check),
            },
            Self::Tasks(gate) => match tasks_check(&gate.component, &gate.check) {
                Some(check) => f.write_str(&(check.words)(gate)),
                None => write!(f, "{}: {}", gate.component, gate.check),
            },
            Self::Elsewhere(gate) => f.write_str(&elsewhere::words(gate)),
            Self::Converged { service } => write!(f, "{}: converged", short(service)),
            Self::Replaced { service, node } => {
                write!(f, "{}: turned away from {node}", short(service))
            }
            Self::ServicesGone { services } => match services.as_slice() {
                [one] if one.is_empty() => f.write_str("the last tasks of removed services gone"),
                [one] => write!(f, "{} gone", short(one)),
                many => write!(f, "{} services gone", many.len()),
            },
            Self::TasksGone { service } => write!(f, "{}: no task left", short(service)),
        }
    }
}

/// `1 member`, `3 members`.
pub(crate) fn of(members: &[String]) -> String {
    match members.len() {
        1 => "1 member".to_owned(),
        n => format!("{n} members"),
    }
}
