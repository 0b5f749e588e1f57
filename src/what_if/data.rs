//! Data that is lost, or that one more loss would take, if the hosts never come back.

use schemars::JsonSchema;
use serde::Serialize;

use super::Question;
use super::quorum::{Quorum, Rule};
use super::stand::{Member, Standing};
use crate::component::{Agreement, Component};
use crate::system::{STORAGE, Slot, filler, striping};

/// How bad it is.
#[derive(Clone, Copy, Debug, Eq, JsonSchema, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing that is left holds it.
    Lost,
    /// Something that is left holds it; it takes a person to get it back.
    ByHand,
    /// It is there, without a copy to spare.
    Thin,
}

/// Data at risk.
#[derive(Clone, Debug, Eq, JsonSchema, PartialEq, Serialize)]
pub struct Risk {
    pub of: &'static str,
    pub level: Level,
    pub what: String,
}

pub(super) fn risks(
    question: &Question<'_>,
    standing: &Standing<'_>,
    quorums: &[Quorum],
) -> Vec<Risk> {
    let mut risks: Vec<Risk> = quorums
        .iter()
        .filter(|row| !row.away.is_empty())
        .filter_map(|row| match row.rule {
            Rule::Raft | Rule::Majority => voters(row),
            Rule::ErasureRead => drives(row),
            Rule::ErasureWrite | Rule::Ensemble => None,
        })
        .collect();
    for component in Component::agreeing(Agreement::Ensemble) {
        let members = standing.members.get(component.name);
        risks.extend(ledgers(question, component, members.map_or(&[], |m| m)));
    }
    risks.sort_by_key(|risk| risk.level);
    risks
}

/// What a group of voters keeps a full copy of each.
fn voters(row: &Quorum) -> Option<Risk> {
    let what = Component::named(row.of).map_or(
        "the Swarm's own state (services, labels, secrets)",
        |component| component.keeps,
    );
    let (level, what) = if row.left == 0 {
        let every = if row.total == 1 {
            "the only copy is"
        } else {
            "every copy is"
        };
        (Level::Lost, format!("{what}: {every} on lost hosts"))
    } else if !row.held {
        let copies = copies(row.left);
        let how = if row.of == "swarm" {
            "`docker swarm init --force-new-cluster` on a manager that is left starts from it"
        } else {
            "making a new cluster from it is work by hand"
        };
        (Level::ByHand, format!("{what}: {copies} left; {how}"))
    } else if row.spare == 0 {
        let copies = copies(row.left);
        (
            Level::Thin,
            format!("{what}: {copies} left, and none of them may go"),
        )
    } else {
        return None;
    };
    Some(Risk {
        of: row.of,
        level,
        what,
    })
}

fn copies(count: u64) -> String {
    match count {
        1 => "1 copy is".to_owned(),
        count => format!("{count} copies are"),
    }
}

fn drives(row: &Quorum) -> Option<Risk> {
    let gone = row.total - row.left;
    let parity = row.total - row.needs;
    let set = row
        .set
        .map_or_else(String::new, |number| format!(" in erasure set {number}"));
    let (level, what) = if !row.held {
        let bad = format!(
            "objects{set}: {gone} of {} drives are gone, parity makes up for {parity}",
            row.total
        );
        (Level::Lost, bad)
    } else if row.spare == 0 {
        let thin = format!(
            "objects{set}: {} of {} drives are left, one less and none can be read",
            row.left, row.total
        );
        (Level::Thin, thin)
    } else {
        return None;
    };
    Some(Risk {
        of: row.of,
        level,
        what,
    })
}

/// Entries of ledgers: each has as many copies as the write quorum, on bookies chosen at random.
/// Milvus keeps there what was inserted and not flushed to MinIO yet.
fn ledgers(
    question: &Question<'_>,
    component: &'static Component,
    bookies: &[Member<'_>],
) -> Option<Risk> {
    let striping = striping(component.role)?;
    let (quorum, all_of) = ((striping.of)(question.inventory), striping.all);
    let total = bookies.len() as u64;
    let gone = bookies.iter().filter(|bookie| !bookie.stands).count() as u64;
    if gone == 0 {
        return None;
    }
    let copies = quorum.write_quorum;
    let names: Vec<&str> = bookies
        .iter()
        .filter(|bookie| !bookie.stands)
        .map(|bookie| bookie.name)
        .collect();
    let names = super::effect::few(&names);
    let storage = filler(Slot::Storage, question.inventory).map_or(STORAGE.title, |one| one.title);
    let (level, what) = if gone >= copies {
        let percent = 100.0 * share(gone, total, copies);
        let all = match copies {
            1 => "the only copy".to_owned(),
            2 => "both copies".to_owned(),
            copies => format!("all {copies} copies"),
        };
        let what = format!(
            "{all_of} with {all} on {names}: about {percent:.0} % of the inserts that were not \
             flushed to {storage} yet"
        );
        (Level::Lost, what)
    } else if gone >= quorum.ack_quorum {
        let what = format!(
            "entries confirmed by {} of {copies} {} may be on {names} alone; {all_of} that \
             were open cannot be closed without them",
            quorum.ack_quorum, component.title
        );
        (Level::ByHand, what)
    } else if copies - gone == 1 {
        let what = format!(
            "{all_of} on {names} have 1 copy left of {copies}, {}",
            striping.restored
        );
        (Level::Thin, what)
    } else {
        return None;
    };
    Some(Risk {
        of: component.name,
        level,
        what,
    })
}

/// The share of entries with every copy among the lost: C(gone, copies) / C(total, copies).
#[expect(clippy::cast_precision_loss, reason = "numbers of bookies are small")]
fn share(gone: u64, total: u64, copies: u64) -> f64 {
    (0..copies.min(gone))
        .map(|at| (gone - at) as f64 / (total - at).max(1) as f64)
        .product()
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_of_ledgers() {
        for (gone, total, copies, percent) in
            [(2, 3, 2, 33), (3, 3, 2, 100), (2, 4, 2, 17), (1, 3, 1, 33)]
        {
            assert_eq!((100.0 * share(gone, total, copies)).round() as i64, percent);
        }
    }
}
