//! What of Milvus' settings follows from MinIO.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub(super) const OWNED: &[(&str, &str)] = &[
    (
        "minio.address",
        "it follows from the hosts with the role `minio`",
    ),
    (
        "minio.port",
        "it follows from the hosts with the role `minio`",
    ),
    ("minio.accessKeyID", "Milvus has a user of its own in MinIO"),
    (
        "minio.secretAccessKey",
        "the key is a secret; `credentials set minio` makes another one",
    ),
    (
        "minio.useSSL",
        "MinIO listens without TLS; `network.encrypted` encrypts the whole network",
    ),
    (
        "minio.bucketName",
        "it follows from `name`, the name of the cluster",
    ),
    (
        "minio.rootPath",
        "it stays `files`: elsewhere Milvus would not find what it stored",
    ),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub(super) const KEPT: &[Kept] = &[
    ("common.storageType", &["minio", "remote"], STORE),
    ("minio.cloudProvider", &["aws"], STORE),
    ("minio.useIAM", &["false"], STORE),
    ("minio.useVirtualHost", &["false"], STORE),
];

const STORE: &str = "objects are in MinIO, or where `storage` says";
