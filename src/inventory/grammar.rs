//! The grammar of inventories: one table, read by the checker and by the JSON Schema. What it
//! says of a system is in the system's folder.

use super::names::Form;
use super::shape::{Key, Shape};
use crate::system::{etcd, milvus, minio, pulsar};

const BOUNDS_CPUS: Shape = Shape::Map(&[
    Key::new(
        "reserve",
        Shape::Word(Form::Cpus),
        "CPUs set aside for each task.",
    ),
    Key::new(
        "limit",
        Shape::Word(Form::Cpus),
        "CPUs that a task may use at most.",
    ),
]);

const BOUNDS_MEMORY: Shape = Shape::Map(&[
    Key::new(
        "reserve",
        Shape::Word(Form::Size),
        "Memory set aside for each task, such as 32GiB.",
    ),
    Key::new(
        "limit",
        Shape::Word(Form::Size),
        "Memory that a task may use at most, such as 60GiB.",
    ),
]);

pub(crate) const CPUS: Key = Key::new("cpus", BOUNDS_CPUS, "CPUs of each task.");
pub(crate) const MEMORY: Key = Key::new("memory", BOUNDS_MEMORY, "Memory of each task.");
const HEAP: Key = Key::new("heap", Shape::Word(Form::Size), "Heap of the Java machine.");
const DIRECT: Key = Key::new(
    "direct",
    Shape::Word(Form::Size),
    "Memory outside the heap of the Java machine.",
);
const REPLICAS: Key = Key::new(
    "replicas",
    Shape::Whole(1, 10_000),
    "Tasks of the role; default: `per_host` on each host with the role.",
);
const PER_HOST: Key = Key::new(
    "per_host",
    Shape::Whole(1, 64),
    "The most tasks of the role on one host; default 1.",
);

pub(crate) const MEMBER: Shape = Shape::Map(&[CPUS, MEMORY]);
pub(crate) const STATELESS: Shape = Shape::Map(&[REPLICAS, PER_HOST, CPUS, MEMORY]);
pub(crate) const COORDINATOR: Shape = Shape::Map(&[REPLICAS, CPUS, MEMORY]);
pub(crate) const HEAP_ONLY: Shape = Shape::Map(&[HEAP, CPUS, MEMORY]);
pub(crate) const JAVA: Shape = Shape::Map(&[HEAP, DIRECT, CPUS, MEMORY]);

/// The settings that each role takes; `manager` takes none.
pub const ROLES: &[Key] = &[
    etcd::grammar::SETTINGS,
    minio::grammar::SETTINGS,
    pulsar::grammar::ZOOKEEPER,
    pulsar::grammar::BOOKIE,
    pulsar::grammar::BROKER,
    milvus::grammar::COORD,
    milvus::grammar::DATA,
    milvus::grammar::INDEX,
    milvus::grammar::QUERY,
    milvus::grammar::PROXY,
];

const ADDRESS: Key = Key::new(
    "address",
    Shape::Some(Form::Address),
    "IP address or DNS name; a range counts in step with the hosts.",
);
const ENGINE: Key = Key::new(
    "engine",
    Shape::Some(Form::Engine),
    "Endpoint of the host's engine, such as tcp://10.0.0.6:2376; a range counts in step with the hosts.",
);
const ZONE: Key = Key::new(
    "zone",
    Shape::Word(Form::Zone),
    "Failure domain: members and replicas spread over zones.",
);
const HOST_ROLES: Key = Key::new("roles", Shape::Some(Form::Role), "What the host runs.");

const GROUP: Shape = Shape::Map(&[
    Key::required(
        "hosts",
        Shape::Some(Form::HostPattern),
        "Host names and ranges: node[01-05,09].",
    ),
    HOST_ROLES,
    ZONE,
    ADDRESS,
    ENGINE,
]);

const HOST: Shape = Shape::Map(&[
    Key::required(
        "name",
        Shape::Word(Form::HostName),
        "The Swarm node's hostname; @this is the machine that the tool talks to.",
    ),
    Key::new(
        "address",
        Shape::Word(Form::Address),
        "IP address or DNS name.",
    ),
    Key::new(
        "engine",
        Shape::Word(Form::Engine),
        "Endpoint of the host's engine.",
    ),
    HOST_ROLES,
    ZONE,
]);

pub(crate) const IMAGE: Shape = Shape::Word(Form::Image);

/// The words for when digests are asked of a registry.
pub const RESOLVE: &[&str] = &["always", "changed", "never"];

const IMAGES: Shape = Shape::Map(&[
    Key::new(
        "registry",
        Shape::Word(Form::Registry),
        "Prefix for every image of the release, such as registry.example.com/mirror.",
    ),
    Key::new(
        "resolve",
        Shape::OneOf(RESOLVE),
        "When digests are asked of the registry; default changed.",
    ),
    milvus::grammar::IMAGE,
    etcd::grammar::IMAGE,
    minio::grammar::IMAGE,
    pulsar::grammar::IMAGE,
]);

pub(crate) const PORT: Shape = Shape::Whole(1, 65_535);

const PUBLISH: Shape = Shape::Map(&[
    milvus::grammar::PUBLISHED,
    minio::grammar::PUBLISHED,
    minio::grammar::CONSOLE,
    milvus::grammar::METRICS,
]);

const NETWORK: Shape = Shape::Map(&[
    Key::new(
        "encrypted",
        Shape::Bool,
        "Encrypt what hosts send each other; default false.",
    ),
    Key::new(
        "subnet",
        Shape::Word(Form::Subnet),
        "Subnet of the overlay network, such as 10.50.0.0/20; it can't be changed later.",
    ),
]);

const CREDENTIALS: Shape = Shape::Map(&[
    minio::grammar::USER,
    minio::grammar::PASSWORD,
    milvus::grammar::PASSWORD,
]);

/// The keys under a password.
pub const PASSWORD: &[Key] = &[Key::required(
    "file",
    Shape::Word(Form::File),
    "File that holds the password; a relative path begins at the inventory.",
)];

/// The keys of an inventory.
pub const INVENTORY: &[Key] = &[
    Key::new(
        "name",
        Shape::Word(Form::Cluster),
        "Name of the cluster; default milvus.",
    ),
    Key::new(
        "milvus",
        Shape::Word(Form::MilvusVersion),
        "Milvus version, such as 2.3 or 2.3.21; default 2.3.",
    ),
    Key::new("images", IMAGES, "Where images come from."),
    Key::new(
        "groups",
        Shape::List(&GROUP),
        "Hosts that share roles and settings.",
    ),
    Key::new("hosts", Shape::List(&HOST), "Hosts one by one."),
    Key::new(
        "roles",
        Shape::Map(ROLES),
        "Settings of each role across the cluster.",
    ),
    Key::new(
        "data",
        Shape::Map(&[Key::new(
            "dir",
            Shape::Word(Form::AbsoluteDir),
            "Directory on each host for all data.",
        )]),
        "Where data lives; default: named volumes.",
    ),
    Key::new(
        "config",
        Shape::Free,
        "Milvus configuration, merged over the tool's own.",
    ),
    Key::new(
        "publish",
        PUBLISH,
        "Ports that users reach; default: only Milvus.",
    ),
    Key::new("network", NETWORK, "The overlay network of the cluster."),
    Key::new(
        "credentials",
        CREDENTIALS,
        "Credentials; what is absent is generated.",
    ),
    pulsar::grammar::LEDGERS,
    Key::new(
        "stacks",
        Shape::Word(Form::File),
        "Folder with stack templates of your own; `milvus-swarm eject DIR` writes the shipped ones. A relative path begins at the inventory.",
    ),
];

/// The version that a file without `milvus` means.
pub const DEFAULT_MILVUS: &str = "2.3";
/// The name that a file without `name` means.
pub const DEFAULT_NAME: &str = "milvus";
