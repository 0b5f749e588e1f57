//! The forms that single words of an inventory take: which text is a host name, a version, an image.

use crate::role::Role;

use super::words::{
    absolute_dir, address, bucket, cluster, each, endpoint, engine, file, host_name, image, milvus,
    object_path, registry, subnet, user, zone,
};
use super::{pattern, size};

/// The placeholder that stands for the machine that the tool talks to.
pub const THIS_HOST: &str = "@this";

/// The form that a scalar must have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    AbsoluteDir,
    Address,
    Bucket,
    Cluster,
    Cpus,
    Endpoint,
    Engine,
    File,
    HostName,
    HostPattern,
    Image,
    MilvusVersion,
    ObjectPath,
    Registry,
    Role,
    Size,
    Subnet,
    User,
    Zone,
}

impl Form {
    /// What such a value is called, with its article.
    #[must_use]
    pub const fn noun(self) -> &'static str {
        match self {
            Self::AbsoluteDir => "an absolute directory",
            Self::Address => "an address",
            Self::Bucket => "a bucket name",
            Self::Cluster => "a cluster name",
            Self::Cpus => "a number of CPUs",
            Self::Endpoint => "an endpoint",
            Self::Engine => "an engine endpoint",
            Self::File => "a file name",
            Self::HostName => "a host name",
            Self::HostPattern => "a host name or range",
            Self::Image => "an image reference",
            Self::MilvusVersion => "a Milvus version",
            Self::ObjectPath => "a path of objects",
            Self::Registry => "a registry prefix",
            Self::Role => "a role",
            Self::Size => "a memory size",
            Self::Subnet => "an IPv4 subnet",
            Self::User => "a user name",
            Self::Zone => "a zone",
        }
    }

    /// The form as a regular expression, as far as one can say it (for the JSON Schema).
    #[must_use]
    pub const fn pattern(self) -> &'static str {
        match self {
            Self::AbsoluteDir => r"^/[A-Za-z0-9._/-]*[A-Za-z0-9._-][A-Za-z0-9._/-]*$",
            Self::Address => r"^[A-Za-z0-9.:,\[\]-]+$",
            Self::Bucket => r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$",
            Self::Cluster => r"^[a-z]([a-z0-9-]{0,29}[a-z0-9])?$",
            Self::Cpus => r"^[0-9]+(\.[0-9]{1,9})?$",
            Self::Endpoint => r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?$",
            Self::Engine => r"^(unix|tcp|ssh)://[^\s]+$",
            Self::File => r"^[^\u0000-\u001f]+$",
            Self::HostName => r"^(@this|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)$",
            Self::HostPattern => r"^(@this|[A-Za-z0-9\[]([A-Za-z0-9.,\[\]-]*[A-Za-z0-9\]])?)$",
            Self::Image => concat!(
                r"^([A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?/)?[A-Za-z0-9][A-Za-z0-9._-]*",
                r"(/[A-Za-z0-9][A-Za-z0-9._-]*)*",
                r"(:[A-Za-z0-9_][A-Za-z0-9._-]*|(:[A-Za-z0-9_][A-Za-z0-9._-]*)?@sha256:[0-9a-f]{64})$"
            ),
            Self::MilvusVersion => r"^v?(2\.[2-6]|3\.0)(\.[0-9]+)?$",
            Self::ObjectPath => r"^[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*$",
            Self::Registry => {
                r"^[A-Za-z0-9][A-Za-z0-9._-]*(:[0-9]+)?(/[A-Za-z0-9][A-Za-z0-9._-]*)*$"
            }
            Self::Role => "",
            Self::Size => r"^[0-9]+(\.[0-9]+)? *([kKmMgGtT]?([iI]?[bB])?)$",
            Self::Subnet => r"^([0-9]{1,3}\.){3}[0-9]{1,3}/[0-9]{1,2}$",
            Self::User => r"^[A-Za-z0-9][A-Za-z0-9._-]{2,63}$",
            Self::Zone => r"^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$",
        }
    }

    /// Whether a bare number is taken by its written text (`milvus: 2.3`, `cpus: 8`).
    #[must_use]
    pub const fn takes_numbers(self) -> bool {
        matches!(
            self,
            Self::MilvusVersion
                | Self::Cpus
                | Self::Size
                | Self::Zone
                | Self::HostPattern
                | Self::HostName
        )
    }

    /// Why a text does not have this form.
    ///
    /// # Errors
    /// The reason, as the second half of a sentence.
    pub fn check(self, text: &str) -> Result<(), String> {
        if text.len() > 4096 {
            return Err(format!("it is {} bytes long", text.len()));
        }
        match self {
            Self::AbsoluteDir => absolute_dir(text),
            Self::Address => pattern::expand(text).and_then(|all| each(&all, address)),
            Self::Bucket => bucket(text),
            Self::Cluster => cluster(text),
            Self::Cpus => size::cpus(text).map(drop),
            Self::Endpoint => endpoint(text),
            Self::Engine => pattern::expand(text).and_then(|all| each(&all, engine)),
            Self::File => file(text),
            Self::HostName => host_name(text),
            Self::HostPattern => pattern::expand(text).and_then(|all| each(&all, host_name)),
            Self::Image => image(text),
            Self::MilvusVersion => milvus(text),
            Self::ObjectPath => object_path(text),
            Self::Registry => registry(text),
            Self::Role => Role::parse(text).map(drop).ok_or_else(String::new),
            Self::Size => size::bytes(text).map(drop),
            Self::Subnet => subnet(text).map(drop),
            Self::User => user(text),
            Self::Zone => zone(text),
        }
    }
}
