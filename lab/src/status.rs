//! What the hosts are doing.

use anyhow::Result;
use serde::Serialize;
use serde_json::Value;

use crate::api::Api;
use crate::lab::Lab;
use crate::{cgroup, net, swarm};

/// One host, as seen from the machine and from the Swarm.
#[derive(Debug, Serialize)]
pub struct HostStatus {
    pub name: String,
    pub address: String,
    pub socket: String,
    /// Whether the engine answers.
    pub engine: bool,
    /// Whether all of its processes are stopped where they are.
    pub frozen: bool,
    /// Whether the network cable is in.
    pub plugged: bool,
    pub containers: u64,
    pub memory: u64,
    pub cpus: u64,
    /// `ready`, `down`, ... as the managers say; `unknown` if none can be asked.
    pub node: String,
    /// `leader`, `manager` or `worker`.
    pub role: String,
}

impl Lab {
    /// Asks every engine, and the first manager that answers for the nodes.
    pub fn status(&self) -> Result<Vec<HostStatus>> {
        let nodes = self
            .hosts()
            .iter()
            .map(|host| Api::new(self.socket(host)))
            .filter(Api::answers)
            .filter_map(|api| swarm::nodes_of(&api).ok())
            .find(|nodes| !nodes.is_empty())
            .unwrap_or_default();
        let rows = self.hosts().iter().map(|host| {
            let api = Api::new(self.socket(host));
            let info = if api.answers() {
                api.get("/info").ok()
            } else {
                None
            };
            // A rejoined host leaves an older, dead node of the same name behind.
            let node = nodes
                .iter()
                .filter(|node| node["Description"]["Hostname"] == host.name().as_str())
                .max_by_key(|node| node["Status"]["State"] == "ready");
            HostStatus {
                name: host.name(),
                address: host.address(),
                socket: self.socket(host).display().to_string(),
                engine: info.is_some(),
                frozen: cgroup::is_frozen(&host.cgroup()),
                plugged: net::plugged(host),
                containers: number(info.as_ref(), "ContainersRunning"),
                memory: number(info.as_ref(), "MemTotal"),
                cpus: number(info.as_ref(), "NCPU"),
                node: node
                    .and_then(|node| node["Status"]["State"].as_str())
                    .unwrap_or("unknown")
                    .to_owned(),
                role: role(node),
            }
        });
        Ok(rows.collect())
    }
}

fn number(info: Option<&Value>, key: &str) -> u64 {
    info.and_then(|info| info[key].as_u64()).unwrap_or_default()
}

fn role(node: Option<&Value>) -> String {
    match node {
        None => "unknown".to_owned(),
        Some(node) if node["ManagerStatus"]["Leader"] == true => "leader".to_owned(),
        Some(node) => node["Spec"]["Role"]
            .as_str()
            .unwrap_or("unknown")
            .to_owned(),
    }
}
