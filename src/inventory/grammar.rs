//! The grammar of inventories: one table, read by the checker and by the JSON Schema. What it
//! says of a system is in the system's folder.

use super::names::Form;
use super::shape::{Key, Shape};
use crate::system::grammar::{CREDENTIALS, HOLES, IMAGES, LOG, PUBLISH, ROLES, STORAGE};
use crate::system::{milvus, pulsar};

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

pub(crate) const REGISTRY: Key = Key::new(
    "registry",
    Shape::Word(Form::Registry),
    "Prefix for every image of the release, such as registry.example.com/mirror.",
);
pub(crate) const RESOLVING: Key = Key::new(
    "resolve",
    Shape::OneOf(RESOLVE),
    "When digests are asked of the registry; default changed.",
);

pub(crate) const PORT: Shape = Shape::Whole(1, 65_535);

/// Each IPv4 network carries packets of 576 bytes, and no packet has more than 65535 (RFC 791).
const MTU: Shape = Shape::Whole(576, 65_535);

const NETWORK: Shape = Shape::Map(&[
    Key::new(
        "encrypted",
        Shape::Bool,
        "Encrypt what hosts send each other; default false.",
    ),
    Key::new(
        "subnet",
        Shape::Word(Form::Subnet),
        "Subnet of the network that everything is on, such as 10.50.0.0/20; to change it, everything \
         is stopped. Default: a free part of Swarm's pool with room for twice the tasks.",
    ),
    Key::new(
        "front_subnet",
        Shape::Word(Form::Subnet),
        "The same of the network of what is reached from outside, or reaches what is there.",
    ),
    Key::new(
        "mtu",
        MTU,
        "Largest packet in bytes that the network between the hosts carries, where that is not 1500: \
         tunnels and some clouds carry less. To change it, everything is stopped.",
    ),
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
        "Milvus version, such as 2.6 or 2.6.24; default: what is there, and 2.6 for a new cluster.",
    ),
    Key::new(
        "accept",
        Shape::SomeOf(&HOLES),
        "Known holes that the cluster may have, by name; without, what has one is refused.",
    ),
    Key::new("images", Shape::Map(IMAGES), "Where images come from."),
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
        Shape::Map(&PUBLISH),
        "Ports that users reach; default: only Milvus.",
    ),
    Key::new("network", NETWORK, "The overlay networks of the cluster."),
    Key::new(
        "credentials",
        Shape::Map(CREDENTIALS),
        "Credentials; what is absent is generated.",
    ),
    milvus::grammar::COORDINATORS,
    pulsar::grammar::LEDGERS,
    STORAGE,
    LOG,
    Key::new(
        "stacks",
        Shape::Word(Form::File),
        "Folder with stack templates of your own; `milvus-swarm eject DIR` writes the shipped ones. A relative path begins at the inventory.",
    ),
];

/// The name that a file without `name` means.
pub const DEFAULT_NAME: &str = "milvus";
