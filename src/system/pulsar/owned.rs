//! What of Milvus' settings follows from Pulsar.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub const OWNED: &[(&str, &str)] = &[
    (
        "pulsar.address",
        "it follows from the hosts with the role `broker`",
    ),
    (
        "pulsar.port",
        "it follows from the hosts with the role `broker`",
    ),
    ("mq.type", "the cluster's queue is Pulsar"),
    (
        "msgChannel.chanNamePrefix.cluster",
        "it is the name of the cluster",
    ),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub const KEPT: &[Kept] = &[
    (
        "pulsar.tenant",
        &["public"],
        "Pulsar is made with the tenant `public` alone",
    ),
    (
        "pulsar.namespace",
        &["default"],
        "Pulsar is made with the namespace `public/default` alone",
    ),
    // The first is the brokers', the second Milvus' own, which whole files of upstream repeat.
    (
        "pulsar.webport",
        &["8080", "80"],
        "brokers are asked for subscriptions on 8080",
    ),
];

/// `stacks/pulsar.yml` gives it to the brokers; they hang up on whoever sends more.
pub const MAX_MESSAGE: u64 = 104_857_600;
/// Milvus' setting for what it sends at most.
pub const MAX_MESSAGE_KEY: &str = "pulsar.maxMessageSize";
