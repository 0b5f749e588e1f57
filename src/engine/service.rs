//! Services: created, updated and removed by specs whose references are names.

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Engine;
use super::error::EngineError;
use super::request::{Request, escaped};
use super::store::Created;
use super::wire;
use crate::spec::{Labels, ServiceSpec};

/// Whose a service is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Labelled {
    pub id: String,
    pub labels: Labels,
}

impl Engine {
    /// The service of this name, whoever made it.
    ///
    /// # Errors
    /// The engine cannot say.
    pub async fn find_service(&self, name: &str) -> Result<Option<Labelled>, EngineError> {
        let request = Request::get("/services").filter(&[("name", &[name])]);
        let listed: Vec<wire::Stored> = self.http.json(request).await?;
        // Engines match the beginning of a name.
        let exact = listed.into_iter().find(|one| one.spec.name == name);
        Ok(exact.map(|one| Labelled {
            id: one.id,
            labels: one.spec.labels,
        }))
    }

    /// Creates a service and gives its identifier.
    ///
    /// # Errors
    /// `Missing` for a reference to nothing, `Conflict` when the name is taken.
    pub async fn create_service(&self, spec: &ServiceSpec) -> Result<String, EngineError> {
        let created: Created = self
            .post_spec(|| Request::post("/services/create"), spec)
            .await?;
        Ok(created.id)
    }

    /// Replaces the spec of a service that is at this version.
    ///
    /// # Errors
    /// `OutOfSequence` when someone else changed it since.
    pub async fn update_service(
        &self,
        id: &str,
        version: u64,
        spec: &ServiceSpec,
    ) -> Result<(), EngineError> {
        let path = format!("/services/{}/update", escaped(id));
        let request = || Request::post(path.clone()).query("version", &version.to_string());
        self.post_spec::<Value>(request, spec).await.map(drop)
    }

    /// Removes a service by its identifier: a name may be another's by the time. Its tasks end some
    /// time later. One that is not there is removed already.
    ///
    /// # Errors
    /// The engine cannot do it now.
    pub async fn remove_service(&self, id: &str) -> Result<(), EngineError> {
        let request = Request::delete(format!("/services/{}", escaped(id)));
        match self.http.done(request).await {
            Err(EngineError::NotFound(_)) => Ok(()),
            done => done,
        }
    }

    /// Posts a spec with identifiers in it, once more if remembered ones were of objects that
    /// others have replaced since.
    async fn post_spec<T: DeserializeOwned>(
        &self,
        request: impl Fn() -> Request,
        spec: &ServiceSpec,
    ) -> Result<T, EngineError> {
        let auth = self
            .logins
            .header(&spec.task_template.container_spec.image)
            .await;
        let mut first = true;
        loop {
            let body = self.with_ids(spec).await?;
            let request = request().registry_auth(auth.clone()).body(&body)?;
            match self.http.json(request).await {
                Err(error) if first && names_nothing(&error) => {
                    self.names.forget_all();
                    first = false;
                }
                answer => return answer,
            }
        }
    }
}

fn names_nothing(error: &EngineError) -> bool {
    error
        .answer()
        .is_some_and(|refused| refused.message.contains("not found"))
}
