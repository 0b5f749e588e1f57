//! Somebody who has the lock: a state machine without IO.

use std::fmt;

use super::{Elapsed, FRESH, Lock};

/// How a lock was lost.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Loss {
    /// Its object is gone.
    Removed,
    /// Somebody found us dead; `user@host`, and what they do if they say so already.
    TakenOver(String),
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Removed => f.write_str("the lock was removed by somebody else"),
            Self::TakenOver(by) => write!(f, "the lock was taken over by {by}"),
        }
    }
}

/// Whether an action may start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Standing {
    /// Yes: nobody can have taken the lock over yet.
    Sure,
    /// Not before the next beat is written.
    Unsure,
    /// Never again.
    Lost(Loss),
}

/// Has the lock, as long as its beats are written.
#[derive(Clone, Debug)]
pub struct Holding {
    id: String,
    /// When the last beat that was written was sent.
    written: Option<Elapsed>,
    lost: Option<Loss>,
}

impl Holding {
    /// Nothing may start before the first beat.
    #[must_use]
    pub const fn new(id: String) -> Self {
        Self {
            id,
            written: None,
            lost: None,
        }
    }

    /// The identifier of our object: all that we may remove.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Takes what a look found; answers the next beat, to be written at exactly the version
    /// that was seen.
    pub fn saw(&mut self, found: Option<Lock>) -> Option<Lock> {
        if self.lost.is_some() {
            return None;
        }
        self.lost = match &found {
            None => Some(Loss::Removed),
            Some(lock) if lock.id != self.id => Some(Loss::TakenOver(lock.holder.to_string())),
            Some(lock) => lock.taken_by.clone().map(Loss::TakenOver),
        };
        let beat = found.filter(|_| self.lost.is_none())?;
        Some(Lock {
            beats: beat.beats + 1,
            ..beat
        })
    }

    /// A beat that was sent at this time was written.
    pub fn wrote(&mut self, sent: Elapsed) {
        self.written = self.written.max(Some(sent));
    }

    /// Whether an action may start now.
    #[must_use]
    pub fn standing(&self, now: Elapsed) -> Standing {
        match (&self.lost, self.written) {
            (Some(loss), _) => Standing::Lost(loss.clone()),
            (None, Some(sent)) if now.saturating_sub(sent) < FRESH => Standing::Sure,
            _ => Standing::Unsure,
        }
    }
}
