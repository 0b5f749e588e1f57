//! What is said to proxies with root's password: within the task that it is said to wherever one runs on
//! this manager, so that no packet on its way to another host has the password in it.

use std::net::IpAddr;

use serde_json::json;

use super::Live;
use crate::gate::ROOT_TOKEN;
use crate::milvus::grpc::Client;
use crate::observed::{Observed, Task};
use crate::question::{Answer, Question};
use crate::render::ROOT_SECRET;
use crate::system::milvus::within::{WOULD_CROSS, is_hidden, nearest, within};

/// The proxy to talk to as root, of those whose process is up.
pub(super) fn nearest_up<'a>(service: &'a str, seen: &'a Observed) -> Option<(&'a Task, IpAddr)> {
    let up = seen.tasks_of(service).filter(|task| task.is_up());
    let up = up.filter_map(|task| Some((task, task.address()?)));
    nearest(service, up, seen)
}

impl Live {
    /// What is root's password from now on: tasks that mount the one before are still there.
    pub(super) fn password_is(&self, password: &str) {
        self.tunnel.password.replace(Some(password.to_owned()));
        self.tunnel.is_told.set(true);
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

    /// The container from which a proxy is told root's password: the proxy's own. Where that is on
    /// another host the password crosses the network: not for a look, unless that is encrypted.
    ///
    /// # Errors
    /// It is a look, or there is no place to ask from.
    fn mouth(&self, proxy: &str) -> Result<String, String> {
        {
            let last = self.last.borrow();
            if let Some(task) = within(proxy, &last) {
                return Ok(task.container_id.clone());
            }
            if !is_hidden(proxy, &last) && !self.may_start_probe {
                return Err(WOULD_CROSS.to_owned());
            }
        }
        self.vantage()
    }

    /// Asks a question in which a mark stands for root's token.
    pub(super) async fn ask_as_root(&self, question: Question) -> Result<Answer, String> {
        let proxy = question.host().ok_or("it is put to nobody")?;
        let tunnel = self.tunnel_into(&self.mouth(proxy)?).await?;
        let password = self.root_password().await?;
        let question = with_token(question, &format!("root:{password}"));
        let answer = tunnel.ask(question).await;
        let is_denied = matches!(answer, Answer::Http { status: 401, .. });
        if is_denied && !self.tunnel.is_told.get() {
            // A task that is made meanwhile may mount the next generation of the secret.
            self.tunnel.password.take();
        }
        Ok(answer)
    }

    /// A connection to a proxy as root, with a password that may be wrong.
    pub(super) async fn as_root(&self, proxy: &str, password: &str) -> Result<Client, String> {
        let stream = self.stream(&self.mouth(proxy)?, proxy).await?;
        Client::over(stream, "root", password)
            .await
            .map_err(|error| error.to_string())
    }

    pub(super) async fn shard_leaders(&self, proxy: &str) -> Result<Vec<u8>, String> {
        let password = self.root_password().await?;
        let mut client = self.as_root(proxy, &password).await?;
        let leaders = client.shard_leaders().await;
        let leaders = leaders.map_err(|error| error.to_string())?;
        Ok(json!(leaders).to_string().into_bytes())
    }
}

fn with_token(mut question: Question, token: &str) -> Question {
    if let Question::Http { headers, .. } = &mut question {
        for (_, value) in headers {
            *value = value.replace(ROOT_TOKEN, token);
        }
    }
    question
}
