//! Errors as users see them: a sentence, a hint with the next command, an exit code.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::engine::EngineError;
use crate::execute::{Failure, sentences};
use crate::gate::Why;
use crate::inventory::InventoryErrors;
use crate::live::LastWords;
use crate::lock::{DEAD, Lock};
use crate::observed::lacks_image;
use crate::render::{RenderError, Sources};
use crate::report::{End, Line, Output};
use crate::snapshot::SnapshotError;
use crate::source::FileError;
use crate::wanted::WantedError;

/// Why a verb did not do its job.
#[derive(Debug, Error)]
pub enum CommandError {
    #[error("{0}")]
    Usage(String),
    /// A command line that is wrong, where there is more to say about what would be right.
    #[error("{why}")]
    Misused { why: String, hint: String },
    #[error("{0}")]
    Inventory(InventoryErrors),
    #[error(transparent)]
    Wanted(#[from] WantedError),
    #[error("`{}` holds none of the templates: {}", .0.display(), templates())]
    NoTemplates(PathBuf),
    /// A file that nothing would read.
    #[error("`{}` would not be read: stack files are not laid over one another", .file.display())]
    Layered { file: PathBuf, template: String },
    /// What one template was before stands beside what it became.
    #[error(
        "`{}` and `{}` make the same services, and only one of them would be read",
        .file.display(), .other.display()
    )]
    Twice {
        file: PathBuf,
        other: PathBuf,
        hint: String,
    },
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// An inventory that is named but cannot be read.
    #[error("no inventory: {0}")]
    NoInventory(FileError),
    /// A saved plan that is named but cannot be read.
    #[error("no saved plan: {0}")]
    NoPlan(FileError),
    /// A record of a Swarm that is named but cannot be read.
    #[error("no record: {0}")]
    NoRecord(FileError),
    /// A stack template, or the folder of them, that cannot be read.
    #[error("no stack template: {0}")]
    NoTemplate(FileError),
    /// A password file that is named but cannot be read.
    #[error("no password: {0}")]
    NoPassword(FileError),
    #[error("the password in `{path}` can't be used: {why}")]
    Password { path: String, why: String },
    /// What is asked for breaks a rule.
    #[error("{why}")]
    No { why: String, hint: String },
    /// The plan breaks a rule; it was printed with the refusals.
    #[error("the plan is refused: nothing was changed")]
    Refused,
    /// The user said no.
    #[error("nothing was changed")]
    Declined,
    /// The name that the user typed to lose the data is not the cluster's.
    #[error("`{typed}` is not the name of the cluster, `{name}` is: nothing was changed")]
    Misnamed { typed: String, name: String },
    #[error("{title}: {}", failure.message)]
    Step { title: String, failure: Failure },
    #[error("{title}: the gate did not open: {}", sentences(why))]
    Gate {
        title: String,
        why: Vec<Why>,
        words: Vec<LastWords>,
    },
    #[error("interrupted; what was done stays done")]
    Interrupted { again: String },
    /// Interrupted once more, while what was under way was waited for.
    #[error("ended at once: what was under way may be done or not")]
    CutShort { again: String },
    #[error("the Swarm moved since the plan was made: {0}")]
    Moved(String),
    /// Somebody else works on the cluster.
    #[error("{}", held(lock, *waited))]
    Held {
        lock: Box<Lock>,
        /// Seconds that it was waited for.
        waited: u64,
    },
    /// `unlock` found the holder alive.
    #[error("the lock is not removed: the run that holds it lives: {}", lock.holder)]
    Beats { lock: Box<Lock> },
    #[error("{how}; nothing new was started, what was done stays done")]
    Lost { how: String, again: String },
    #[error("{0}")]
    Failed(String),
}

fn held(lock: &Lock, waited: u64) -> String {
    let holder = &lock.holder;
    if waited == 0 {
        format!("somebody else works on the cluster: {holder}; nothing was changed")
    } else {
        format!(
            "after {waited}s somebody else still works on the cluster: {holder}; nothing was changed"
        )
    }
}

fn templates() -> String {
    Sources::names().collect::<Vec<_>>().join(", ")
}

impl CommandError {
    /// A file that is no usable snapshot.
    pub(super) fn snapshot(path: &Path, error: &SnapshotError) -> Self {
        Self::Misused {
            why: format!("`{}` {error}", path.display()),
            hint: error.hint().to_owned(),
        }
    }

    /// The documented exit code.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Failed(_) | Self::File(_) => 1,
            Self::Usage(_) | Self::Misused { .. } | Self::NoPlan(_) | Self::NoRecord(_) => 2,
            Self::Inventory(_)
            | Self::Wanted(_)
            | Self::NoTemplates(_)
            | Self::NoTemplate(_)
            | Self::Layered { .. }
            | Self::Twice { .. }
            | Self::NoInventory(_)
            | Self::NoPassword(_)
            | Self::Password { .. } => 3,
            Self::No { .. } | Self::Refused | Self::Declined | Self::Misnamed { .. } => 4,
            Self::Engine(_) => 5,
            Self::Step { failure, .. } => {
                if failure.moved {
                    7
                } else {
                    1
                }
            }
            Self::Gate { .. } => 6,
            Self::Moved(_) => 7,
            Self::Held { .. } | Self::Beats { .. } | Self::Lost { .. } => 8,
            Self::Interrupted { .. } | Self::CutShort { .. } => 130,
        }
    }

    /// What the tasks that failed wrote last.
    fn words(&self) -> &[LastWords] {
        match self {
            Self::Gate { words, .. } => words,
            _ => &[],
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Engine(error) => error.hint(),
            Self::Step { failure, .. } => failure
                .hint
                .clone()
                .or_else(|| Some("run the same command again to go on from here".to_owned())),
            Self::Gate { why, .. } if why.iter().any(|why| lacks_image(&why.reason)) => Some(
                "the nodes can't get the image: see that its registry has it and answers there, or \
                 put it on them with `docker pull` or `docker load`; then run the same command again \
                 to go on"
                    .to_owned(),
            ),
            Self::Gate { .. } => Some(
                "look with `milvus-swarm status`, then run the same command again to go on"
                    .to_owned(),
            ),
            Self::Wanted(WantedError::Lint(_)) => Some(
                "docs/stacks.md says what an edit must keep; `milvus-swarm eject DIR` writes the \
                 shipped templates, to compare"
                    .to_owned(),
            ),
            Self::Wanted(WantedError::Render(
                RenderError::Endless { .. } | RenderError::TooLong { .. },
            )) => Some(
                "look there for a loop around a loop that need not be; `milvus-swarm eject DIR` \
                 writes the shipped templates, to compare"
                    .to_owned(),
            ),
            Self::NoTemplates(dir) => Some(format!(
                "write them there: milvus-swarm eject {}",
                dir.display()
            )),
            Self::Layered { template, .. } => Some(format!("edit `{template}` itself")),
            Self::Twice { hint, .. } => Some(hint.clone()),
            Self::NoInventory(_) => Some(
                "name the file with `-i FILE`; `milvus-swarm init > FILE` writes one to start from"
                    .to_owned(),
            ),
            Self::NoPlan(_) => Some(
                "`milvus-swarm plan --out FILE` saves one; an inventory is named with `-i FILE`"
                    .to_owned(),
            ),
            Self::NoPassword(_) | Self::Password { .. } => Some(
                "mend the file, or leave it out of `credentials` and a password is generated"
                    .to_owned(),
            ),
            Self::No { hint, .. } | Self::Misused { hint, .. } => Some(hint.clone()),
            Self::Interrupted { again } => Some(format!("`{again}` goes on from here")),
            Self::CutShort { again } => Some(format!(
                "`{again}` goes on from here; the lock may be left behind, and is taken over once it \
                 has not moved for {}s",
                DEAD.as_secs()
            )),
            Self::Moved(_) => {
                Some("run the same command again, or look first: milvus-swarm plan".to_owned())
            }
            Self::Held { .. } => Some(
                "wait for it with `--lock-wait 600`; if that run is gone for good, \
                 `milvus-swarm unlock`"
                    .to_owned(),
            ),
            Self::Beats { .. } => Some(
                "wait for its end, or stop it there; `milvus-swarm unlock --force` makes it start \
                 nothing more from its next beat on, within some seconds"
                    .to_owned(),
            ),
            Self::Lost { again, .. } => Some(format!(
                "see who works on it with `milvus-swarm status`; `{again}` goes on from here"
            )),
            _ => None,
        }
    }
}

/// Prints an error where people or programs look for it.
pub(super) fn report(error: &CommandError, output: Output) {
    if output.events {
        output.line(&Line::End(End::Error {
            code: error.code(),
            message: error.to_string(),
            hint: error.hint(),
            logs: error.words().to_vec(),
        }));
        return;
    }
    if let CommandError::Inventory(errors) = error {
        output.say(errors.render().trim_end());
        return;
    }
    // What the user chose is no error.
    let head = match error {
        CommandError::Declined => output.err.change("declined:"),
        _ => output.err.bad("error:"),
    };
    output.say(&format!("{head} {error}"));
    for words in error.words() {
        let head = format!("{} on {} ({}):", words.task, words.node, words.state);
        output.say(&format!("\n{} {head}", output.err.faint("last lines of")));
        for line in &words.lines {
            let line = line.replace(char::is_control, " ");
            output.say(&format!("  {line}"));
        }
    }
    if let Some(hint) = error.hint() {
        output.say(&format!("\n{} {hint}", output.err.change("hint:")));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_that_nodes_cannot_get_is_what_the_hint_is_about() {
        let shut = |reason: &str| {
            let error = CommandError::Gate {
                title: "wait for etcd".to_owned(),
                why: vec![Why {
                    subject: "etcd-0".to_owned(),
                    reason: reason.to_owned(),
                }],
                words: Vec::new(),
            };
            error.hint().expect("a hint")
        };
        // As 20.10, 29.8 and 29.8 with containerd's image store say it, of a registry that has it
        // not, wants a password, has had enough, is broken, or can't be reached.
        for docker in [
            "No such image: r/etcd:v3.5.25",
            "manifest unknown",
            "unauthorized",
            "denied",
            "toomanyrequests: You have reached your pull rate limit",
            "received unexpected HTTP status: 500 Internal Server Error",
            "Get \"https://r/v2/\": dial tcp: lookup r on 10.0.0.1:53: no such host",
            "failed to resolve reference \"r/etcd:v3.5.25\": r/etcd:v3.5.25: not found",
            "error from registry: denied\ndenied",
        ] {
            let hint = shut(&format!("is rejected on node02: {docker}"));
            assert!(
                hint.starts_with("the nodes can't get the image"),
                "{docker}"
            );
        }
        for other in [
            "is starting on node02",
            "is rejected on node02: mkdir /data: permission denied",
        ] {
            assert!(shut(other).starts_with("look with `milvus-swarm status`"));
        }
    }
}
