//! What of Milvus' settings follows from etcd.

/// Settings of Milvus that the tool derives, and where their values come from.
pub const OWNED: &[(&str, &str)] = &[
    (
        "etcd.endpoints",
        "it follows from the hosts with the role `etcd`",
    ),
    ("etcd.rootPath", "it is the name of the cluster"),
];
