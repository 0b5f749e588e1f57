//! Networks, configs and secrets: made once and removed; of a config, labels may change.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;
use serde_json::json;

use super::Engine;
use super::error::EngineError;
use super::names::Kind;
use super::request::{Request, escaped};
use super::wire;
use crate::spec::{ConfigSpec, Labels, NetworkSpec};

#[derive(Deserialize)]
pub(super) struct Created {
    #[serde(alias = "Id", alias = "ID")]
    pub(super) id: String,
}

impl Engine {
    /// Makes a network and gives its identifier.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub async fn create_network(&self, spec: &NetworkSpec) -> Result<String, EngineError> {
        let mut body = json!(spec);
        body["CheckDuplicate"] = true.into();
        self.create(Kind::Network, &spec.name, &body).await
    }

    /// Makes a config and gives its identifier.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub async fn create_config(&self, spec: &ConfigSpec) -> Result<String, EngineError> {
        let mut body = json!({
            "Name": spec.name,
            "Labels": spec.labels,
            "Data": BASE64_STANDARD.encode(&spec.data),
        });
        if let Some(driver) = &spec.template_driver {
            body["Templating"] = json!({ "Name": driver });
        }
        self.create(Kind::Config, &spec.name, &body).await
    }

    /// Gives a config other labels if it still has those that are expected; says whether it has the
    /// new ones now.
    ///
    /// # Errors
    /// `NotFound` if it is gone; `OutOfSequence` if somebody else changes it.
    pub async fn update_config(
        &self,
        id: &str,
        from: &Labels,
        labels: &Labels,
    ) -> Result<bool, EngineError> {
        self.relabel("configs", id, from, labels).await
    }

    /// The same of a secret.
    ///
    /// # Errors
    /// `NotFound` if it is gone; `OutOfSequence` if somebody else changes it.
    pub async fn update_secret(
        &self,
        id: &str,
        from: &Labels,
        labels: &Labels,
    ) -> Result<bool, EngineError> {
        self.relabel("secrets", id, from, labels).await
    }

    async fn relabel(
        &self,
        kind: &str,
        id: &str,
        from: &Labels,
        labels: &Labels,
    ) -> Result<bool, EngineError> {
        let path = format!("/{kind}/{}", escaped(id));
        let found: wire::Stored = self.http.json(Request::get(&path)).await?;
        if found.spec.labels == *labels {
            return Ok(true);
        }
        if found.spec.labels != *from {
            return Ok(false);
        }
        // The name and the bytes must come again unchanged (swarmkit:
        // `manager/controlapi/config.go`); those of a secret are never told, and none are wanted
        // (`secret.go`).
        let mut body = json!({ "Name": found.spec.name, "Labels": labels });
        if !found.spec.data.is_empty() {
            body["Data"] = found.spec.data.into();
        }
        let request = Request::post(format!("{path}/update"))
            .query("version", &found.version.index.to_string())
            .body(&body)?;
        self.http.done(request).await.map(|()| true)
    }

    /// Makes a secret and gives its identifier.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub async fn create_secret(
        &self,
        name: &str,
        labels: &Labels,
        bytes: &[u8],
    ) -> Result<String, EngineError> {
        let body = json!({
            "Name": name,
            "Labels": labels,
            "Data": BASE64_STANDARD.encode(bytes),
        });
        self.create(Kind::Secret, name, &body).await
    }

    /// Removes a network by name or identifier; one that is not there is removed already.
    ///
    /// # Errors
    /// `InUse` while tasks are still on it.
    pub async fn remove_network(&self, name: &str) -> Result<(), EngineError> {
        self.remove(Kind::Network, name).await
    }

    /// Removes a config by name or identifier; one that is not there is removed already.
    ///
    /// # Errors
    /// `InUse` while services mount it.
    pub async fn remove_config(&self, name: &str) -> Result<(), EngineError> {
        self.remove(Kind::Config, name).await
    }

    /// Removes a secret by name or identifier; one that is not there is removed already.
    ///
    /// # Errors
    /// `InUse` while services mount it.
    pub async fn remove_secret(&self, name: &str) -> Result<(), EngineError> {
        self.remove(Kind::Secret, name).await
    }

    /// Removes a volume of this very engine; the Swarm knows nothing of volumes.
    ///
    /// # Errors
    /// `Conflict` or `InUse` while a container uses it.
    pub async fn remove_volume(&self, name: &str) -> Result<(), EngineError> {
        self.http
            .done(Request::delete(format!("/volumes/{}", escaped(name))))
            .await
    }

    async fn create(
        &self,
        kind: Kind,
        name: &str,
        body: &serde_json::Value,
    ) -> Result<String, EngineError> {
        let request = Request::post(format!("{}/create", kind.path())).body(body)?;
        let Created { id } = self.http.json(request).await?;
        self.names.learn(kind, name, &id);
        Ok(id)
    }

    async fn remove(&self, kind: Kind, name: &str) -> Result<(), EngineError> {
        self.names.forget(kind, name);
        let request = Request::delete(format!("{}/{}", kind.path(), escaped(name)));
        match self.http.done(request).await {
            Err(EngineError::NotFound(_)) => Ok(()),
            done => done,
        }
    }
}
