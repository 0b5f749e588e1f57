//! What of Milvus' settings follows from etcd.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub(super) const OWNED: &[(&str, &str)] = &[
    (
        "etcd.endpoints",
        "it follows from the hosts with the role `etcd`",
    ),
    ("etcd.rootPath", "it is the name of the cluster"),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub(super) const KEPT: &[Kept] = &[
    (
        "etcd.metaSubPath",
        &["meta"],
        "sessions and root's credential are looked for below `meta`",
    ),
    (
        "etcd.kvSubPath",
        &["kv"],
        "half of the cluster would look for its state elsewhere",
    ),
    // It is written from 3.0 on, where Milvus would else log in as `etcdadmin` with a password of that
    // name (milvus#48598; `configs/milvus.yaml:64`).
    ("etcd.auth.enabled", &["false"], "etcd has no users here"),
    ("etcd.ssl.enabled", &["false"], "etcd listens without TLS"),
    ("etcd.use.embed", &["false"], "etcd runs beside Milvus"),
    ("metastore.type", &["etcd"], "metadata is in etcd"),
];
