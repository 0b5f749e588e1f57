//! Makes one Swarm of the engines.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::api::Api;
use crate::host::Host;
use crate::lab::each;
use crate::paths::Paths;
use crate::state::State;

/// Initialises the Swarm on the first host and joins the others; who is in stays in.
pub fn form(paths: &Paths, state: &State) -> Result<()> {
    let Some(first) = state.hosts.first() else {
        bail!("a lab needs a host");
    };
    let api = Api::new(first.socket(paths));
    if !member(&api)? {
        api.post(
            "/swarm/init",
            &json!({
                "ListenAddr": format!("{}:2377", first.address()),
                "AdvertiseAddr": first.address(),
                "DefaultAddrPool": ["10.100.0.0/16"],
                "SubnetSize": 24,
            }),
        )?;
    }
    let swarm = api.get("/swarm")?;
    let token = |role: &str| {
        swarm["JoinTokens"][role]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    };
    let (manager, worker) = (token("Manager"), token("Worker"));
    let join = |host: &Host, token: &str| join(paths, host, first, token);
    let (managers, workers): (Vec<&Host>, Vec<&Host>) = state.hosts[1..]
        .iter()
        .partition(|host| host.number <= state.managers);
    // One manager at a time: each changes the quorum that the next one needs.
    for host in managers {
        join(host, &manager)?;
    }
    each(&workers, 6, |host| join(host, &worker))?;
    wait_ready(&api, state.hosts.len())
}

/// Waits until as many nodes are ready.
pub fn wait_ready(api: &Api, nodes: usize) -> Result<()> {
    let until = Instant::now() + Duration::from_secs(60);
    loop {
        let ready = nodes_of(api)?
            .iter()
            .filter(|node| node["Status"]["State"] == "ready")
            .count();
        if ready >= nodes {
            return Ok(());
        }
        if Instant::now() > until {
            bail!(
                "{ready} of {nodes} nodes are ready after a minute: see `milvus-swarm-lab status`"
            );
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The Swarm's nodes as the engine tells them.
pub fn nodes_of(api: &Api) -> Result<Vec<Value>> {
    Ok(api.get("/nodes")?.as_array().cloned().unwrap_or_default())
}

fn join(paths: &Paths, host: &Host, first: &Host, token: &str) -> Result<()> {
    let api = Api::new(host.socket(paths));
    if member(&api)? {
        return Ok(());
    }
    api.post(
        "/swarm/join",
        &json!({
            "ListenAddr": format!("{}:2377", host.address()),
            "AdvertiseAddr": host.address(),
            "RemoteAddrs": [format!("{}:2377", first.address())],
            "JoinToken": token,
        }),
    )
    .with_context(|| format!("{} could not join the Swarm", host.name()))?;
    Ok(())
}

fn member(api: &Api) -> Result<bool> {
    Ok(api.get("/info")?["Swarm"]["LocalNodeState"] != "inactive")
}
