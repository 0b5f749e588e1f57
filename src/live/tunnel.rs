//! Keeps one tunnel into the cluster's network open and sends questions through it.

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::json;

use super::{Live, probe};
use crate::engine::Tunnel;
use crate::gate::ROOT_TOKEN;
use crate::milvus::grpc::Client;
use crate::observed::Observed;
use crate::question::{Answer, Question};
use crate::render::ROOT_SECRET;
use crate::system::milvus::PORT;

/// Where Swarm mounts secrets.
const SECRETS: &str = "/run/secrets";

/// Why a plan is made deaf: it starts nothing on the Swarm unless it is told to.
const NO_PROXY: &str = "no proxy runs on this manager to ask through; `milvus-swarm plan --probe` \
                        starts a small task for it, or name a manager with a proxy with `--host`";

#[derive(Default)]
pub(super) struct Keeper {
    /// One opener at a time.
    opening: tokio::sync::Mutex<()>,
    open: RefCell<Option<Open>>,
    password: RefCell<Option<String>>,
}

/// A tunnel and the container that it goes through.
struct Open {
    container: String,
    tunnel: Rc<Tunnel>,
}

impl Keeper {
    pub(super) fn close(&self) {
        self.open.replace(None);
    }

    /// The open tunnel, unless its task is about to end by what was last seen: what is asked
    /// through it would end with the task.
    fn get(&self, seen: &Observed) -> Option<Rc<Tunnel>> {
        let open = self.open.borrow();
        let Open { container, tunnel } = open.as_ref()?;
        let mut tasks = seen.tasks.iter();
        let leaves = tasks.any(|task| task.container_id == *container && !task.is_wanted());
        (tunnel.is_alive() && !leaves).then(|| Rc::clone(tunnel))
    }
}

impl Live {
    /// The open tunnel, or a new one through a task on the engine's node, by the last look.
    pub(super) async fn tunnel(&self) -> Result<Rc<Tunnel>, String> {
        if let Some(tunnel) = self.open_tunnel() {
            return Ok(tunnel);
        }
        let _opening = self.tunnel.opening.lock().await;
        if let Some(tunnel) = self.open_tunnel() {
            return Ok(tunnel);
        }
        let container = probe::vantage(&self.last.borrow(), &self.cluster)
            .map(|task| task.container_id.clone());
        let Some(container) = container else {
            if !self.may_start_probe {
                return Err(NO_PROXY.to_owned());
            }
            self.start_probe().await?;
            return Err("the probe is starting".to_owned());
        };
        let tunnel = Tunnel::open(&self.engine, &container)
            .await
            .map_err(|error| error.to_string())?;
        let tunnel = Rc::new(tunnel);
        self.tunnel.open.replace(Some(Open {
            container,
            tunnel: Rc::clone(&tunnel),
        }));
        Ok(tunnel)
    }

    /// The tunnel that is open and stays so, by the last look.
    pub(super) fn open_tunnel(&self) -> Option<Rc<Tunnel>> {
        self.tunnel.get(&self.last.borrow())
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
            Question::Http { ref headers, .. }
                if headers.iter().any(|(_, value)| value.contains(ROOT_TOKEN)) =>
            {
                match self.root_password().await {
                    Ok(password) => with_token(question, &format!("root:{password}")),
                    Err(why) => return Answer::Failed(why),
                }
            }
            other => other,
        };
        tunnel.ask(question).await
    }

    /// The password of Milvus' root user, read where it is mounted.
    pub(crate) async fn root_password(&self) -> Result<String, String> {
        if let Some(password) = self.tunnel.password.borrow().clone() {
            return Ok(password);
        }
        let password = self.secret(ROOT_SECRET).await?;
        self.tunnel.password.replace(Some(password.clone()));
        Ok(password)
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

    async fn shard_leaders(&self, proxy: &str) -> Result<Vec<u8>, String> {
        let password = self.root_password().await?;
        let container = probe::vantage(&self.last.borrow(), &self.cluster)
            .map(|task| task.container_id.clone())
            .ok_or("no task on this manager to ask through")?;
        let stream = Tunnel::open_stream(&self.engine, &container, proxy, PORT)
            .await
            .map_err(|error| error.to_string())?;
        let mut client = Client::over(stream, "root", &password)
            .await
            .map_err(|error| error.to_string())?;
        let leaders = client
            .shard_leaders()
            .await
            .map_err(|error| error.to_string())?;
        Ok(json!(leaders).to_string().into_bytes())
    }
}

fn with_token(question: Question, token: &str) -> Question {
    match question {
        Question::Http {
            method,
            host,
            port,
            path,
            headers,
            body,
            timeout,
        } => Question::Http {
            method,
            host,
            port,
            path,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name, value.replace(ROOT_TOKEN, token)))
                .collect(),
            body,
            timeout,
        },
        other => other,
    }
}
