//! The grammar of inventories: one table, read by the checker and by the JSON Schema.

use super::names::Form;
use super::shape::{Key, Shape};

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

const CPUS: Key = Key::new("cpus", BOUNDS_CPUS, "CPUs of each task.");
const MEMORY: Key = Key::new("memory", BOUNDS_MEMORY, "Memory of each task.");
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

const MEMBER: Shape = Shape::Map(&[CPUS, MEMORY]);
const STATELESS: Shape = Shape::Map(&[REPLICAS, PER_HOST, CPUS, MEMORY]);
const COORDINATOR: Shape = Shape::Map(&[REPLICAS, CPUS, MEMORY]);
const STORAGE: Shape = Shape::Map(&[
    Key::new(
        "drives",
        Shape::Whole(1, 64),
        "MinIO drives on each host; default 1.",
    ),
    CPUS,
    MEMORY,
]);
const ZOOKEEPER: Shape = Shape::Map(&[HEAP, CPUS, MEMORY]);
const JAVA: Shape = Shape::Map(&[HEAP, DIRECT, CPUS, MEMORY]);

/// The settings that each role takes; `manager` takes none.
pub const ROLES: &[Key] = &[
    Key::new("etcd", MEMBER, "etcd members, one per host."),
    Key::new("minio", STORAGE, "MinIO members, one per host."),
    Key::new("zookeeper", ZOOKEEPER, "ZooKeeper members, one per host."),
    Key::new("bookie", JAVA, "BookKeeper members, one per host."),
    Key::new("broker", JAVA, "Pulsar brokers, one per host."),
    Key::new(
        "coord",
        COORDINATOR,
        "Milvus coordinators; with two hosts, one stands by.",
    ),
    Key::new("data", STATELESS, "Milvus data nodes."),
    Key::new("index", STATELESS, "Milvus index nodes (before 2.6)."),
    Key::new("query", STATELESS, "Milvus query nodes."),
    Key::new("proxy", STATELESS, "Milvus proxies."),
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

const IMAGE: Shape = Shape::Word(Form::Image);

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
    Key::new(
        "milvus",
        IMAGE,
        "Image of Milvus in place of the release's.",
    ),
    Key::new("etcd", IMAGE, "Image of etcd in place of the release's."),
    Key::new("minio", IMAGE, "Image of MinIO in place of the release's."),
    Key::new(
        "pulsar",
        IMAGE,
        "Image of Pulsar, BookKeeper and ZooKeeper in place of the release's.",
    ),
]);

const PORT: Shape = Shape::Whole(1, 65_535);

const PUBLISH: Shape = Shape::Map(&[
    Key::new(
        "proxy",
        PORT,
        "Port of Milvus on the proxies' hosts; default 19530, null for none.",
    ),
    Key::new(
        "minio",
        PORT,
        "Port of MinIO's S3 interface on its hosts; default none.",
    ),
    Key::new(
        "console",
        PORT,
        "Port of MinIO's console on its hosts; default none.",
    ),
    Key::new(
        "metrics",
        PORT,
        "Port of the proxies' health and metrics; default none.",
    ),
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
    Key::new(
        "minio_user",
        Shape::Word(Form::User),
        "Name of MinIO's root user.",
    ),
    Key::new(
        "minio_password",
        Shape::Password,
        "Password of MinIO's root user.",
    ),
    Key::new(
        "root_password",
        Shape::Password,
        "Password of Milvus's root user.",
    ),
]);

/// The keys under a password.
pub const PASSWORD: &[Key] = &[Key::required(
    "file",
    Shape::Word(Form::File),
    "File that holds the password; a relative path begins at the inventory.",
)];

const COPIES: Shape = Shape::Whole(1, 64);

const PULSAR: Shape = Shape::Map(&[
    Key::new(
        "ensemble",
        COPIES,
        "Bookies that a ledger is striped over; default 2.",
    ),
    Key::new("write_quorum", COPIES, "Copies of each entry; default 2."),
    Key::new(
        "ack_quorum",
        COPIES,
        "Copies confirmed before a write counts; default 2.",
    ),
]);

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
    Key::new("pulsar", PULSAR, "Copies of Pulsar's ledgers."),
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
