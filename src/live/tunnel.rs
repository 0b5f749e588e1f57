//! Keeps one tunnel into the cluster's network open and sends questions through it.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::json;
use tokio::time::Instant;

use super::{Live, probe};
use crate::engine::{Tunnel, TunnelStream};
use crate::milvus::grpc::Strangers;
use crate::observed::Observed;
use crate::question::{Answer, Question, Talk, Turn};
use crate::system::elsewhere;
use crate::system::milvus::PORT;
use crate::system::milvus::within::is_as_root;

/// Where Swarm mounts secrets.
const SECRETS: &str = "/run/secrets";

/// Why a plan is made deaf: it starts nothing on the Swarm unless it is told to.
pub(super) const NO_PROXY: &str = "no proxy runs on this manager to ask through; `milvus-swarm plan --probe` \
                        starts a small task for it, or name a manager with a proxy with `--host`";

#[derive(Default)]
pub(super) struct Keeper {
    /// One opener at a time.
    opening: tokio::sync::Mutex<()>,
    open: RefCell<Option<Open>>,
    /// One within a proxy, while that one ends elsewhere.
    pub(super) within: RefCell<Option<Open>>,
    pub(super) password: RefCell<Option<String>>,
    /// Whether that is known from elsewhere than the mounted secret.
    pub(super) is_told: Cell<bool>,
}

/// A tunnel and the container that it goes through.
pub(super) struct Open {
    container: String,
    tunnel: Rc<Tunnel>,
}

impl Open {
    fn if_it_ends_in(&self, container: &str) -> Option<Rc<Tunnel>> {
        let is_it = self.container == container && self.tunnel.is_alive();
        is_it.then(|| Rc::clone(&self.tunnel))
    }
}

impl Keeper {
    pub(super) fn close(&self) {
        self.open.replace(None);
        self.within.replace(None);
    }

    /// An open one, by the container that it ends in.
    fn that_ends_in(&self, container: &str) -> Option<Rc<Tunnel>> {
        let (open, within) = (self.open.borrow(), self.within.borrow());
        let mut all = open.iter().chain(within.iter());
        all.find_map(|open| open.if_it_ends_in(container))
    }

    /// The open tunnel, unless its task is about to end by what was last seen, or is one of a
    /// service that is to be replaced: what is asked through it would end with the task.
    fn get(&self, seen: &Observed, outgrown: Option<&str>) -> Option<Rc<Tunnel>> {
        let open = self.open.borrow();
        let Open { container, tunnel } = open.as_ref()?;
        let mut tasks = seen.tasks.iter();
        let leaves = tasks.any(|task| {
            task.container_id == *container
                && (!task.is_wanted() || outgrown == Some(&*task.service))
        });
        (tunnel.is_alive() && !leaves).then(|| Rc::clone(tunnel))
    }
}

impl Live {
    /// The open tunnel, or a new one through a task on the engine's node, by the last look. Where
    /// there is none, a probe is started if that is allowed.
    pub(super) async fn tunnel(&self) -> Result<Rc<Tunnel>, String> {
        if let Some(tunnel) = self.tunnel_without_probe().await? {
            return Ok(tunnel);
        }
        if !self.may_start_probe {
            return Err(NO_PROXY.to_owned());
        }
        let _opening = self.tunnel.opening.lock().await;
        self.start_probe().await?;
        Err("the probe is starting".to_owned())
    }

    /// The same without starting anything; none where there is no task to go through.
    pub(super) async fn tunnel_without_probe(&self) -> Result<Option<Rc<Tunnel>>, String> {
        if let Some(tunnel) = self.open_tunnel() {
            return Ok(Some(tunnel));
        }
        let _opening = self.tunnel.opening.lock().await;
        if let Some(tunnel) = self.open_tunnel() {
            return Ok(Some(tunnel));
        }
        let outgrown = self.outgrown_probe();
        let container = probe::vantage(&self.last.borrow(), &self.cluster)
            .filter(|task| outgrown.as_ref() != Some(&task.service))
            .map(|task| task.container_id.clone());
        let Some(container) = container else {
            return Ok(None);
        };
        let (open, tunnel) = self.open_into(container).await?;
        self.tunnel.open.replace(Some(open));
        Ok(Some(tunnel))
    }

    async fn open_into(&self, container: String) -> Result<(Open, Rc<Tunnel>), String> {
        let tunnel = Tunnel::open(&self.engine, &container).await;
        let tunnel = Rc::new(tunnel.map_err(|error| error.to_string())?);
        let open = Open {
            container,
            tunnel: Rc::clone(&tunnel),
        };
        Ok((open, tunnel))
    }

    /// A tunnel that ends in one container and in no other.
    pub(super) async fn tunnel_into(&self, container: &str) -> Result<Rc<Tunnel>, String> {
        if let Some(tunnel) = self.tunnel.that_ends_in(container) {
            return Ok(tunnel);
        }
        let _opening = self.tunnel.opening.lock().await;
        if let Some(tunnel) = self.tunnel.that_ends_in(container) {
            return Ok(tunnel);
        }
        let (open, tunnel) = self.open_into(container.to_owned()).await?;
        self.tunnel.within.replace(Some(open));
        Ok(tunnel)
    }

    /// The tunnel that is open and stays so, by the last look.
    pub(super) fn open_tunnel(&self) -> Option<Rc<Tunnel>> {
        let outgrown = self.outgrown_probe();
        self.tunnel.get(&self.last.borrow(), outgrown.as_deref())
    }

    /// Asks one question through the tunnel.
    pub(super) async fn question(&self, question: Question) -> Answer {
        let tunnel = match self.tunnel().await {
            Ok(tunnel) => tunnel,
            Err(why) => return Answer::Failed(why),
        };
        let question = match question {
            Question::ShardLeaders { host } => {
                return match self.shard_leaders(&host).await {
                    Ok(bytes) => Answer::Bytes(bytes),
                    Err(why) => Answer::Failed(why),
                };
            }
            Question::Strangers { host } => return self.strangers(host).await,
            Question::Talk(talk) => {
                return self
                    .talk(&tunnel, &talk)
                    .await
                    .unwrap_or_else(Answer::Failed);
            }
            question if is_as_root(&question) => {
                let answer = self.ask_as_root(question).await;
                return answer.unwrap_or_else(Answer::Failed);
            }
            other => other,
        };
        tunnel.ask(question).await
    }

    /// A credential, read through a task that mounts it.
    ///
    /// # Errors
    /// No task on this manager mounts it.
    pub async fn secret(&self, key: &str) -> Result<String, String> {
        let tunnel = self.tunnel().await?;
        let path = format!("{SECRETS}/{key}");
        match tunnel.ask(Question::File { path }).await {
            Answer::Bytes(bytes) => String::from_utf8(bytes)
                .map(|text| text.trim_end_matches('\n').to_owned())
                .map_err(|_| format!("secret `{key}` is not text")),
            Answer::Failed(why) => Err(why),
            Answer::Http { .. } => Err(format!("secret `{key}` was not read")),
        }
    }

    /// Talks with what is not of the cluster until its row has heard enough.
    async fn talk(&self, tunnel: &Tunnel, talk: &Talk) -> Result<Answer, String> {
        /// More than any talk has.
        const TURNS: usize = 32;
        let (_, row) = elsewhere(&talk.system)
            .ok_or_else(|| format!("`{}` is not known to this version", talk.system))?;
        let mut secrets = BTreeMap::new();
        for key in &talk.secrets {
            secrets.insert(key.clone(), self.secret(key).await?);
        }
        // Who holds the lock is carrying out a plan; all others only look.
        let talk = Talk {
            writes: self.token.borrow().is_some(),
            ..talk.clone()
        };
        let mut lead = (row.lead)(&talk, &secrets);
        let mut answer = None;
        for _ in 0..TURNS {
            match lead.next(answer.take()) {
                Turn::Ask(question) => {
                    if talk.writes && question.changes() {
                        let leave = self.engine.leave("a request to a component").await;
                        leave.map_err(|error| error.to_string())?;
                    }
                    answer = Some(tunnel.ask(question).await);
                }
                Turn::Secrets(names) => {
                    let found = self.secrets_by_name(tunnel, &names).await?;
                    answer = Some(Answer::Bytes(json!(found).to_string().into_bytes()));
                }
                Turn::Over(outcome) => {
                    return Ok(Answer::Bytes(json!(outcome).to_string().into_bytes()));
                }
            }
        }
        Err("it came to no end".to_owned())
    }

    /// Secrets by their own names. What a service mounts may be another generation by now, so only a
    /// probe is taken at its word.
    async fn secrets_by_name(
        &self,
        tunnel: &Tunnel,
        names: &[(String, String)],
    ) -> Result<BTreeMap<String, String>, String> {
        if !self.probe_mounts(names) {
            return self.named_at_rest(names).await;
        }
        let mut found = BTreeMap::new();
        for (key, name) in names {
            let path = format!("{SECRETS}/{key}");
            let answer = tunnel.ask(Question::File { path }).await;
            let text = std::str::from_utf8(answer.ok()?);
            let text = text.map_err(|_| format!("secret `{name}` is not text"))?;
            found.insert(name.clone(), text.trim_end_matches('\n').to_owned());
        }
        Ok(found)
    }

    /// The container that questions go through, by the last look.
    pub(super) fn vantage(&self) -> Result<String, String> {
        let last = self.last.borrow();
        let task = probe::vantage(&last, &self.cluster);
        let container = task.map(|task| task.container_id.clone());
        container.ok_or_else(|| "no task on this manager to ask through".to_owned())
    }

    /// A connection from a container to a proxy for something else than HTTP.
    pub(super) async fn stream(
        &self,
        container: &str,
        proxy: &str,
    ) -> Result<TunnelStream, String> {
        Tunnel::open_stream(&self.engine, container, proxy, PORT)
            .await
            .map_err(|error| error.to_string())
    }

    async fn strangers(&self, proxy: String) -> Answer {
        let known = self.strangers.borrow().get(&proxy).cloned();
        if let Some((at, answer)) = known
            && at.elapsed() < self.keeps.get()
        {
            return answer;
        }
        match self.strangers_now(&proxy).await {
            Ok(bytes) => {
                let answer = Answer::Bytes(bytes);
                if Strangers::read(&answer).is_ok_and(|let_in| let_in.told().is_none()) {
                    let entry = (Instant::now(), answer.clone());
                    self.strangers.borrow_mut().insert(proxy, entry);
                }
                answer
            }
            Err(why) => Answer::Failed(why),
        }
    }

    async fn strangers_now(&self, proxy: &str) -> Result<Vec<u8>, String> {
        let stream = self.stream(&self.vantage()?, proxy).await?;
        let found = Strangers::over(stream).await;
        let found = found.map_err(|error| error.to_string())?;
        Ok(json!(found).to_string().into_bytes())
    }
}
