//! A real Swarm behind the executor's loop: actions become calls to an engine, questions go
//! through a tunnel into the cluster's network.

mod act;
mod birth;
mod directories;
mod give;
mod hearing;
mod held;
mod images;
mod last_words;
mod lock;
mod one_shot;
mod own;
mod probe;
mod renew;
mod root;
mod silence;
mod tunnel;
mod wipe;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::Duration;

use crate::drive::Swarm;
use crate::engine::{Access, Engine, EngineError};
use crate::execute::Failure;
use crate::gate::Asked;
use crate::inventory::Host;
use crate::observed::{Observed, Task};
use crate::plan::{Action, Registries};
use crate::question::Answer;
use crate::wanted::Cluster;

pub use held::{Guarded, Held};
pub use last_words::LastWords;
pub use lock::{NotTaken, end_lock, now, token, watch_lock};
pub(crate) use one_shot::is_volume;
pub use probe::PROBE;

/// Milliseconds between looks for a place to ask from, a quarter of a minute in all: a probe that
/// starts is there in a second or two, and one that can't is no reason for a look four times a second.
const READY: [u64; 16] = [
    250, 250, 250, 250, 500, 500, 1000, 1000, 1000, 1000, 1000, 1500, 1500, 1500, 1500, 2000,
];

/// One cluster on one Swarm, reached through one engine.
pub struct Live {
    engine: Engine,
    cluster: String,
    /// What a probe needs to know, worked out from the inventory.
    probe: probe::Probe,
    /// Whether a probe may be started; `plan` and `status` change nothing.
    may_start_probe: bool,
    /// Whether a probe was started: one that others left failed may have had another reason.
    probe_made: Cell<bool>,
    /// Whether a service of somebody else has the name that a probe would have.
    probe_is_foreign: Cell<bool>,
    last: RefCell<Observed>,
    /// Names of services by identifier, also of those that were removed since.
    names: RefCell<BTreeMap<String, String>>,
    tunnel: tunnel::Keeper,
    /// Engines of hosts, where the inventory names them.
    engines: BTreeMap<String, String>,
    /// How these are reached.
    access: Access,
    registries: RefCell<Registries>,
    /// What registries said of images that are waited for, and when.
    images: RefCell<BTreeMap<String, (tokio::time::Instant, Answer)>>,
    /// Names our own lock among others.
    token: RefCell<Option<String>>,
    /// How long an answer is waited for, where that is not left to its question.
    patience: Cell<Option<Duration>>,
    /// How long a host may be silent, and whether one was.
    silence: Cell<Option<Duration>>,
    met_silence: Cell<bool>,
    /// Proxies that let no stranger in, and when they said so.
    strangers: RefCell<BTreeMap<String, (tokio::time::Instant, Answer)>>,
    /// For how long that stands.
    keeps: Cell<Duration>,
}

impl Live {
    /// Wraps an engine. With `may_start_probe`, a small task is started on the engine's node
    /// if no Milvus task runs there to ask through.
    #[must_use]
    pub fn new(engine: Engine, name: &str, may_start_probe: bool) -> Self {
        Self {
            engine,
            cluster: name.to_owned(),
            probe: probe::Probe::default(),
            may_start_probe,
            probe_made: Cell::new(false),
            probe_is_foreign: Cell::new(false),
            last: RefCell::new(Observed::default()),
            names: RefCell::new(BTreeMap::new()),
            tunnel: tunnel::Keeper::default(),
            engines: BTreeMap::new(),
            access: Access::default(),
            registries: RefCell::default(),
            images: RefCell::default(),
            token: RefCell::new(None),
            patience: Cell::new(None),
            silence: Cell::new(None),
            met_silence: Cell::new(false),
            strangers: RefCell::new(BTreeMap::new()),
            keeps: Cell::new(Duration::ZERO),
        }
    }

    /// Does not ask a proxy that let no stranger in again for so long, as long as tasks stay as they
    /// are: that takes a connection of its own, for which the engine starts a process.
    pub fn keep_answers(&self, keeps: Duration) {
        self.keeps.set(keeps);
    }

    /// Waits no longer than this for any answer from now on, or as long as each question says.
    pub fn be_brief(&self, patience: Option<Duration>) {
        self.patience.set(patience);
    }

    /// Takes over what a probe is made of.
    #[must_use]
    pub fn with_cluster(mut self, cluster: &Cluster) -> Self {
        self.probe = probe::Probe::of(cluster);
        self
    }

    /// Takes over where hosts' engines listen, and how they are reached.
    #[must_use]
    pub fn with_engines(mut self, hosts: &[Host], access: Access) -> Self {
        self.access = access;
        self.engines = hosts
            .iter()
            .filter_map(|host| Some((host.name.clone(), host.engine.clone()?)))
            .collect();
        self
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Looks at the cluster.
    ///
    /// # Errors
    /// What the engine said.
    pub async fn look(&self) -> Result<Observed, EngineError> {
        let mut seen = self.engine.observe(&self.cluster).await?;
        self.name_tasks(&mut seen);
        self.strangers.borrow_mut().clear();
        self.last.replace(seen.clone());
        Ok(seen)
    }

    /// Looks at the tasks only: Swarm tells nobody when one of them changes.
    ///
    /// # Errors
    /// What the engine said.
    pub async fn look_at_tasks(&self) -> Result<Observed, EngineError> {
        let mut seen = self.last.borrow().clone();
        let tasks = self.engine.observe_tasks(&self.cluster, &seen.services);
        let tasks = tasks.await?;
        let ids =
            |tasks: &[Task]| -> Vec<String> { tasks.iter().map(|one| one.id.clone()).collect() };
        if ids(&tasks) != ids(&seen.tasks) {
            self.strangers.borrow_mut().clear();
        }
        seen.tasks = tasks;
        seen.seen_at = self.engine.time().unwrap_or(seen.seen_at);
        self.name_tasks(&mut seen);
        self.last.replace(seen.clone());
        Ok(seen)
    }

    /// Looks at the cluster and at what others hold on the same Swarm: what a plan is made from.
    ///
    /// # Errors
    /// What the engine said.
    pub async fn survey(&self) -> Result<Observed, EngineError> {
        let (seen, others) =
            futures_util::try_join!(self.look(), self.engine.observe_others(&self.cluster))?;
        Ok(Observed { others, ..seen })
    }

    /// Tasks outlive their service by a while and then know only its identifier: its name is
    /// remembered here, so that `down` can wait for them.
    fn name_tasks(&self, seen: &mut Observed) {
        let mut names = self.names.borrow_mut();
        for (name, service) in &seen.services {
            names.insert(service.id.clone(), name.clone());
        }
        for task in seen.tasks.iter_mut().filter(|task| task.service.is_empty()) {
            if let Some(name) = names.get(&task.service_id) {
                task.service.clone_from(name);
            }
        }
    }

    /// Waits until questions can be asked, starting a probe if need be.
    ///
    /// # Errors
    /// No place to ask from within a quarter of a minute.
    pub async fn ready_to_ask(&self) -> Result<(), String> {
        let mut why = String::new();
        for pause in READY {
            self.look().await.map_err(|error| error.to_string())?;
            if let Some(reason) = self.probe_lacks_image() {
                return Err(reason);
            }
            match self.tunnel().await {
                Ok(_) => return Ok(()),
                Err(reason) => why = reason,
            }
            if self.is_others() || self.probe_is_foreign.get() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
        Err(why)
    }

    /// Whether there is an open connection through which components can be asked.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.open_tunnel().is_some()
    }

    /// Ends what was started to ask questions.
    pub async fn close(&self) {
        self.tunnel.close();
        self.remove_probe().await;
    }
}

impl Swarm for Live {
    async fn observe(&self) -> Result<Observed, Failure> {
        self.look().await.map_err(failure)
    }

    async fn act(&self, action: &Action) -> Result<(), Failure> {
        self.carry_out(action).await
    }

    async fn ask(&self, asked: &[Asked]) -> Vec<Answer> {
        self.ask_all(asked).await
    }
}

/// An engine's error as the executor knows it.
pub(crate) fn failure(error: EngineError) -> Failure {
    Failure {
        message: error.to_string(),
        hint: error.hint(),
        moved: matches!(error, EngineError::OutOfSequence(_)),
    }
}
