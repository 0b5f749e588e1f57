//! The lock of a cluster as the config that it is.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::Engine;
use super::error::EngineError;
use super::observe::CLUSTER_LABEL;
use super::request::{Request, escaped};
use super::{read, wire};
use crate::lock::{self, Holder, Lock};

/// A config cannot be empty; who looks at it by hand may as well learn what it is.
const DATA: &[u8] =
    b"While this is here, one milvus-swarm works on the cluster: its labels say which.\n";
/// A beat without an answer by then is tried again.
const LIMIT: Duration = Duration::from_secs(5);

impl Engine {
    /// The lock of a cluster, if somebody holds it.
    ///
    /// # Errors
    /// The engine cannot say, or the name belongs to something else.
    pub async fn lock(&self, cluster: &str) -> Result<Option<Lock>, EngineError> {
        // Engines find configs by name, too, and no identifier looks like this one.
        let request = Request::get(format!("/configs/{}", escaped(&lock::name(cluster))));
        let request = request.within(LIMIT);
        let name = request.name();
        let found: wire::Stored = match self.http.json(request).await {
            Ok(found) => found,
            Err(EngineError::NotFound(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        read::lock(&found).map(Some).ok_or_else(|| EngineError::NotUnderstood {
            request: name,
            why: format!(
                "config `{0}` is no lock of this tool; look with `docker config inspect {0}`, then \
                 remove it",
                lock::name(cluster)
            ),
        })
    }

    /// Makes the lock of a cluster.
    ///
    /// # Errors
    /// `Conflict` when somebody holds it.
    pub async fn create_lock(&self, cluster: &str, holder: &Holder) -> Result<(), EngineError> {
        let lock = Lock {
            holder: holder.clone(),
            ..Lock::default()
        };
        let request = Request::post("/configs/create").body(&body(cluster, &lock))?;
        self.http.done(request.of_lock()).await
    }

    /// Writes into a lock whose holder is dead that it is about to be removed, and by whom. From
    /// then on its holder cannot come back.
    ///
    /// # Errors
    /// `OutOfSequence` if it moved; `NotFound` if it is gone.
    pub async fn claim_lock(
        &self,
        cluster: &str,
        lock: &Lock,
        by: &str,
    ) -> Result<(), EngineError> {
        let claimed = Lock {
            taken_by: Some(by.to_owned()),
            ..lock.clone()
        };
        self.write_lock(cluster, &claimed).await
    }

    /// Writes the labels of a lock if it is still at the version that `lock` names.
    ///
    /// # Errors
    /// `OutOfSequence` if it moved; `NotFound` if it is gone.
    pub async fn write_lock(&self, cluster: &str, lock: &Lock) -> Result<(), EngineError> {
        let request = Request::post(format!("/configs/{}/update", escaped(&lock.id)))
            .query("version", &lock.version.to_string())
            .body(&body(cluster, lock))?;
        self.http.done(request.within(LIMIT).of_lock()).await
    }

    /// Removes a lock by its identifier; one that is not there is removed already.
    ///
    /// # Errors
    /// The engine cannot do it now.
    pub async fn remove_lock(&self, id: &str) -> Result<(), EngineError> {
        let request = Request::delete(format!("/configs/{}", escaped(id)));
        match self.http.done(request.of_lock()).await {
            Err(EngineError::NotFound(_)) => Ok(()),
            done => done,
        }
    }
}

/// A lock as a config. Only labels of one may change; its name and bytes come again unchanged.
fn body(cluster: &str, lock: &Lock) -> Value {
    let mut labels = lock.labels();
    labels.insert(CLUSTER_LABEL.to_owned(), cluster.to_owned());
    json!({
        "Name": lock::name(cluster),
        "Labels": labels,
        "Data": BASE64_STANDARD.encode(DATA),
    })
}
