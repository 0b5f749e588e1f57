//! What an inventory may say of systems: the keys of each, in the order in which people are told
//! of them.

use super::{Filler, PUBLISHED, SYSTEMS, Slot, etcd, haproxy, milvus, minio, pulsar, woodpecker};
use crate::inventory::grammar::{REGISTRY, RESOLVING};
use crate::inventory::shape::{Key, Shape};

/// The settings that each role takes; `manager` takes none.
pub const ROLES: &[Key] = &[
    etcd::grammar::SETTINGS,
    minio::grammar::SETTINGS,
    pulsar::grammar::ZOOKEEPER,
    pulsar::grammar::BOOKIE,
    pulsar::grammar::BROKER,
    woodpecker::grammar::SETTINGS,
    milvus::grammar::COORD,
    milvus::grammar::DATA,
    milvus::grammar::STREAMING,
    milvus::grammar::INDEX,
    milvus::grammar::QUERY,
    milvus::grammar::PROXY,
    haproxy::grammar::SETTINGS,
];

/// Under `images`.
pub(crate) const IMAGES: &[Key] = &[
    REGISTRY,
    RESOLVING,
    milvus::grammar::IMAGE,
    etcd::grammar::IMAGE,
    minio::grammar::IMAGE,
    pulsar::grammar::IMAGE,
    woodpecker::grammar::IMAGE,
    haproxy::grammar::IMAGE,
];

/// Under `publish`.
pub(crate) const PUBLISH: [Key; PUBLISHED.len()] = {
    let mut keys = [PUBLISHED[0].key; PUBLISHED.len()];
    let mut at = 1;
    while at < keys.len() {
        keys[at] = PUBLISHED[at].key;
        at += 1;
    }
    keys
};

/// Under the key of a need of Milvus: what meets it where it is chosen.
const fn choices(slot: Slot) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < SYSTEMS.len() {
        if choice(at, slot).is_some() {
            count += 1;
        }
        at += 1;
    }
    count
}

const fn choice(at: usize, slot: Slot) -> Option<Key> {
    match SYSTEMS[at].fills {
        Some(Filler {
            slot: of,
            choice: Some(choice),
        }) if of as usize == slot as usize => Some(choice.key),
        _ => None,
    }
}

const fn chosen<const COUNT: usize>(slot: Slot) -> [Key; COUNT] {
    let mut keys = [etcd::grammar::SETTINGS; COUNT];
    let (mut at, mut found) = (0, 0);
    while at < SYSTEMS.len() {
        if let Some(key) = choice(at, slot) {
            keys[found] = key;
            found += 1;
        }
        at += 1;
    }
    keys
}

/// What keeps objects.
pub(crate) const STORAGE: Key = Key::new(
    Slot::Storage.key(),
    Shape::Map(&STORES),
    "What keeps objects; default: MinIO on the hosts with the role `minio`.",
);
const STORES: [Key; choices(Slot::Storage)] = chosen(Slot::Storage);

/// What keeps what is written and not in storage yet.
pub(crate) const LOG: Key = Key::new(
    Slot::Log.key(),
    Shape::Map(&LOGS),
    "What keeps the log of what is written; default: Pulsar on the hosts with the roles `bookie` and `broker`.",
);
const LOGS: [Key; choices(Slot::Log)] = chosen(Slot::Log);

/// Under `accept`: the names of all known holes.
pub(crate) const HOLES: [&str; holes()] = {
    let mut names = [""; holes()];
    let (mut at, mut found) = (0, 0);
    while at < SYSTEMS.len() {
        let mut of_it = SYSTEMS[at].advisories;
        while let [first, rest @ ..] = of_it {
            names[found] = first.name;
            found += 1;
            of_it = rest;
        }
        at += 1;
    }
    names
};

const fn holes() -> usize {
    let (mut at, mut count) = (0, 0);
    while at < SYSTEMS.len() {
        count += SYSTEMS[at].advisories.len();
        at += 1;
    }
    count
}

/// Under `credentials`.
pub(crate) const CREDENTIALS: &[Key] = &[
    minio::grammar::USER,
    minio::grammar::PASSWORD,
    milvus::grammar::PASSWORD,
];
