//! Emptying volumes and directories on the node that holds them.

use super::Live;
use super::one_shot::OneShot;
use crate::engine::{Engine, Target};
use crate::execute::Failure;
use crate::spec::{Mount, VolumeOptions};
use crate::wanted::CLUSTER_LABEL;

impl Live {
    /// Deletes what is in the volumes and directories of one node, then the volumes themselves
    /// where their engine can be reached: this one, or one that the inventory names. Elsewhere
    /// they stay, empty, and a new cluster starts on them as on new ones.
    pub(super) async fn wipe(&self, hostname: &str, volumes: &[String]) -> Result<(), Failure> {
        let command = ["find", "/wipe", "-mindepth", "2", "-delete"];
        let what = OneShot {
            verb: "wipe",
            hostname,
            command: command.map(str::to_owned).to_vec(),
            mounts: volumes.iter().enumerate().map(mount).collect(),
        };
        self.run_once(what).await.map_err(|failure| Failure {
            hint: Some(format!(
                "on {hostname}: docker volume ls -q -f label={CLUSTER_LABEL}={} | xargs docker \
                 volume rm",
                self.cluster
            )),
            ..failure
        })?;
        if let Some(engine) = self.engine_of(hostname).await {
            for volume in volumes.iter().filter(|volume| is_volume(volume)) {
                // In use for as long as the task's container is not reaped; empty either way.
                let _ = engine.remove_volume(volume).await;
            }
        }
        Ok(())
    }

    /// The engine of a host, where it can be reached.
    async fn engine_of(&self, hostname: &str) -> Option<Engine> {
        let this = {
            let last = self.last.borrow();
            let node = last.nodes.iter().find(|node| node.hostname == hostname);
            node.is_some_and(|node| node.id == last.this_node)
        };
        if this {
            return Some(self.engine.clone());
        }
        let endpoint = self.engines.get(hostname)?;
        let target = Target::parse(endpoint, "inventory", None).ok()?;
        Engine::reach(target).await.ok()
    }
}

/// A volume's name has no slash; a directory begins with one.
fn is_volume(text: &str) -> bool {
    !text.starts_with('/')
}

fn mount((at, source): (usize, &String)) -> Mount {
    Mount {
        kind: if is_volume(source) { "volume" } else { "bind" }.to_owned(),
        source: source.clone(),
        target: format!("/wipe/{at}"),
        volume_options: is_volume(source).then(|| VolumeOptions {
            no_copy: true,
            ..VolumeOptions::default()
        }),
        ..Mount::default()
    }
}
