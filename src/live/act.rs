//! Carrying out one action. Everything here can be done twice: a killed run is followed by
//! another that may repeat its last call.

use std::time::Duration;

use rand::RngExt as _;
use rand::distr::Alphanumeric;

use super::birth::Remembered;
use super::give::Gift;
use super::root::nearest_up;
use super::{Live, failure};
use crate::engine::EngineError;
use crate::execute::Failure;
use crate::gate::{Elsewhere, short};
use crate::milvus::{Ask, lease_question, seed_question, setting_question, smoke};
use crate::observed::{Observed, Task};
use crate::plan::{Action, SecretSource};
use crate::question::{Answer, Outcome, Question};
use crate::spec::{ServiceSpec, diff, hide, network_diff};
use crate::system::milvus::rest::Rest;
use crate::system::milvus::within::none_near;
use crate::system::{METADATA, SEARCH};

/// How long a network may stay in use after its services went.
const NETWORK_PATIENCE: u32 = 120;
/// How often it is looked at meanwhile.
const NETWORK_LOOK: Duration = Duration::from_millis(500);

/// How often the version of a service may move without its spec while it is posted: SwarmKit writes
/// the state of an update and of its allocation into the same object.
const VERSION_PATIENCE: u32 = 20;

/// How many seconds query nodes that leave already are waited for before all go.
const LEAVING_PATIENCE: u32 = 300;
/// How often the others are told not to wait: the member that is asked may be busy.
const HAND_OVER_TRIES: u32 = 3;
/// Times that a system is told to remove a user.
const USER_PATIENCE: u32 = 10;

/// Milvus looks for changed settings every ten seconds.
const REFRESH: Duration = Duration::from_secs(11);

pub(super) fn fail(message: impl Into<String>) -> Failure {
    Failure {
        message: message.into(),
        hint: None,
        moved: false,
    }
}

/// The object is gone already: the last run got that far.
fn gone(result: Result<(), EngineError>) -> Result<(), Failure> {
    match result {
        Ok(()) | Err(EngineError::Conflict(_) | EngineError::NotFound(_)) => Ok(()),
        Err(error) => Err(failure(error)),
    }
}

impl Live {
    pub(super) async fn carry_out(&self, action: &Action) -> Result<(), Failure> {
        match action {
            Action::LabelNode {
                node_id,
                add,
                remove,
                ..
            } => self
                .engine
                .set_node_labels(node_id, add, remove)
                .await
                .map(drop)
                .map_err(failure),
            Action::MakeDirectories {
                hostname,
                directories,
                ..
            } => self.make_directories(hostname, directories).await,
            Action::CreateNetwork { spec } => {
                let made = self.engine.create_network(spec).await;
                self.made(made, "network", &spec.name, |seen| {
                    let found = seen.networks.get(&spec.name);
                    found.is_some_and(|found| network_diff(&found.spec, spec).is_empty())
                })
                .await
            }
            Action::CreateSecret {
                name,
                labels,
                source,
            } => {
                let bytes = secret(source)?;
                let made = self.engine.create_secret(name, labels, &bytes).await;
                self.made(made, "secret", name, |seen| seen.secrets.contains_key(name))
                    .await
            }
            Action::RenewPassword {
                name,
                labels,
                source,
                proxy,
            } => {
                let bytes = secret(source)?;
                self.renew_password(name, labels, &bytes, proxy).await
            }
            Action::RemoveUser { of } => self.remove_user(of).await,
            Action::CreateConfig { .. } => match action.config() {
                Some(config) => {
                    let made = self.engine.create_config(&config).await;
                    self.made(made, "config", &config.name, |seen| {
                        seen.configs.contains_key(&config.name)
                    })
                    .await
                }
                None => Ok(()),
            },
            Action::UpdateConfig {
                name,
                id,
                from,
                labels,
            } => {
                let done = self.engine.update_config(id, from, labels).await;
                relabelled(done, "config", name)
            }
            Action::UpdateSecret {
                name,
                id,
                from,
                labels,
            } => {
                let done = self.engine.update_secret(id, from, labels).await;
                relabelled(done, "secret", name)
            }
            Action::CreateService { spec } => self
                .engine
                .create_service(spec)
                .await
                .map(drop)
                .map_err(|error| match error {
                    EngineError::Conflict(_) => moved("service", &spec.name, "exists by now"),
                    other => failure(other),
                }),
            Action::UpdateService {
                name,
                id,
                version,
                from,
                spec,
                ..
            } => self.update(name, id, *version, from, spec).await,
            Action::Await { .. } => Ok(()),
            Action::SeedRoot { etcd, root_path } => self.seed(etcd, root_path).await,
            Action::RememberBirth {
                component,
                members,
                label,
                nodes,
            } => {
                let what = Remembered {
                    component,
                    members,
                    label,
                    nodes,
                };
                self.remember_birth(what).await
            }
            Action::Smoke { service } => self.smoke(service).await,
            Action::SkipHandOver { etcd, root_path } => {
                self.query_nodes_have_left().await;
                // Without it `down` only takes longer.
                for _ in 0..HAND_OVER_TRIES {
                    if self.skip_hand_over(etcd, root_path).await.is_ok() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
                Ok(())
            }
            Action::RemoveService { id, .. } => gone(self.engine.remove_service(id).await),
            Action::RemoveConfig { id, .. } => gone(self.engine.remove_config(id).await),
            Action::RemoveSecret { id, .. } => self.remove_secret(id).await,
            Action::RemoveNetwork { name, id } => self.remove_network(name, id).await,
            Action::GiveVolumes {
                hostname,
                service,
                volumes,
                uid,
                image,
                ..
            } => {
                let gift = Gift {
                    hostname,
                    service,
                    volumes,
                    uid: *uid,
                    image,
                };
                self.give(gift).await
            }
            Action::RemoveVolumes { hostname, volumes } => self.wipe(hostname, volumes).await,
        }
    }

    /// What came of making an object. One that is there already is as good if it is the
    /// cluster's, which the last run may have made before it died; a name says nothing of that.
    async fn made(
        &self,
        made: Result<String, EngineError>,
        kind: &str,
        name: &str,
        is_ours: impl FnOnce(&Observed) -> bool,
    ) -> Result<(), Failure> {
        match made {
            Ok(_) => Ok(()),
            Err(EngineError::Conflict(_)) => {
                let seen = self.look().await.map_err(failure)?;
                if is_ours(&seen) {
                    return Ok(());
                }
                let what = "was made by somebody else";
                Err(moved(kind, name, what))
            }
            Err(error) => Err(failure(error)),
        }
    }

    async fn update(
        &self,
        name: &str,
        id: &str,
        version: u64,
        from: &ServiceSpec,
        spec: &ServiceSpec,
    ) -> Result<(), Failure> {
        let mut version = version;
        for _ in 0..VERSION_PATIENCE {
            match self.engine.update_service(id, version, spec).await {
                Ok(_) => return Ok(()),
                Err(EngineError::OutOfSequence(_)) => {}
                Err(error) => return Err(failure(error)),
            }
            // The version moved. That is a change only if the spec did.
            let seen = self.look().await.map_err(failure)?;
            let Some(found) = seen.services.get(name) else {
                return Err(moved("service", name, "is gone"));
            };
            let changes = diff(from, &found.spec);
            if !changes.is_empty() {
                let (mut was, mut is) = (from.clone(), found.spec.clone());
                hide(&mut was, spec, &mut |_| {});
                hide(&mut is, spec, &mut |_| {});
                let changes = diff(&was, &is);
                let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
                let what = format!("was changed: {}", changes.join(", "));
                return Err(moved("service", name, &what));
            }
            version = found.version;
        }
        Err(fail(format!(
            "service `{name}` moves on between any two looks, though its spec is the same"
        )))
    }

    async fn seed(&self, etcd: &[String], root_path: &str) -> Result<(), Failure> {
        self.place_to_ask().await.map_err(fail)?;
        let password = self.root_password().await.map_err(fail)?;
        let seen = self.look().await.map_err(failure)?;
        let ip = address(&seen, etcd).ok_or_else(|| {
            let title = METADATA.title;
            fail(format!("no {title} member is up to take the credential"))
        })?;
        let question = seed_question(&ip, root_path, &password).map_err(fail)?;
        self.change(question).await.json().map(drop).map_err(|why| {
            fail(format!(
                "{} did not take the credential: {why}",
                METADATA.title
            ))
        })
    }

    /// Waits for query nodes that were told to stop before, such as by `docker service scale`: they
    /// read how long they may wait when they were, and hand over to those that are still there.
    /// Once these go too, they wait all of it.
    async fn query_nodes_have_left(&self) {
        for _ in 0..LEAVING_PATIENCE {
            let Ok(seen) = self.look().await else {
                return;
            };
            // What is on a lost host says nothing any more.
            let stands = |task: &Task| {
                let mut nodes = seen.nodes.iter();
                nodes.any(|node| node.id == task.node_id && node.state == "ready")
            };
            let mut tasks = seen.tasks.iter();
            if !tasks.any(|task| {
                short(&task.service) == SEARCH.name
                    && !task.is_wanted()
                    && task.has_process()
                    && stands(task)
            }) {
                return;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }

    async fn skip_hand_over(&self, etcd: &[String], root_path: &str) -> Result<(), String> {
        // Where no proxy runs on this manager a probe has to start first.
        self.place_to_ask().await?;
        let ip = address(&self.last.borrow(), etcd)
            .ok_or_else(|| format!("no {} member is up", METADATA.title))?;
        let lease = self.change(lease_question(&ip)).await;
        let setting = setting_question(&ip, root_path, &lease)?;
        self.change(setting).await.json()?;
        tokio::time::sleep(REFRESH).await;
        Ok(())
    }

    async fn smoke(&self, service: &str) -> Result<(), Failure> {
        let seen = self.look().await.map_err(failure)?;
        let (task, ip) =
            nearest_up(service, &seen).ok_or_else(|| fail(none_near(service, &seen)))?;
        let name: String = random(12);
        let rest = Rest::of(task, &self.cluster, &seen);
        smoke(self, rest, &ip.to_string(), &format!("smoke_{name}"))
            .await
            .map_err(|error| Failure {
                message: error.to_string(),
                hint: Some("milvus-swarm status".to_owned()),
                moved: false,
            })
    }

    async fn remove_user(&self, of: &Elsewhere) -> Result<(), Failure> {
        let (user, title) = of.former();
        let mut last = String::new();
        for _ in 0..USER_PATIENCE {
            self.place_to_ask().await.map_err(fail)?;
            let seen = self.look().await.map_err(failure)?;
            let answer = self.change(of.talk(&seen)).await;
            match Elsewhere::outcome(&answer) {
                Ok(Outcome::Good(_)) => return Ok(()),
                Ok(Outcome::NotYet(why) | Outcome::Wrong(why)) | Err(why) => last = why,
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        Err(fail(format!("{title} keeps user `{user}`: {last}")))
    }

    async fn remove_secret(&self, id: &str) -> Result<(), Failure> {
        match self.engine.remove_secret(id).await {
            // A probe mounts what proxies mounted when this run began.
            Err(EngineError::InUse(_)) => {
                self.close().await;
                match self.engine.remove_secret(id).await {
                    // A service of somebody else does: the next plan points it out.
                    Err(EngineError::InUse(_)) => Ok(()),
                    done => gone(done),
                }
            }
            done => gone(done),
        }
    }

    async fn remove_network(&self, name: &str, id: &str) -> Result<(), Failure> {
        self.close().await;
        let mut is_removed = false;
        for _ in 0..NETWORK_PATIENCE {
            match self.engine.remove_network(id).await {
                // A network stays in use until the last task's endpoint is released.
                Err(EngineError::InUse(_) | EngineError::Rejected(_) | EngineError::Failed(_)) => {
                    // A `status` that began before the lock was taken left its probe.
                    self.remove_probe().await;
                }
                other => {
                    gone(other)?;
                    is_removed = true;
                    // Swarm forgets it at once, and this engine not before its last task, such as a
                    // probe, has ended; who looks meanwhile takes it for one that is there.
                    let is_listed = |seen: &Observed| {
                        let found = seen.networks.get(name);
                        found.is_some_and(|found| found.id == id)
                    };
                    if self.look().await.is_ok_and(|seen| !is_listed(&seen)) {
                        return Ok(());
                    }
                }
            }
            tokio::time::sleep(NETWORK_LOOK).await;
        }
        if is_removed {
            return Ok(());
        }
        Err(fail(format!(
            "network `{name}` is still in use; see `docker network inspect -v {name}`"
        )))
    }
}

pub(super) fn relabelled(
    done: Result<bool, EngineError>,
    kind: &str,
    name: &str,
) -> Result<(), Failure> {
    match done {
        Ok(true) => Ok(()),
        Ok(false) | Err(EngineError::OutOfSequence(_)) => Err(moved(kind, name, "was changed")),
        Err(EngineError::NotFound(_)) => Err(moved(kind, name, "is gone")),
        Err(error) => Err(failure(error)),
    }
}

pub(super) fn moved(kind: &str, name: &str, what: &str) -> Failure {
    Failure {
        message: format!("{kind} `{name}` {what} since the plan was made"),
        hint: Some("milvus-swarm plan".to_owned()),
        moved: true,
    }
}

pub(super) fn random(length: usize) -> String {
    rand::rng()
        .sample_iter(Alphanumeric)
        .take(length)
        .map(char::from)
        .collect()
}

fn secret(source: &SecretSource) -> Result<Vec<u8>, Failure> {
    match source {
        SecretSource::Generated { length } => Ok(random(*length).into_bytes()),
        SecretSource::File { path } => {
            crate::source::read_secret(path).map_err(|error| fail(error.to_string()))
        }
    }
}

/// The address of the first task that is up, as text.
pub(super) fn address(seen: &Observed, services: &[String]) -> Option<String> {
    let mut tasks = seen.tasks.iter();
    let ip = tasks.find_map(|task| {
        let is_one = services.contains(&task.service) && task.is_up();
        task.address().filter(|_| is_one)
    });
    ip.map(|ip| ip.to_string())
}

impl Live {
    /// Unlike a gate, which is asked again a moment later, an action waits for a place to ask
    /// from: the task that it asked through may have ended.
    pub(super) async fn place_to_ask(&self) -> Result<(), String> {
        match self.open_tunnel() {
            Some(_) => Ok(()),
            None => self.ready_to_ask().await,
        }
    }

    /// Asks a component for what changes something there: like a request to the engine, not without
    /// leave.
    pub(super) async fn change(&self, question: Question) -> Answer {
        match self.engine.leave("a request to a component").await {
            Ok(()) => self.question(question).await,
            Err(error) => Answer::Failed(error.to_string()),
        }
    }
}

impl Ask for Live {
    async fn ask(&self, question: Question) -> Answer {
        match self.place_to_ask().await {
            Ok(()) => self.change(question).await,
            Err(why) => Answer::Failed(why),
        }
    }

    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}
