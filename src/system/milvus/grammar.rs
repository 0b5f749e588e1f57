//! What an inventory may say of Milvus' processes.

use crate::inventory::grammar::{self, COORDINATOR, PORT, STATELESS};
use crate::inventory::shape::{Key, Shape};

pub(crate) const COORD: Key = Key::new(
    "coord",
    COORDINATOR,
    "Milvus coordinators; with two hosts, one stands by.",
);
pub(crate) const DATA: Key = Key::new("data", STATELESS, "Milvus data nodes.");
pub(crate) const STREAMING: Key = Key::new(
    "streaming",
    STATELESS,
    "Milvus streaming nodes (2.6 on); what is not set here is as for `data`.",
);
pub(crate) const INDEX: Key = Key::new(
    "index",
    STATELESS,
    "Milvus index nodes; from 2.6 on its hosts run data nodes.",
);
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

/// The words for how coordinators run.
const WAYS: &[&str] = &["separate", MIXED];
/// One process for all of them.
pub(crate) const MIXED: &str = "mixed";

pub(crate) const COORDINATORS: Key = Key::new(
    "coordinators",
    Shape::OneOf(WAYS),
    "How coordinators run: `separate`, a process for each, or `mixed`, one for all (2.3 on). Default \
     separate; from 2.6 on they are always mixed.",
);
