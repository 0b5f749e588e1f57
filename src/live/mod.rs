//! A real Swarm behind the executor's loop: actions become calls to an engine, questions go
//! through a tunnel into the cluster's network.

mod act;
mod probe;
mod tunnel;
mod wipe;

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::drive::Swarm;
use crate::engine::{Engine, EngineError};
use crate::execute::Failure;
use crate::gate::{Asked, Gate, leads};
use crate::observed::Observed;
use crate::plan::{Action, Leaver, Verdicts};
use crate::question::Answer;
use crate::wanted::Cluster;

pub use probe::PROBE;

/// One cluster on one Swarm, reached through one engine.
pub struct Live {
    engine: Engine,
    cluster: String,
    /// What a probe needs to know, worked out from the inventory.
    probe: probe::Probe,
    /// Whether a probe may be started; `plan` and `status` change nothing.
    may_start_probe: bool,
    last: RefCell<Observed>,
    /// Names of services by identifier, also of those that were removed since.
    names: RefCell<BTreeMap<String, String>>,
    tunnel: tunnel::Keeper,
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
            last: RefCell::new(Observed::default()),
            names: RefCell::new(BTreeMap::new()),
            tunnel: tunnel::Keeper::default(),
        }
    }

    /// Takes over what a probe is made of.
    #[must_use]
    pub fn with_cluster(mut self, cluster: &Cluster) -> Self {
        self.probe = probe::Probe::of(cluster);
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
        self.last.replace(seen.clone());
        Ok(seen)
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

    /// Asks every gate of a cluster that exists, all at once. Gates that cannot be asked from
    /// here are missing from the answer.
    pub async fn verdicts(&self, cluster: &Cluster, seen: &Observed) -> Verdicts {
        let gates: Vec<_> = cluster
            .wanted
            .phases
            .iter()
            .filter(|phase| {
                phase.runs_once
                    || phase
                        .services
                        .iter()
                        .any(|spec| seen.services.contains_key(&spec.name))
            })
            .flat_map(|phase| phase.opens.iter().chain(&phase.settles))
            .cloned()
            .collect();
        if gates.is_empty() || seen.services.is_empty() || self.can_ask(seen).await.is_err() {
            return Verdicts::new();
        }
        // Gates share questions, and a broker's health check does not like company: each
        // question is asked once.
        let mut distinct: Vec<Asked> = Vec::new();
        let asked: Vec<Vec<Asked>> = gates.iter().map(|gate| gate.questions(seen)).collect();
        for question in asked.iter().flatten() {
            if !distinct.contains(question) {
                distinct.push(question.clone());
            }
        }
        let answers = Swarm::ask(self, &distinct).await;
        let answer = |question: &Asked| {
            let at = distinct.iter().position(|other| other == question);
            at.map_or_else(
                || Answer::Failed("was not asked".to_owned()),
                |at| answers[at].clone(),
            )
        };
        gates
            .into_iter()
            .zip(asked)
            .map(|(gate, asked)| {
                let answers: Vec<Answer> = asked.iter().map(answer).collect();
                let verdict = gate.judge(seen, &asked, &answers);
                (gate, verdict)
            })
            .collect()
    }

    /// The query nodes of a cluster in the order in which they should leave: those that lead
    /// no shard first, the highest slots first among equals.
    pub async fn leavers(&self, cluster: &Cluster, seen: &Observed, service: &str) -> Vec<Leaver> {
        let gate = Gate::LeadsNoShard {
            etcd: cluster.wanted.seed.etcd.clone(),
            root_path: cluster.wanted.seed.root_path.clone(),
            service: service.to_owned(),
            node: String::new(),
            proxy: cluster.wanted.proxy.clone(),
        };
        let asked = gate.questions(seen);
        let answers = Swarm::ask(self, &asked).await;
        let mut leavers: Vec<(u64, Leaver)> = seen
            .tasks
            .iter()
            .filter(|task| task.service == service && task.is_up())
            .filter_map(|task| {
                let node = seen.nodes.iter().find(|node| node.id == task.node_id)?;
                let ip = *task.addresses.values().next()?;
                let leads =
                    leads(ip, &answers).unwrap_or_else(|why| vec![format!("(unknown: {why})")]);
                Some((
                    task.slot,
                    Leaver {
                        node_id: node.id.clone(),
                        hostname: node.hostname.clone(),
                        leads,
                    },
                ))
            })
            .collect();
        leavers.sort_by_key(|(slot, leaver)| (leaver.leads.len(), std::cmp::Reverse(*slot)));
        leavers.into_iter().map(|(_, leaver)| leaver).collect()
    }

    /// Waits until questions can be asked, starting a probe if need be.
    ///
    /// # Errors
    /// No place to ask from within half a minute.
    pub async fn ready_to_ask(&self) -> Result<(), String> {
        let mut why = String::new();
        for _ in 0..120 {
            let seen = self.look().await.map_err(|error| error.to_string())?;
            match self.can_ask(&seen).await {
                Ok(()) => return Ok(()),
                Err(reason) => why = reason,
            }
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        }
        Err(why)
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
        futures_util::future::join_all(
            asked
                .iter()
                .map(|asked| self.question(asked.question.clone())),
        )
        .await
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
