//! The first words with an engine: which API it speaks, and whether it manages a Swarm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use serde::Deserialize;

use super::Engine;
use super::error::EngineError;
use super::http::{Http, plain};
use super::request::Request;
use super::target::Target;

/// Docker 20.10: capabilities, ulimits, jobs.
const OLDEST: Version = Version(1, 41);
/// Docker 27.2: nothing later is needed, and later versions change what specs mean.
const NEWEST: Version = Version(1, 47);
/// A manager that has lost its leader thinks for 20 s, twice, before it says so.
const INFO_LIMIT: Duration = Duration::from_secs(50);

/// How long a manager is waited for before the next one is tried beside it.
const TURN: Duration = Duration::from_secs(1);

/// A version of the Engine API.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
struct Version(u32, u32);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.trim().split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Spoken {
    api_version: String,
    #[serde(rename = "MinAPIVersion")]
    min_api_version: String,
}

/// What `GET /info` says of the Swarm.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Info {
    pub(super) swarm: SwarmInfo,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SwarmInfo {
    #[serde(rename = "NodeID")]
    pub(super) node_id: String,
    local_node_state: String,
    control_available: bool,
    error: String,
    remote_managers: Option<Vec<Peer>>,
    pub(super) cluster: Option<Cluster>,
}

#[derive(Deserialize)]
struct Peer {
    #[serde(rename = "Addr", default)]
    addr: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Cluster {
    #[serde(rename = "ID", default)]
    pub(super) id: String,
    #[serde(default)]
    pub(super) default_addr_pool: Option<Vec<String>>,
    #[serde(default)]
    pub(super) subnet_size: u32,
}

impl Engine {
    /// The first of several managers of a Swarm that can serve. One is tried a second after the one
    /// before it, which goes on being waited for.
    ///
    /// # Errors
    /// None can.
    pub async fn connect_any(targets: Vec<Target>) -> Result<Self, EngineError> {
        let attempt = async |(turn, target): (u32, Target)| {
            tokio::time::sleep(TURN * turn).await;
            Self::connect(target).await.map_err(|error| (turn, error))
        };
        let mut tried: FuturesUnordered<_> = (0..).zip(targets).map(attempt).collect();
        let mut errors = BTreeMap::new();
        while let Some(attempt) = tried.next().await {
            match attempt {
                Ok(engine) => return Ok(engine),
                Err((turn, error)) => errors.insert(turn, error),
            };
        }
        let mut errors: Vec<EngineError> = errors.into_values().collect();
        Err(if errors.len() == 1 {
            errors.remove(0)
        } else {
            EngineError::NoneServes { errors }
        })
    }

    /// Reaches the engine and makes sure that it manages a Swarm.
    ///
    /// # Errors
    /// Each way in which it cannot serve, with the next command in `EngineError::hint`.
    pub async fn connect(target: Target) -> Result<Self, EngineError> {
        let engine = Self::reach(target).await?;
        let info = engine
            .http
            .json::<Info>(Request::get("/info").within(INFO_LIMIT));
        let info = info.await?;
        check(&engine.address(), &info.swarm)?;
        let _ = engine.identity.set(info.into());
        Ok(engine)
    }

    /// Reaches the engine, whatever part it has in a Swarm.
    ///
    /// # Errors
    /// The engine does not answer, or is too old.
    pub async fn reach(target: Target) -> Result<Self, EngineError> {
        let http = Http::new(target)?;
        let version = agree(&http).await?;
        http.pin(&version.to_string());
        Ok(Self {
            http: Arc::new(http),
            version: version.to_string(),
            names: Arc::default(),
            logins: Arc::default(),
            identity: Arc::default(),
        })
    }
}

async fn agree(http: &Http) -> Result<Version, EngineError> {
    let request = || Request::get("/version").within(Duration::from_secs(30));
    let (newest, oldest) = match http.json::<Spoken>(request()).await {
        Ok(spoken) => (spoken.api_version, spoken.min_api_version),
        Err(error)
            if error
                .answer()
                .is_some_and(|said| said.message.contains("HTTPS server")) =>
        {
            return Err(EngineError::Unreachable {
                target: http.target().endpoint.to_string(),
                origin: http.target().origin.clone(),
                why: "it speaks TLS; set DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH".into(),
            });
        }
        Err(error) if error.answer().is_some() => match http.send(Request::get("/_ping")).await {
            Ok(ping) => {
                let header = ping.headers().get("Api-Version");
                let version = header.and_then(|value| value.to_str().ok());
                (version.unwrap_or_default().to_owned(), String::new())
            }
            Err(error) if error.answer().is_some() => Default::default(),
            Err(error) => return Err(error),
        },
        Err(error) => return Err(error),
    };
    let target = || http.target().endpoint.to_string();
    let spoken = Version::parse(&newest).ok_or_else(|| EngineError::Unreachable {
        target: target(),
        origin: http.target().origin.clone(),
        why: "what answers there is something else".into(),
    })?;
    if spoken < OLDEST {
        return Err(EngineError::TooOld {
            target: target(),
            version: spoken.to_string(),
            wanted: OLDEST.to_string(),
        });
    }
    // An engine of the future may have forgotten NEWEST.
    let least = Version::parse(&oldest).unwrap_or(OLDEST);
    Ok(spoken.min(NEWEST.max(least)))
}

fn check(target: &str, swarm: &SwarmInfo) -> Result<(), EngineError> {
    let target = || target.to_owned();
    let why = || plain(&swarm.error);
    match swarm.local_node_state.as_str() {
        "" | "inactive" => return Err(EngineError::NotASwarm { target: target() }),
        "locked" | "pending" | "error" => {
            return Err(EngineError::NotReady {
                target: target(),
                state: swarm.local_node_state.clone(),
                why: if swarm.error.is_empty() {
                    "it says no more".into()
                } else {
                    why()
                },
            });
        }
        _ => {}
    }
    if !swarm.control_available {
        let managers = swarm.remote_managers.iter().flatten();
        return Err(EngineError::NotAManager {
            target: target(),
            managers: managers.map(|peer| host(&peer.addr)).collect(),
        });
    }
    if swarm.error.is_empty() {
        return Ok(());
    }
    Err(EngineError::NoLeader {
        target: target(),
        why: why(),
    })
}

/// `10.0.0.1:2377` without its port.
fn host(addr: &str) -> String {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    host.trim_matches(['[', ']']).into()
}
