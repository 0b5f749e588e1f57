//! Emptying volumes and directories on the node that holds them.

use super::Live;
use super::one_shot::{OneShot, is_volume, mounts};
use crate::engine::{Engine, EngineError, Target};
use crate::execute::Failure;
use crate::wanted::CLUSTER_LABEL;

impl Live {
    /// Deletes what is in the volumes and directories of one node, then the volumes themselves
    /// where their engine can be reached: this one, or one that the inventory names. Elsewhere
    /// they stay, empty, and a new cluster starts on them as on new ones.
    pub(super) async fn wipe(&self, hostname: &str, volumes: &[String]) -> Result<(), Failure> {
        let command = ["find", "/wipe", "-mindepth", "2", "-delete"];
        let what = OneShot {
            verb: "wipe",
            of: hostname,
            hostname,
            image: &self.probe.image,
            command: command.map(str::to_owned).to_vec(),
            mounts: mounts(volumes, "/wipe"),
        };
        self.run_once(what).await.map_err(|failure| Failure {
            hint: failure
                .hint
                .or_else(|| Some(format!("on {hostname}: {}", self.volumes_away()))),
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

    /// The command that removes the volumes of the cluster on the host where it is typed.
    #[must_use]
    pub fn volumes_away(&self) -> String {
        let name = &self.cluster;
        format!("docker volume ls -q -f label={CLUSTER_LABEL}={name} | xargs docker volume rm")
    }

    /// Whether there is a way to the engine of a host: it is the one that is asked, or the
    /// inventory names it.
    #[must_use]
    pub fn knows_engine(&self, hostname: &str) -> bool {
        self.is_this(hostname) || self.engines.contains_key(hostname)
    }

    /// Makes sure that the engines of these hosts may be dialled, where the inventory names them: a
    /// connection that is refused should be so before anything is done.
    ///
    /// # Errors
    /// An address that can't be read, or may not be talked to in clear.
    pub fn may_dial<'a>(
        &self,
        hostnames: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), EngineError> {
        let mut others = hostnames.into_iter().filter(|name| !self.is_this(name));
        others.try_for_each(|name| self.target(name).transpose().map(drop))
    }

    /// Where the inventory says that the engine of a host listens.
    fn target(&self, hostname: &str) -> Option<Result<Target, EngineError>> {
        let address = self.engines.get(hostname)?;
        let origin = format!("`engine` of host `{hostname}` in the inventory,");
        Some(Target::parse(address, &origin, &self.access))
    }

    fn is_this(&self, hostname: &str) -> bool {
        let last = self.last.borrow();
        let node = last.nodes.iter().find(|node| node.hostname == hostname);
        node.is_some_and(|node| node.id == last.this_node)
    }

    /// The engine of a host, where it can be reached.
    async fn engine_of(&self, hostname: &str) -> Option<Engine> {
        if self.is_this(hostname) {
            return Some(self.engine.clone());
        }
        let target = self.target(hostname)?.ok()?;
        let engine = Engine::reach(target).await.ok()?;
        Some(engine.behind_the_fence_of(&self.engine))
    }
}
