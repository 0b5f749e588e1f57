//! Whether the holder of a lock lives, by looking at the lock alone.

use super::{DEAD, Elapsed, Lock};

/// Looks at an unmoved lock that it takes, besides the time, to call its holder dead: one late
/// look after a long pause proves nothing.
const LOOKS: u32 = 5;

/// What looking has told so far.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Pulse {
    /// It has not been seen to move, for so long.
    Still(Elapsed),
    /// Its holder wrote a beat since the last look.
    Beats,
    /// It has not moved for longer than any living holder lets it stand.
    Dead,
}

/// Watches a lock that somebody else holds.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    last: Option<Lock>,
    /// When this version was first seen, and the looks at it since.
    still: Option<(Elapsed, u32)>,
}

impl Watch {
    /// Takes what a look found. `now` is the time at which the answer came: the beat that it
    /// shows is at least as old.
    pub fn saw(&mut self, now: Elapsed, lock: &Lock) -> Pulse {
        let last = self.last.replace(lock.clone());
        let beats = last
            .as_ref()
            .is_some_and(|last| last.id == lock.id && last.beats != lock.beats);
        let same = last.is_some_and(|last| last.id == lock.id && last.version == lock.version);
        let (since, looks) = match self.still {
            Some((since, looks)) if same => (since, looks + 1),
            _ => (now, 1),
        };
        self.still = Some((since, looks));
        let still = now.saturating_sub(since);
        if beats {
            Pulse::Beats
        } else if still >= DEAD && looks >= LOOKS {
            Pulse::Dead
        } else {
            Pulse::Still(still)
        }
    }

    /// A look had no answer. The holder may have been as cut off as we were, so the time that it
    /// stood still begins anew.
    pub const fn blind(&mut self) {
        self.still = None;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn at(version: u64, beats: u64) -> Lock {
        Lock {
            version,
            beats,
            ..Lock::default()
        }
    }

    const fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn dead_takes_the_time_and_the_looks() {
        let mut watch = Watch::default();
        assert_eq!(watch.saw(seconds(0), &at(1, 0)), Pulse::Still(seconds(0)));
        // Paused for an hour: nobody looked.
        assert_eq!(
            watch.saw(seconds(3600), &at(1, 0)),
            Pulse::Still(seconds(3600))
        );
        watch.saw(seconds(3601), &at(1, 0));
        watch.saw(seconds(3602), &at(1, 0));
        assert_eq!(watch.saw(seconds(3603), &at(1, 0)), Pulse::Dead);
    }

    #[test]
    fn a_beat_a_claim_and_a_blind_look_begin_it_anew() {
        let mut watch = Watch::default();
        for second in 0..9 {
            watch.saw(seconds(second), &at(1, 0));
        }
        assert_eq!(watch.saw(seconds(9), &at(2, 1)), Pulse::Beats);
        // Somebody claims it: that is no beat of its holder.
        assert_eq!(watch.saw(seconds(18), &at(3, 1)), Pulse::Still(seconds(0)));
        watch.saw(seconds(27), &at(3, 1));
        watch.blind();
        assert_eq!(watch.saw(seconds(28), &at(3, 1)), Pulse::Still(seconds(0)));
        for second in 29..38 {
            assert_ne!(watch.saw(seconds(second), &at(3, 1)), Pulse::Dead);
        }
        assert_eq!(watch.saw(seconds(38), &at(3, 1)), Pulse::Dead);
    }
}
