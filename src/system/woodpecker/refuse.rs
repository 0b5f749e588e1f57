//! Which Milvus has no Woodpecker.

use super::NAME;
use crate::formed;
use crate::refuse::facts::Facts;
use crate::refuse::{No, Rule};
use crate::system::{Slot, pulsar};
use crate::tag::Version;

pub(super) const EARLY: Rule = Rule {
    name: "woodpecker-early",
    about: "Woodpecker keeps the log of a Milvus that has none.",
    check: early,
};

/// The first with `woodpecker` among the values of `mq.type` (milvus:
/// `internal/util/dependency/factory.go`; in 2.5 it is not there).
const FIRST: Version = Version {
    major: 2,
    minor: 6,
    patch: 0,
    is_final: true,
};

fn early(facts: &Facts<'_>) -> Vec<No> {
    let case = facts.case;
    let version = formed::version(case.wanted.milvus_image(), case.release);
    let filling = case.inventory.fillers.get(&Slot::Log);
    let is_chosen = filling.is_some_and(|filling| filling.system == NAME);
    if !is_chosen || version.line() >= FIRST.line() {
        return Vec::new();
    }
    let roles = [pulsar::BOOKIES.role, pulsar::BROKERS.role];
    vec![No {
        reason: format!("Milvus {version} has no Woodpecker, and `log.{NAME}` chooses it"),
        hint: format!(
            "set `milvus: \"2.6\"` or later for a new cluster, or leave `log` out and give hosts the roles \
             `{}` and `{}`",
            roles[0], roles[1]
        ),
    }]
}
