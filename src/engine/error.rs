//! Why the engine did not do what it was asked.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use super::names::Kind;

/// What an engine said when it did not do what it was asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// The request, as `POST /services/create`: never its body.
    pub request: String,
    pub status: u16,
    /// The engine's own words.
    pub message: String,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            request,
            status,
            message,
        } = self;
        write!(f, "`{request}` was answered {status}: {message}")
    }
}

/// Why the engine did not do what it was asked. `hint` says what to type next.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum EngineError {
    /// The words that should name an engine do not.
    #[error("{origin} names no Docker engine: {why}")]
    BadTarget { origin: String, why: String },
    /// The engine is on another machine, and TLS is not asked for.
    #[error(
        "{origin} is not used without TLS: anybody between here and there could read the passwords \
         of the cluster and act as root on its hosts"
    )]
    InClear { origin: String },
    /// A file that is needed to reach the engine cannot be used.
    #[error("cannot use `{path}`: {why}")]
    BadFile { path: String, why: String },
    /// Nothing answers there.
    #[error("no Docker engine answers at `{target}` ({origin}): {why}")]
    Unreachable {
        target: String,
        origin: String,
        why: String,
    },
    /// The engine's socket is not open to this user.
    #[error("permission denied at `{target}` ({origin})")]
    PermissionDenied { target: String, origin: String },
    /// The engine is older than the API this tool speaks.
    #[error("the engine at `{target}` speaks API {version}, but {wanted} is the oldest that works")]
    TooOld {
        target: String,
        version: String,
        wanted: String,
    },
    /// The engine is in no Swarm.
    #[error("the engine at `{target}` is in no Swarm")]
    NotASwarm { target: String },
    /// The engine is in a Swarm but cannot take part in it now.
    #[error("the engine at `{target}` is `{state}` in its Swarm: {why}")]
    NotReady {
        target: String,
        state: String,
        why: String,
    },
    /// The engine is a worker.
    #[error(
        "the engine at `{target}` is a worker; its managers are {}",
        list(managers)
    )]
    NotAManager {
        target: String,
        managers: Vec<String>,
    },
    /// The managers have lost their quorum, or are electing a leader.
    #[error("the Swarm of `{target}` has no leader: {why}")]
    NoLeader { target: String, why: String },
    /// Of several managers that were named.
    #[error("none of the {} managers that are named can serve: {}", errors.len(), sentences(errors))]
    NoneServes { errors: Vec<EngineError> },
    /// 404.
    #[error("{0}")]
    NotFound(Refused),
    /// An object that a spec names does not exist.
    #[error("there is no {kind} `{name}`")]
    Missing { kind: Kind, name: String },
    /// 409, or the same in words: the name is taken.
    #[error("{0}")]
    Conflict(Refused),
    /// Someone else changed the object since it was read.
    #[error("{0}")]
    OutOfSequence(Refused),
    /// The object cannot go while others use it.
    #[error("{0}")]
    InUse(Refused),
    /// 503.
    #[error("{0}")]
    Unavailable(Refused),
    /// Any other 4xx: asking again gives the same answer.
    #[error("{0}")]
    Rejected(Refused),
    /// Any other status.
    #[error("{0}")]
    Failed(Refused),
    /// No whole answer in time.
    #[error("`{request}` had no answer within {}s", after.as_secs_f32())]
    TimedOut { request: String, after: Duration },
    /// The fence gave no leave to send it.
    #[error("`{request}` was not sent: {why}")]
    Withheld { request: String, why: String },
    /// The connection ended before the whole answer.
    #[error("`{request}` was cut off: {why}")]
    CutOff { request: String, why: String },
    /// The answer is longer than any that makes sense.
    #[error("`{request}` was answered with more than {limit} bytes")]
    TooLong { request: String, limit: usize },
    /// The answer is not what the Engine API says it is.
    #[error("`{request}` was answered with something else than expected: {why}")]
    NotUnderstood { request: String, why: String },
    /// A command in a container did not start.
    #[error("cannot run a command in container `{container}`: {why}")]
    NoExec { container: String, why: String },
}

fn sentences(errors: &[EngineError]) -> String {
    let errors: Vec<String> = errors.iter().map(ToString::to_string).collect();
    errors.join("; ")
}

fn list(words: &[String]) -> String {
    if words.is_empty() {
        return "not known to it".into();
    }
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    quoted.join(", ")
}

impl EngineError {
    /// Sorts an answer that is no success.
    #[must_use]
    pub(crate) fn refused(request: &str, status: u16, message: String) -> Self {
        let text = message.to_ascii_lowercase();
        let refused = Refused {
            request: request.into(),
            status,
            message,
        };
        if text.contains("update out of sequence") {
            return Self::OutOfSequence(refused);
        }
        if (400..500).contains(&status)
            && (text.contains("in use by") || text.contains("has active endpoints"))
        {
            return Self::InUse(refused);
        }
        match status {
            404 => Self::NotFound(refused),
            _ if text.contains("already exists") => Self::Conflict(refused),
            409 => Self::Conflict(refused),
            503 => Self::Unavailable(refused),
            400..=499 => Self::Rejected(refused),
            _ => Self::Failed(refused),
        }
    }

    /// What the engine answered, if it answered.
    #[must_use]
    pub fn answer(&self) -> Option<&Refused> {
        match self {
            Self::NotFound(refused)
            | Self::Conflict(refused)
            | Self::OutOfSequence(refused)
            | Self::InUse(refused)
            | Self::Unavailable(refused)
            | Self::Rejected(refused)
            | Self::Failed(refused) => Some(refused),
            _ => None,
        }
    }

    /// Whether the same request may well succeed a little later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        match self {
            // An engine that left its Swarm, or was demoted, does not come back by itself.
            Self::Unavailable(refused) => !refused.message.contains("not a swarm manager"),
            Self::InUse(_)
            | Self::TimedOut { .. }
            | Self::CutOff { .. }
            | Self::Unreachable { .. }
            | Self::NoLeader { .. } => true,
            Self::NoneServes { errors } => errors.iter().any(Self::may_pass),
            Self::Failed(refused) => {
                let text = refused.message.to_ascii_lowercase();
                text.contains("deadline exceeded") || text.contains("does not have a leader")
            }
            _ => false,
        }
    }

    /// What to type next.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::BadTarget { .. } => {
                "name the engine of a Swarm manager, as `--host ssh://user@manager`, \
                 or a Docker context with `DOCKER_CONTEXT`"
                    .into()
            }
            Self::InClear { .. } => {
                "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder with `ca.pem`, `cert.pem` \
                 and `key.pem`; or go through `ssh://user@host`; `--insecure` does without, on a \
                 network where nobody else is"
                    .into()
            }
            Self::Unreachable { target, .. } => {
                format!(
                    "try `docker --host {target} version`; another engine is named with `--host`"
                )
            }
            Self::PermissionDenied { .. } => {
                "add this user to the group `docker` (`sudo usermod -aG docker $USER`, then log in \
                 again), or use `--host ssh://user@manager`"
                    .into()
            }
            Self::TooOld { .. } => "upgrade Docker on the managers to 20.10 or later".into(),
            Self::NotASwarm { target } => format!(
                "make it one with `docker --host {target} swarm init`, or name a manager with `--host`"
            ),
            Self::NotReady { target, state, .. } if state == "locked" => {
                format!("unlock it with `docker --host {target} swarm unlock`")
            }
            Self::NotReady { target, .. } => format!("look at `docker --host {target} info`"),
            // An engine says who they are, and commands are copied: only what is an address is one.
            Self::NotAManager { managers, .. } => {
                let mut managers = managers.iter();
                match managers.find_map(|manager| manager.parse::<IpAddr>().ok()) {
                    Some(IpAddr::V4(manager)) => format!("use `--host ssh://{manager}`"),
                    Some(IpAddr::V6(manager)) => format!("use `--host ssh://[{manager}]`"),
                    None => "name a manager with `--host`".into(),
                }
            }
            Self::NoLeader { .. } => {
                "start the stopped managers; if more than half are lost for ever, \
                 `docker swarm init --force-new-cluster` on one that is left"
                    .into()
            }
            Self::NoneServes { errors } => return errors.iter().find_map(Self::hint),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_sorted_by_status_and_text() {
        let sort = |status, text: &str| EngineError::refused("GET /x", status, text.into());
        let late = "rpc error: code = Unknown desc = update out of sequence";
        assert!(matches!(sort(500, late), EngineError::OutOfSequence(_)));
        assert!(matches!(sort(400, late), EngineError::OutOfSequence(_)));
        let used = "rpc error: config 'a' is in use by the following service: b";
        assert!(matches!(sort(400, used), EngineError::InUse(_)));
        assert!(matches!(sort(404, "no"), EngineError::NotFound(_)));
        assert!(matches!(sort(409, "no"), EngineError::Conflict(_)));
        let taken = "rpc error: code = AlreadyExists desc = config a already exists";
        assert!(matches!(sort(500, taken), EngineError::Conflict(_)));
        assert!(matches!(sort(503, "no"), EngineError::Unavailable(_)));
        assert!(sort(503, "no").may_pass());
        assert!(!sort(503, "This node is not a swarm manager. Use …").may_pass());
        assert!(matches!(sort(400, "no"), EngineError::Rejected(_)));
        assert!(matches!(sort(500, "no"), EngineError::Failed(_)));
    }

    #[test]
    fn a_worker_names_its_managers() {
        let error = EngineError::NotAManager {
            target: "unix:///var/run/docker.sock".into(),
            managers: vec!["10.0.0.1".into(), "10.0.0.2".into()],
        };
        assert_eq!(
            error.to_string(),
            "the engine at `unix:///var/run/docker.sock` is a worker; \
             its managers are `10.0.0.1`, `10.0.0.2`"
        );
        assert_eq!(error.hint().as_deref(), Some("use `--host ssh://10.0.0.1`"));
        let hint = |managers: &[&str]| {
            let managers = managers.iter().map(|one| (*one).to_owned()).collect();
            let target = String::new();
            EngineError::NotAManager { target, managers }.hint()
        };
        let hostile = "10.0.0.1` ; reboot `";
        assert_eq!(
            hint(&[hostile]).as_deref(),
            Some("name a manager with `--host`")
        );
        let second = hint(&["-oProxyCommand=reboot", "fd00::1"]);
        assert_eq!(second.as_deref(), Some("use `--host ssh://[fd00::1]`"));
    }
}
