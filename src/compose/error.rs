//! What can be wrong with a stack file, and where.

use std::fmt;

use super::image::ImageError;

/// A place in the file; lines and columns count from 1, and 0 means unknown.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    pub line: u64,
    pub column: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} column {}", self.line, self.column)
    }
}

/// The way to a value: keys joined with dots, list positions in brackets; empty is the file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Path(pub String);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            f.write_str("the stack file")
        } else {
            write!(f, "`{}`", self.0)
        }
    }
}

/// Why a stack file cannot be read.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{place}: {path} {problem}")]
pub struct StackError {
    pub place: Place,
    pub path: Path,
    pub problem: Problem,
}

/// What is wrong with one value.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Problem {
    #[error("cannot be used together with `{with}`")]
    Conflict { with: String },
    #[error("is a date to YAML; write it in quotes")]
    Date,
    #[error("has `{item}` twice")]
    Duplicate { item: String },
    #[error("has {bytes} bytes but must have between 1 and {limit}")]
    FileSize { bytes: usize, limit: usize },
    #[error("brings the ports that the file publishes to more than {limit}")]
    ManyPorts { limit: usize },
    #[error("names the file `{file}`, which cannot be read")]
    FileMissing { file: String },
    #[error("is a key that `docker stack deploy` forbids: {instead}")]
    Forbidden { instead: &'static str },
    #[error("is not an image: {0}")]
    Image(#[from] ImageError),
    #[error("has `{text}`: a variable is `${{NAME}}`, and a dollar sign is `$$`")]
    Interpolation { text: String },
    #[error("has `{text}`, which is not {wanted}")]
    Invalid { text: String, wanted: &'static str },
    #[error("has {found} for a key; keys must be strings, so write it in quotes")]
    Key { found: &'static str },
    #[error("lacks `{key}`")]
    Missing { key: &'static str },
    #[error(
        "starts with `{first}`, so no probe ever runs and the task waits for its health for ever; begin the list with `CMD` or `CMD-SHELL`"
    )]
    ProbeNeverRuns { first: String },
    #[error("needs the variable `{name}`: {message}")]
    Required { name: String, message: String },
    #[error("has a second document, which `docker stack deploy` drops without a word")]
    SecondDocument,
    #[error("has {bytes} bytes; the limit is {limit}")]
    TooLarge { bytes: usize, limit: usize },
    #[error("refers to the {kind} `{name}`, which the file does not define")]
    Undefined { kind: &'static str, name: String },
    #[error("has the unknown key `{key}`{}", meant.as_ref().map(|m| format!("; did you mean `{m}`?")).unwrap_or_default())]
    UnknownKey { key: String, meant: Option<String> },
    #[error("is not supported: {why}")]
    Unsupported { why: &'static str },
    #[error("has `{key}`, which needs `version: \"{since}\"` or later")]
    Version {
        key: &'static str,
        since: &'static str,
    },
    #[error("must be {wanted}, not {found}")]
    WrongType {
        wanted: &'static str,
        found: &'static str,
    },
    #[error("is not YAML that can be read: {message}")]
    Yaml { message: String },
}
