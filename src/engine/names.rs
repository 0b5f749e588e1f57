//! From names to identifiers before a spec is posted, and back after one is read.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Mutex, PoisonError};

use serde::Deserialize;

use super::Engine;
use super::error::EngineError;
use super::request::Request;
use crate::spec::ServiceSpec;

/// Networks that every host has by itself; Swarm gives them no identifier of its own.
const BUILT_IN: [&str; 3] = ["bridge", "host", "none"];

/// A kind of object that specs name.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    Config,
    Network,
    Secret,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Config => "config",
            Self::Network => "network",
            Self::Secret => "secret",
        })
    }
}

impl Kind {
    /// `/configs` and so on.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Config => "/configs",
            Self::Network => "/networks",
            Self::Secret => "/secrets",
        }
    }
}

/// Identifiers seen so far.
#[derive(Default)]
pub(super) struct Names(Mutex<HashMap<(Kind, String), String>>);

impl Names {
    fn get(&self, kind: Kind, name: &str) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&(kind, name.to_owned())).cloned()
    }

    pub(super) fn learn(&self, kind: Kind, name: &str, id: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert((kind, name.into()), id.into());
    }

    /// By name or identifier.
    pub(super) fn forget(&self, kind: Kind, name: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(of, known), id| *of != kind || known != name && id != name);
    }

    pub(super) fn forget_all(&self) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.clear();
    }
}

/// Networks have `Id` and `Name`, configs and secrets `ID` and `Spec.Name`.
#[derive(Deserialize)]
struct Listed {
    #[serde(alias = "Id", alias = "ID")]
    id: String,
    #[serde(rename = "Name", default)]
    name: String,
    #[serde(rename = "Spec", default)]
    spec: ListedSpec,
}

#[derive(Default, Deserialize)]
struct ListedSpec {
    #[serde(rename = "Name", default)]
    name: String,
}

impl Engine {
    /// The identifier of an object, if there is one of that name.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn find(&self, kind: Kind, name: &str) -> Result<Option<String>, EngineError> {
        if let Some(id) = self.names.get(kind, name) {
            return Ok(Some(id));
        }
        let request = Request::get(kind.path());
        let request = match kind {
            Kind::Network => request.filter(&[("name", &[name]), ("scope", &["swarm"])]),
            Kind::Config | Kind::Secret => request.filter(&[("name", &[name])]),
        };
        // Engines match the beginning of a name, or any part of it.
        let listed: Vec<Listed> = self.http.json(request).await?;
        let exact = listed
            .into_iter()
            .find(|one| one.name == name || one.spec.name == name);
        if let Some(one) = &exact {
            self.names.learn(kind, name, &one.id);
        }
        Ok(exact.map(|one| one.id))
    }

    async fn id_of(&self, kind: Kind, name: &str) -> Result<String, EngineError> {
        let found = self.find(kind, name).await?;
        found.ok_or_else(|| EngineError::Missing {
            kind,
            name: name.into(),
        })
    }

    /// The spec with the identifiers that the engine wants in it.
    pub(super) async fn with_ids(&self, spec: &ServiceSpec) -> Result<ServiceSpec, EngineError> {
        let mut spec = spec.clone();
        let task = &mut spec.task_template;
        for network in &mut task.networks {
            if !BUILT_IN.contains(&network.target.as_str()) {
                network.target = self.id_of(Kind::Network, &network.target).await?;
            }
        }
        for config in &mut task.container_spec.configs {
            config.id = self.id_of(Kind::Config, &config.name).await?;
        }
        for secret in &mut task.container_spec.secrets {
            secret.id = self.id_of(Kind::Secret, &secret.name).await?;
        }
        Ok(spec)
    }
}

/// Takes the identifiers out of a spec that was read.
pub(super) fn with_names(spec: &mut ServiceSpec, networks: &BTreeMap<String, String>) {
    let task = &mut spec.task_template;
    for network in &mut task.networks {
        if let Some(name) = networks.get(&network.target) {
            network.target.clone_from(name);
        }
    }
    for config in &mut task.container_spec.configs {
        config.id.clear();
    }
    for secret in &mut task.container_spec.secrets {
        secret.id.clear();
    }
}
