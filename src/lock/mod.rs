//! The lock of a cluster: at most one operator changes it at a time.
//!
//! It is one Swarm config whose name only one object can have: whoever creates it holds it. Its
//! labels say who that is, and a counter among them is the holder's heartbeat. Nothing here
//! touches the world: [`Contender`] wants the lock, [`Holding`] has it, [`Watch`] tells whether
//! somebody else's holder lives; the edge (`live`) carries out what they order.
//!
//! What makes two holders impossible, whoever is slow, paused or dead (`docs/two-operators.md`):
//! - a name is created once, and an object is removed by its identifier, never by its name;
//! - a dead holder's object is claimed before it is removed, by a write that succeeds only if
//!   it is still at the version that was seen not to move;
//! - a holder starts actions for [`FRESH`] after a beat that was written, and is taken for dead
//!   [`DEAD`] after it, each by the own clock of who measures it.

mod contend;
mod hold;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub use contend::{Contender, Input, Next};
pub use hold::{Holding, Loss, Standing};
pub use watch::{Pulse, Watch};

/// Time since whoever measures it began.
pub type Elapsed = Duration;

/// A holder writes a beat this often.
pub const BEAT: Duration = Duration::from_secs(2);
/// So long after a written beat a holder starts actions; later it waits for the next one.
pub const FRESH: Duration = Duration::from_secs(6);
/// A holder whose object has not moved for so long is dead. The time above [`FRESH`] is for
/// clocks that run differently and for an action on its way to the engine.
pub const DEAD: Duration = Duration::from_secs(10);
/// Pause between two looks at a lock that somebody else holds.
pub const LOOK: Duration = Duration::from_millis(500);

const WHO: &str = "milvus-swarm.lock.who";
const SINCE: &str = "milvus-swarm.lock.since";
const FROM: &str = "milvus-swarm.lock.from";
const VERB: &str = "milvus-swarm.lock.verb";
const TOKEN: &str = "milvus-swarm.lock.token";
const BEATS: &str = "milvus-swarm.lock.beats";
const TAKEN_BY: &str = "milvus-swarm.lock.taken-by";

/// Name of the config that is the lock of a cluster. Frozen: two releases of this tool must
/// agree on it.
#[must_use]
pub fn name(cluster: &str) -> String {
    format!("{cluster}-lock")
}

/// Who holds a lock, as they said when they took it.
#[derive(Clone, Debug, Default, Eq, JsonSchema, PartialEq, Deserialize, Serialize)]
pub struct Holder {
    /// `user@host`.
    pub who: String,
    /// RFC 3339, by the clock of the holder: for people, never compared.
    pub since: String,
    /// The process, and where its user came from.
    pub from: String,
    /// `up`, `scale`, `down`.
    pub verb: String,
    /// Random; the same for no two runs.
    pub token: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            who,
            since,
            from,
            verb,
            token: _,
        } = self;
        write!(f, "`{verb}` of {who}, since {since}, {from}")
    }
}

/// A lock that exists.
#[derive(Clone, Debug, Default, Eq, PartialEq, Deserialize, Serialize)]
pub struct Lock {
    /// Swarm's identifier of the object.
    pub id: String,
    /// Swarm's version of the object; every write moves it.
    pub version: u64,
    pub holder: Holder,
    /// Heartbeats written so far.
    pub beats: u64,
    /// Who is about to remove it, because its holder was found dead.
    pub taken_by: Option<String>,
}

impl Lock {
    /// Reads a lock off the labels of its object; nothing if this tool did not make it.
    #[must_use]
    pub fn read(id: String, version: u64, labels: &BTreeMap<String, String>) -> Option<Self> {
        let word = |key: &str| labels.get(key).cloned().unwrap_or_default();
        Some(Self {
            id,
            version,
            holder: Holder {
                who: word(WHO),
                since: word(SINCE),
                from: word(FROM),
                verb: word(VERB),
                token: labels.get(TOKEN)?.clone(),
            },
            beats: word(BEATS).parse().unwrap_or_default(),
            taken_by: labels.get(TAKEN_BY).cloned(),
        })
    }

    /// The labels that say all of it; that of the cluster comes on top.
    #[must_use]
    pub fn labels(&self) -> BTreeMap<String, String> {
        let holder = self.holder.clone();
        let mut labels: BTreeMap<String, String> = [
            (WHO, holder.who),
            (SINCE, holder.since),
            (FROM, holder.from),
            (VERB, holder.verb),
            (TOKEN, holder.token),
            (BEATS, self.beats.to_string()),
        ]
        .map(|(key, value)| (key.to_owned(), value))
        .into();
        if let Some(by) = &self.taken_by {
            labels.insert(TAKEN_BY.to_owned(), by.clone());
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_carry_the_whole_lock_and_without_a_token_it_is_none() {
        let lock = Lock {
            id: "x".to_owned(),
            version: 7,
            holder: Holder {
                who: "ann@desk".to_owned(),
                since: "2024-05-01T10:00:00Z".to_owned(),
                from: "process 12".to_owned(),
                verb: "up".to_owned(),
                token: "t".to_owned(),
            },
            beats: 3,
            taken_by: Some("bob@desk".to_owned()),
        };
        let mut labels = lock.labels();
        assert_eq!(Lock::read("x".to_owned(), 7, &labels).as_ref(), Some(&lock));
        labels.remove(TOKEN);
        assert_eq!(Lock::read("x".to_owned(), 7, &labels), None);
    }
}
