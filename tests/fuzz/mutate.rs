//! Damage: a text of the corpus and what is done to it. It shrinks to less damage.

use proptest::prelude::*;
use proptest::sample::Index;

use crate::corpus::Corpus;

/// Texts do not grow beyond this.
const MOST: usize = 256 << 10;

/// A text of the corpus, damaged.
#[derive(Clone, Debug)]
pub struct Damage {
    base: Index,
    blows: Vec<Blow>,
}

#[derive(Clone, Debug)]
enum Blow {
    Cut {
        at: Index,
        length: usize,
    },
    Put {
        at: Index,
        piece: Index,
    },
    /// A value of a line becomes a piece.
    Value {
        line: Index,
        piece: Index,
    },
    Byte {
        at: Index,
        byte: u8,
    },
    End {
        at: Index,
    },
    Repeat {
        at: Index,
        length: usize,
        times: usize,
    },
    /// A line stands somewhere else too.
    Copy {
        from: Index,
        to: Index,
    },
    Drop {
        line: Index,
    },
    Indent {
        line: Index,
        by: usize,
    },
    /// A part of another text of the corpus.
    Graft {
        other: Index,
        from: Index,
        length: usize,
        at: Index,
    },
}

/// Any damage to any text of a corpus.
pub fn damage() -> impl Strategy<Value = Damage> {
    (any::<Index>(), prop::collection::vec(blow(), 1..6))
        .prop_map(|(base, blows)| Damage { base, blows })
}

fn blow() -> impl Strategy<Value = Blow> {
    let index = any::<Index>;
    prop_oneof![
        2 => (index(), 1..40_usize).prop_map(|(at, length)| Blow::Cut { at, length }),
        4 => (index(), index()).prop_map(|(at, piece)| Blow::Put { at, piece }),
        6 => (index(), index()).prop_map(|(line, piece)| Blow::Value { line, piece }),
        1 => (index(), any::<u8>()).prop_map(|(at, byte)| Blow::Byte { at, byte }),
        1 => index().prop_map(|at| Blow::End { at }),
        1 => (index(), 1..60_usize, 2..200_usize)
            .prop_map(|(at, length, times)| Blow::Repeat { at, length, times }),
        2 => (index(), index()).prop_map(|(from, to)| Blow::Copy { from, to }),
        2 => index().prop_map(|line| Blow::Drop { line }),
        2 => (index(), 0..5_usize).prop_map(|(line, by)| Blow::Indent { line, by }),
        1 => (index(), index(), 1..400_usize, index())
            .prop_map(|(other, from, length, at)| Blow::Graft { other, from, length, at }),
    ]
}

impl Damage {
    /// The damaged text.
    pub fn text(&self, corpus: &Corpus) -> Vec<u8> {
        let mut text = corpus.texts[self.base.index(corpus.near)].1.clone();
        for blow in &self.blows {
            blow.strike(&mut text, corpus);
            text.truncate(MOST);
        }
        text
    }
}

impl Blow {
    fn strike(&self, text: &mut Vec<u8>, corpus: &Corpus) {
        let piece = |index: &Index| index.get(&corpus.pieces).as_bytes();
        let place = |index: &Index| index.index(text.len() + 1);
        match self {
            Self::Cut { at, length } => {
                let from = place(at);
                let to = (from + length).min(text.len());
                text.drain(from..to);
            }
            Self::Put { at, piece: which } => {
                let at = place(at);
                text.splice(at..at, piece(which).iter().copied());
            }
            Self::Value { line, piece: which } => {
                let (from, to) = line_of(text, line);
                let colon = text[from..to].windows(2).position(|two| two == b": ");
                let from = colon.map_or(from, |colon| from + colon + 2);
                text.splice(from..to, piece(which).iter().copied());
            }
            Self::Byte { at, byte } => {
                let at = place(at);
                text.splice(at..(at + 1).min(text.len()), [*byte]);
            }
            Self::End { at } => text.truncate(place(at)),
            Self::Repeat { at, length, times } => {
                let from = place(at);
                let to = (from + length).min(text.len());
                let part = text[from..to].repeat(*times);
                text.splice(to..to, part);
            }
            Self::Copy { from, to } => {
                let (start, end) = line_of(text, from);
                let mut line = text[start..end].to_vec();
                line.push(b'\n');
                let (at, _) = line_of(text, to);
                text.splice(at..at, line);
            }
            Self::Drop { line } => {
                let (from, to) = line_of(text, line);
                text.drain(from..(to + 1).min(text.len()));
            }
            Self::Indent { line, by } => {
                let (from, to) = line_of(text, line);
                let blanks = text[from..to]
                    .iter()
                    .take_while(|byte| **byte == b' ')
                    .count();
                text.splice(from..from + blanks, vec![b' '; blanks.abs_diff(2) + by]);
            }
            Self::Graft {
                other,
                from,
                length,
                at,
            } => {
                let other = &other.get(&corpus.texts).1;
                let from = from.index(other.len() + 1);
                let part = other[from..(from + length).min(other.len())].to_vec();
                let at = place(at);
                text.splice(at..at, part);
            }
        }
    }
}

/// Begin and end of a line, its line break left out.
fn line_of(text: &[u8], index: &Index) -> (usize, usize) {
    let at = index.index(text.len() + 1);
    let from = text[..at]
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |n| n + 1);
    let length = text[from..].iter().position(|byte| *byte == b'\n');
    (from, length.map_or(text.len(), |length| from + length))
}
