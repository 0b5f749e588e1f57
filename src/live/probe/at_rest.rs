//! Credentials of a cluster that is down: its secrets are kept with its data, but the network
//! that a probe is on went with its services. They are read through a task of its own that is on
//! no network. It is never asked anything else, so a gate can't end up at a task from which no
//! component is reached.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{PROBE, mounted};
use crate::engine::{EngineError, Tunnel};
use crate::live::{Live, own};
use crate::observed::Task;
use crate::question::{Answer, Question};
use crate::spec::{EndpointSpec, ServiceSpec};

/// Looks at the task this often.
const LOOK: Duration = Duration::from_millis(250);
/// Gives up after so many looks: half a minute.
const LOOKS: u32 = 120;

fn name(cluster: &str) -> String {
    format!("{cluster}-reader")
}

impl Live {
    /// Whether there is no network of the cluster to ask anything on, by the last look.
    #[must_use]
    pub fn has_no_network(&self) -> bool {
        let last = self.last.borrow();
        let inside = self.probe.networks.first();
        inside.is_none_or(|inside| !last.networks.contains_key(inside))
    }

    /// Credentials of a cluster without a network, in the order of their keys.
    ///
    /// # Errors
    /// The task does not run here, or does not find them.
    pub async fn secrets_at_rest(&self, keys: &[&str]) -> Result<Vec<String>, String> {
        self.read_by(self.reader(), keys).await
    }

    /// A credential of a generation that nothing mounts any more.
    ///
    /// # Errors
    /// The task does not run here, or does not find it.
    pub(in crate::live) async fn generation_at_rest(
        &self,
        key: &str,
        name: &str,
    ) -> Result<String, String> {
        let names = [(key.to_owned(), name.to_owned())];
        let mut found = self.named_at_rest(&names).await?;
        found
            .remove(name)
            .ok_or_else(|| format!("secret `{name}` was not read"))
    }

    /// Credentials by key and name, whoever mounts them.
    ///
    /// # Errors
    /// The task does not run here, or does not find them.
    pub(in crate::live) async fn named_at_rest(
        &self,
        names: &[(String, String)],
    ) -> Result<BTreeMap<String, String>, String> {
        let mut spec = self.reader();
        let secrets = names.iter().map(|(key, name)| mounted(key, name));
        spec.task_template.container_spec.secrets = secrets.collect();
        let keys: Vec<&str> = names.iter().map(|(key, _)| key.as_str()).collect();
        let found = self.read_by(spec, &keys).await?;
        let names = names.iter().map(|(_, name)| name.clone());
        Ok(names.zip(found).collect())
    }

    async fn read_by(&self, spec: ServiceSpec, keys: &[&str]) -> Result<Vec<String>, String> {
        self.room_for_probe()?;
        let text = |error: EngineError| error.to_string();
        let id = match self.engine.create_service(&spec).await {
            Err(EngineError::Conflict(_)) => {
                // Left by a run that was killed: its task may have ended.
                let removed = self.remove_own(&spec.name, PROBE).await;
                removed.map_err(own::sentence)?;
                self.engine.create_service(&spec).await
            }
            created => created,
        };
        let id = id.map_err(text)?;
        let result = self.read_at(&spec.name, keys).await;
        let _ = self.engine.remove_service(&id).await;
        result
    }

    fn reader(&self) -> ServiceSpec {
        let mut spec = self.probe.spec(&self.cluster, &self.last.borrow());
        spec.name = name(&self.cluster);
        spec.task_template.networks.clear();
        // Round-robin names are a matter of networks.
        spec.endpoint_spec = EndpointSpec::default();
        spec
    }

    async fn read_at(&self, service: &str, keys: &[&str]) -> Result<Vec<String>, String> {
        let container = self.container_of(service).await?;
        let tunnel = Tunnel::open(&self.engine, &container)
            .await
            .map_err(|error| error.to_string())?;
        let mut found = Vec::new();
        for key in keys {
            let path = format!("/run/secrets/{key}");
            match tunnel.ask(Question::File { path }).await {
                Answer::Bytes(bytes) => {
                    let text = String::from_utf8(bytes);
                    let text = text.map_err(|_| format!("secret `{key}` is not text"))?;
                    found.push(text.trim_end_matches('\n').to_owned());
                }
                Answer::Failed(why) => return Err(format!("secret `{key}` was not read: {why}")),
                Answer::Http { .. } => return Err(format!("secret `{key}` was not read")),
            }
        }
        Ok(found)
    }

    async fn container_of(&self, service: &str) -> Result<String, String> {
        let mut state = "has no task yet".to_owned();
        for _ in 0..LOOKS {
            let seen = self.look().await.map_err(|error| error.to_string())?;
            let mut tasks = seen.tasks.iter().filter(|task| task.is_wanted());
            if let Some(task) = tasks.rfind(|task| task.service == service) {
                if task.state == "running" && !task.container_id.is_empty() {
                    return Ok(task.container_id.clone());
                }
                state = how(task);
                if matches!(task.state.as_str(), "failed" | "rejected" | "complete") {
                    break;
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(format!("task `{service}` {state}"))
    }
}

/// `is pending: no suitable node`.
fn how(task: &Task) -> String {
    match task.error.as_str() {
        "" => format!("is {}", task.state),
        error => format!("is {}: {error}", task.state),
    }
}
