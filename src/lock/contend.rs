//! Somebody who wants the lock: a state machine without IO.

use super::{Elapsed, Lock, Pulse, Watch};

/// What the edge tells.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Input {
    /// A look found this.
    Saw(Option<Lock>),
    /// A look, or a write, had no answer.
    Blind,
    /// The creation was answered, whatever the answer: a look tells who holds the lock.
    Created,
    /// The claim was written.
    Claimed,
    /// The claim came too late: the object had moved, or was gone.
    Moved,
    /// The claimed object is gone.
    Removed,
}

/// What to do next.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// Look at the lock at once.
    Look,
    /// Somebody else holds it: look again after [`super::LOOK`].
    Wait { lock: Lock, pulse: Pulse },
    /// Create the object.
    Create,
    /// Write into exactly this version that it is about to be removed.
    Claim(Lock),
    /// Remove the object with this identifier.
    Remove(String),
    /// The lock is ours.
    Hold(Lock),
    /// Somebody else holds it, lives, and we may wait no longer.
    Refuse(Lock),
}

/// Wants the lock, and waits for it so long.
#[derive(Clone, Debug)]
pub struct Contender {
    token: String,
    wait: Elapsed,
    watch: Watch,
    /// The object whose holder is dead, while it is taken away.
    dead: Option<String>,
}

impl Contender {
    /// `wait` is how long somebody who lives is waited for; a dead holder is waited out in any
    /// case.
    #[must_use]
    pub fn new(token: String, wait: Elapsed) -> Self {
        Self {
            token,
            wait,
            watch: Watch::default(),
            dead: None,
        }
    }

    /// Takes what happened, answers what to do. Begin with a look.
    pub fn step(&mut self, now: Elapsed, input: Input) -> Next {
        match input {
            Input::Saw(None) => Next::Create,
            Input::Saw(Some(lock)) => self.saw(now, lock),
            Input::Blind => {
                self.watch.blind();
                Next::Look
            }
            Input::Created | Input::Moved => Next::Look,
            Input::Claimed => match self.dead.take() {
                Some(id) => Next::Remove(id),
                None => Next::Look,
            },
            // Others may create it too: the engine gives the name to one.
            Input::Removed => Next::Create,
        }
    }

    fn saw(&mut self, now: Elapsed, lock: Lock) -> Next {
        // One of ours that is claimed was ours for too long without a beat: it will go.
        if lock.holder.token == self.token && lock.taken_by.is_none() {
            return Next::Hold(lock);
        }
        match self.watch.saw(now, &lock) {
            Pulse::Dead => {
                self.dead = Some(lock.id.clone());
                Next::Claim(lock)
            }
            Pulse::Beats if now >= self.wait => Next::Refuse(lock),
            pulse => Next::Wait { lock, pulse },
        }
    }
}
