//! What a stack file says in vain: Swarm takes it and does something else, or nothing.

use super::error::{Path, Place};

/// Something that Swarm drops or reads in a surprising way.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: {path} {quirk}")]
pub struct Warning {
    pub place: Place,
    pub path: Path,
    pub quirk: Quirk,
}

/// What happens to the value.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Quirk {
    /// docker/cli prints "ignoring IP-address" and publishes on every address.
    #[error("names the address `{address}`, which Swarm ignores: it listens on all addresses")]
    AddressIgnored { address: String },
    #[error("is empty, so the variable of the same name where the deployment runs takes its place")]
    EmptyReplaced,
    #[error("is ignored by Swarm")]
    Ignored,
    /// docker/cli 20.10 and older take a file without `version` for version 1.0.
    #[error("has no `version`, which the docker CLI before 23.0 refuses")]
    NoVersion,
    #[error("has the word `{word}`, a boolean to the docker CLI before 28; write it in quotes")]
    OldBoolean { word: String },
    /// docker/cli `convertRestartPolicy`.
    #[error("is ignored beside `{by}`")]
    Replaced { by: &'static str },
    #[error("is not set, so every deployment sets it to 1 again")]
    ReplicasReset,
    /// docker/cli says "Defaulting to a blank string", and takes what its own shell has.
    #[error("names the variable `{name}`, which nothing sets here: it is empty")]
    Unset { name: String },
    #[error(
        "has `{text}`: without braces the default takes the rest of the text; write `${{NAME-default}}`"
    )]
    UnbracedDefault { text: String },
}
