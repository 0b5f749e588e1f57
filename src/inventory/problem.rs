//! Everything that can be wrong with an inventory, as data.

use thiserror::Error;

use crate::count::count;
use crate::role::Role;
use crate::system::STORAGE;

use super::model::Subnet;
use super::render::plain;
use super::size::{show_bytes, show_cpus};
use super::source::{MAX_BYTES, Source, Span};

/// Everything wrong with an inventory, in the order of the files.
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{}", self.summary())]
pub struct InventoryErrors {
    /// The texts that the places of the findings refer to.
    pub sources: Vec<Source>,
    pub findings: Vec<Finding>,
}

/// One thing wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    pub at: Span,
    /// Another place that it concerns, and what stands there.
    pub also: Option<(Span, &'static str)>,
    pub problem: Problem,
}

/// One of two bounds that contradict each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amount {
    Bytes(i64),
    Cpus(i64),
}

/// What can be wrong.
#[derive(Clone, Debug, Error, Eq, PartialEq)]
pub enum Problem {
    #[error("the file has {bytes} bytes, {MAX_BYTES} is the most")]
    TooLong { bytes: usize },
    #[error("byte {offset} is not UTF-8 text")]
    NotUtf8 { offset: usize },
    #[error("the text contains the control character U+{code:04X}")]
    ControlCharacter { code: u32 },
    #[error("this is not YAML: {message}")]
    Yaml { message: String },
    #[error("the text nests or repeats too much: {limit}")]
    TooMuch { limit: String },
    #[error("a second document begins here, but an inventory is one")]
    SecondDocument,
    #[error("the key `{key}` appears twice")]
    DuplicateKey { key: String },

    #[error("unknown key `{key}` in {place}")]
    UnknownKey {
        key: String,
        place: String,
        known: Vec<&'static str>,
    },
    #[error("{place} lacks the key `{key}`")]
    MissingKey { key: &'static str, place: String },
    #[error("{place} is {found}, but must be {expected}")]
    WrongType {
        place: String,
        found: &'static str,
        expected: String,
    },
    #[error("`{text}` is not {noun}: {why}")]
    BadValue {
        noun: &'static str,
        text: String,
        why: String,
    },
    #[error("`{text}` is not one of {}", .words.join(", "))]
    UnknownWord {
        text: String,
        words: &'static [&'static str],
    },
    #[error("`{text}` is not a whole number from {from} to {to}")]
    OutOfRange { text: String, from: u64, to: u64 },
    #[error("unknown role `{role}`")]
    UnknownRole { role: String },
    #[error("`{key}` holds a password itself")]
    InlinePassword { key: String },
    #[error("the address of an engine holds a password")]
    EnginePassword,
    #[error("`replicas` can't be set for `{role}`: it has one member on each host with the role")]
    ReplicasOfMembers { role: Role },
    #[error("the role `manager` has no settings: it marks the Swarm's managers")]
    ManagerSettings,
    #[error("the Milvus setting `{key}` belongs to the tool")]
    OwnedConfig { key: String, instead: &'static str },
    #[error("the Milvus setting `{key}` is no map, which would unset `{owned}`")]
    OwnedBelow {
        key: String,
        owned: &'static str,
        instead: &'static str,
    },
    #[error("the tool relies on the Milvus setting `{key}`, which is `{text}` here")]
    KeptConfig {
        key: String,
        text: String,
        values: &'static [&'static str],
        why: &'static str,
    },
    #[error("`{text}` is a word to Milvus, which takes `{key}` for false then")]
    WordForTruth {
        key: String,
        text: String,
        means: bool,
    },
    #[error("`{key}` and `{other}` are one setting to Milvus")]
    TwinKeys { key: String, other: String },
    #[error("`{text}` bytes are more than a message of the brokers may have, which is {most}")]
    MessageSize { text: String, most: u64 },

    #[error("`{key}` names two, and one keeps it")]
    TwoFillers { key: &'static str },
    #[error("`{key}`: {why}")]
    Filler { key: String, why: String },

    #[error("`{key}` stands in an overlay: only the first file names hosts")]
    HostsInOverlay { key: String },
    #[error("the inventory names no hosts")]
    NoHosts,
    #[error("{hosts} hosts are too many, {most} is the most")]
    TooManyHosts { hosts: usize, most: usize },
    #[error("host `{host}` is listed twice")]
    DuplicateHost { host: String },
    #[error("hosts `{one}` and `{other}` differ only in case")]
    SameName { one: String, other: String },
    #[error("`{name}` is a range, but a host under `hosts` has one name")]
    RangeInHost { name: String },
    #[error("`{key}` stands for {}, but `hosts` for {}", count(*.values as u64, "value"), count(*.hosts as u64, "host"))]
    RangeMismatch {
        key: &'static str,
        values: usize,
        hosts: usize,
    },
    #[error("hosts `{one}` and `{other}` have the same {key}, `{value}`")]
    SameValue {
        key: &'static str,
        value: String,
        one: String,
        other: String,
    },
    #[error("host `{host}` has two values of `{key}`: `{one}` and `{other}`")]
    Conflict {
        host: String,
        key: &'static str,
        one: String,
        other: String,
    },
    #[error("host `{host}` has no role")]
    NoRole { host: String },
    #[error("`@this` stands beside {}", count(*.others as u64, "other host"))]
    ThisNotAlone { others: usize },

    #[error("no host has the role {}", names(.roles))]
    MissingRoles { roles: Vec<Role> },
    #[error("an even {role}: {count} members survive no more failures than {}", .count - 1)]
    EvenMembers { role: Role, count: usize },
    #[error(
        "{} can't be built from {} with {} each",
        STORAGE.title, count(*.hosts, "host"), count(*.drives, "drive")
    )]
    MinioShape { hosts: u64, drives: u64 },
    #[error("`{larger}` is {large}, less than `{smaller}`, which is {small}")]
    QuorumOrder {
        larger: &'static str,
        large: u64,
        smaller: &'static str,
        small: u64,
    },
    #[error("each {one} goes to {ensemble} of `{role}`, but the role has {}", count(*.members, "host"))]
    FewMembers {
        role: Role,
        one: &'static str,
        ensemble: u64,
        members: u64,
        /// The setting that says so, and what it could say.
        setting: &'static [&'static str],
        fewer: Option<u64>,
    },
    #[error("{replicas} replicas of `{role}` do not fit on {} with {per_host} each", count(*.hosts, "host"))]
    TooManyReplicas {
        role: Role,
        replicas: u64,
        hosts: u64,
        per_host: u64,
    },
    #[error("Milvus {milvus} has no role `{role}` yet")]
    RoleEarly { role: Role, milvus: String },
    #[error("Milvus {milvus} does not run coordinators `{}`", if *.mixed { "mixed" } else { "separate" })]
    Coordinators { mixed: bool, milvus: String },
    #[error("`{role}` reserves {} but is limited to {}", show(.reserve), show(.limit))]
    ReserveOverLimit {
        role: Role,
        reserve: Amount,
        limit: Amount,
    },
    #[error(
        "the Java machine of `{role}` may take {} of heap and {} beside it, more than its limit of {}",
        show_bytes(*.heap), show_bytes(*.direct), show_bytes(*.limit)
    )]
    JvmOverLimit {
        role: Role,
        heap: i64,
        direct: i64,
        limit: i64,
    },
    #[error("port {port} is published twice: as `{one}` and as `{other}`")]
    PortTwice {
        port: u16,
        one: &'static str,
        other: &'static str,
    },
    #[error("{per_host} proxies on one host can't all publish port {port}")]
    PortPerHost { per_host: u64, port: u16 },
    #[error("the subnet {subnet} has room for {} addresses, but {needed} are needed", .subnet.room())]
    SmallSubnet { subnet: Subnet, needed: u64 },
    #[error("the subnets {subnet} and {other} have addresses in common")]
    SubnetsOverlap { subnet: Subnet, other: Subnet },
}

/// `` `a`, `b` or `c` ``
fn names(roles: &[Role]) -> String {
    let all: Vec<String> = roles.iter().map(|role| format!("`{role}`")).collect();
    match all.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => all.concat(),
    }
}

fn show(amount: &Amount) -> String {
    match amount {
        Amount::Bytes(bytes) => show_bytes(*bytes),
        Amount::Cpus(nanos) => format!("{} CPUs", show_cpus(*nanos)),
    }
}

impl Problem {
    pub(super) const fn too_long(bytes: usize) -> Self {
        Self::TooLong { bytes }
    }
}

impl Finding {
    /// A finding that concerns one place.
    #[must_use]
    pub const fn at(at: Span, problem: Problem) -> Self {
        Self {
            at,
            also: None,
            problem,
        }
    }

    /// The same finding, with another place that it concerns.
    #[must_use]
    pub const fn also(mut self, at: Span, what: &'static str) -> Self {
        self.also = Some((at, what));
        self
    }
}

impl InventoryErrors {
    /// One line: the first finding, and how many there are.
    #[must_use]
    pub fn summary(&self) -> String {
        let Some(first) = self.findings.first() else {
            return "no error".into();
        };
        let place = self
            .sources
            .get(first.at.source)
            .map_or_else(String::new, |source| {
                let (line, column) = source.line_column(first.at.start);
                format!("{}:{line}:{column}: ", source.name)
            });
        match self.findings.len() {
            1 => format!("{place}{}", plain(&first.problem.to_string())),
            more => format!(
                "{place}{} (and {} more)",
                plain(&first.problem.to_string()),
                more - 1
            ),
        }
    }
}
