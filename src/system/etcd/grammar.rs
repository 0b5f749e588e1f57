//! What an inventory may say of etcd.

use crate::inventory::grammar;
use crate::inventory::shape::Key;

pub(crate) const SETTINGS: Key = Key::new("etcd", grammar::MEMBER, "etcd members, one per host.");
pub(crate) const IMAGE: Key = Key::new(
    "etcd",
    grammar::IMAGE,
    "Image of etcd in place of the release's.",
);
