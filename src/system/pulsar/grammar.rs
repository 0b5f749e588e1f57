//! What an inventory may say of Pulsar.

use crate::inventory::grammar::{self, HEAP_ONLY, JAVA};
use crate::inventory::shape::{Key, Shape};

pub(crate) const ZOOKEEPER: Key =
    Key::new("zookeeper", HEAP_ONLY, "ZooKeeper members, one per host.");
pub(crate) const BOOKIE: Key = Key::new("bookie", JAVA, "BookKeeper members, one per host.");
pub(crate) const BROKER: Key = Key::new("broker", JAVA, "Pulsar brokers, one per host.");
pub(crate) const IMAGE: Key = Key::new(
    "pulsar",
    grammar::IMAGE,
    "Image of Pulsar, BookKeeper and ZooKeeper in place of the release's.",
);

const COPIES: Shape = Shape::Whole(1, 64);

const QUORUMS: Shape = Shape::Map(&[
    Key::new(
        "ensemble",
        COPIES,
        "Bookies that a ledger is striped over; default 2.",
    ),
    Key::new("write_quorum", COPIES, "Copies of each entry; default 2."),
    Key::new(
        "ack_quorum",
        COPIES,
        "Copies confirmed before a write counts; default 2.",
    ),
]);

pub(crate) const LEDGERS: Key = Key::new("pulsar", QUORUMS, "Copies of Pulsar's ledgers.");
