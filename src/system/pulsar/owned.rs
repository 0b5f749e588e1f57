//! What of Milvus' settings follows from Pulsar.

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

/// `stacks/pulsar.yml` gives it to the brokers; they hang up on whoever sends more.
pub const MAX_MESSAGE: u64 = 104_857_600;
/// Milvus' setting for what it sends at most.
pub const MAX_MESSAGE_KEY: &str = "pulsar.maxMessageSize";
