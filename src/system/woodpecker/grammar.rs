//! What an inventory may say of Woodpecker.

use crate::inventory::grammar;
use crate::inventory::shape::{Key, Shape};
use crate::system::Filling;

pub(super) const EMBEDDED: Key = Key::new(
    "woodpecker",
    Shape::Map(&[]),
    "Woodpecker inside Milvus' processes, in place of Pulsar (2.6 on): write {}. It keeps the log where objects are.",
);

/// How many servers each entry is written to.
pub(super) const COPIES: &str = "copies";

/// What Woodpecker takes for it where it is told nothing else; it takes 5 besides, and any other
/// number for 3 (woodpecker: `common/config/configuration.go`, `GetEnsembleSize`).
pub(super) const FEWEST: u64 = 3;
const MOST: u64 = 5;

pub(super) const SERVICE: Key = Key::new(
    "woodpecker_service",
    Shape::Map(&[Key::new(
        COPIES,
        Shape::Whole(FEWEST, MOST),
        "Servers that each entry is written to, 3 or 5; default 3. Most of them confirm a write.",
    )]),
    "Woodpecker servers on the hosts with the role `woodpecker`, in place of Pulsar (3.0 on): write {}.",
);

pub(crate) const SETTINGS: Key = Key::new(
    "woodpecker",
    grammar::MEMBER,
    "Woodpecker servers, one per host.",
);

pub(crate) const IMAGE: Key = Key::new(
    "woodpecker",
    grammar::IMAGE,
    "Image of Woodpecker's servers in place of the release's.",
);

/// Of the servers that a write goes to more than half confirm it, so a fourth one would be written to for
/// nothing.
pub(super) fn check(filling: &Filling) -> Vec<(&'static str, String)> {
    let said = filling.settings.get(COPIES).map(String::as_str);
    // The settings are as they are written, and YAML can write 5 as `0x5`.
    let is_other = said.is_some_and(|said| {
        let number = said.parse::<u64>();
        number.map_or(said.starts_with('0'), |number| number == 4)
    });
    let why = "Woodpecker takes 3 or 5: write one of them".to_owned();
    Vec::from_iter(is_other.then_some((COPIES, why)))
}
