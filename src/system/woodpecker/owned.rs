//! What of Milvus' settings follows from Woodpecker.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub(super) const OWNED: &[(&str, &str)] = &[
    ("woodpecker.storage.type", "it follows from `log`"),
    (
        "woodpecker.client.quorum.quorumBufferPools",
        "it follows from the hosts with the role `woodpecker`",
    ),
    (
        "woodpecker.client.quorum.quorumSelectStrategy.replicas",
        "it is `copies` of `log.woodpecker_service`",
    ),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub(super) const KEPT: &[Kept] = &[
    (
        "woodpecker.meta.type",
        &["etcd"],
        "what Woodpecker knows of the log is in etcd",
    ),
    (
        "woodpecker.meta.prefix",
        &["woodpecker"],
        "elsewhere Woodpecker would not find its log",
    ),
    (
        "woodpecker.storage.forceLocalStorage",
        &["false"],
        "a task that starts on another host would not find the log",
    ),
];
