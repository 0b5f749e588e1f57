//! What an inventory may say of Woodpecker.

use crate::inventory::shape::{Key, Shape};

pub(super) const SETTINGS: Key = Key::new(
    "woodpecker",
    Shape::Map(&[]),
    "Woodpecker inside Milvus' processes, in place of Pulsar (2.6 on): write {}. It keeps the log where objects are.",
);
