//! The images that a cluster runs.

/// The images that a cluster runs.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Image {
    Etcd,
    Milvus,
    Minio,
    Pulsar,
}

impl Image {
    /// Every image, by name.
    pub const ALL: [Self; 4] = [Self::Etcd, Self::Milvus, Self::Minio, Self::Pulsar];

    /// Its key under `images`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Milvus => "milvus",
            Self::Minio => "minio",
            Self::Pulsar => "pulsar",
        }
    }

    /// How people write it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::Milvus => "Milvus",
            Self::Minio => "MinIO",
            Self::Pulsar => "Pulsar",
        }
    }
}
