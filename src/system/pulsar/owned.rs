//! What of Milvus' settings follows from Pulsar.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub(super) const OWNED: &[(&str, &str)] = &[
    (
        "pulsar.address",
        "it follows from the hosts with the role `broker`",
    ),
    (
        "pulsar.port",
        "it follows from the hosts with the role `broker`",
    ),
    ("mq.type", "it follows from `log`, and is Pulsar without it"),
    (
        "msgChannel.chanNamePrefix.cluster",
        "it is the name of the cluster",
    ),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub(super) const KEPT: &[Kept] = &[
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

/// `stacks/pulsar.yml` gives it to the brokers; they hang up on whoever sends more. Milvus' own bound is
/// among the settings of `log`, as upstream's charts set it: 5 MiB up to 2.4 (milvus-helm 4.2.25,
/// `pulsar.maxMessageSize`), from 2.5 on the brokers' (4.2.58, `pulsarv3.broker.configData`); the images
/// have 2 MiB from 2.4 on, for brokers that are as Pulsar has them.
pub const MAX_MESSAGE: u64 = 104_857_600;
/// Milvus' setting for what it sends at most.
pub const MAX_MESSAGE_KEY: &str = "pulsar.maxMessageSize";
