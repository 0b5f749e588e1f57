//! What an inventory may say of Milvus' processes.

use crate::inventory::grammar::{self, COORDINATOR, PORT, STATELESS};
use crate::inventory::shape::{Key, Shape};

pub(crate) const COORD: Key = Key::new(
    "coord",
    COORDINATOR,
    "Milvus coordinators; with two hosts, one stands by.",
);
pub(crate) const DATA: Key = Key::new("data", STATELESS, "Milvus data nodes.");
pub(crate) const INDEX: Key = Key::new("index", STATELESS, "Milvus index nodes (before 2.6).");
pub(crate) const QUERY: Key = Key::new("query", STATELESS, "Milvus query nodes.");
pub(crate) const PROXY: Key = Key::new("proxy", STATELESS, "Milvus proxies.");
pub(crate) const IMAGE: Key = Key::new(
    "milvus",
    grammar::IMAGE,
    "Image of Milvus in place of the release's.",
);
pub(crate) const PUBLISHED: Key = Key::new(
    "proxy",
    PORT,
    "Port of Milvus on the proxies' hosts; default 19530, null for none.",
);
pub(crate) const METRICS: Key = Key::new(
    "metrics",
    PORT,
    "Port of the proxies' health and metrics; default none.",
);
pub(crate) const PASSWORD: Key = Key::new(
    "root_password",
    Shape::Password,
    "Password of Milvus's root user.",
);
