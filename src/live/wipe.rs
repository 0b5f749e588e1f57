//! Emptying volumes on the node that holds them, through a task that mounts them: the engine
//! that the tool talks to knows only its own volumes.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Live, failure};
use crate::engine::EngineError;
use crate::execute::Failure;
use crate::spec::{
    ContainerSpec, Mode, Mount, Placement, Replicated, RestartPolicy, ServiceSpec, TaskSpec,
    VolumeOptions,
};
use crate::wanted::CLUSTER_LABEL;

/// Looks at the task this often.
const LOOK: Duration = Duration::from_millis(300);
/// Gives up after so many looks: three minutes.
const LOOKS: u32 = 600;

impl Live {
    /// Deletes what is in the volumes of one node. The empty volumes stay; they hold nothing
    /// and a new cluster starts on them as on new ones.
    pub(super) async fn wipe(&self, hostname: &str, volumes: &[String]) -> Result<(), Failure> {
        let spec = self.wipe_spec(hostname, volumes);
        let name = spec.name.clone();
        match self.engine.create_service(&spec).await {
            Ok(_) | Err(EngineError::Conflict(_)) => {}
            Err(error) => return Err(failure(error)),
        }
        let result = self.wiped(&name, hostname).await;
        let _ = self.engine.remove_service(&name).await;
        result
    }

    async fn wiped(&self, service: &str, hostname: &str) -> Result<(), Failure> {
        let mut state = String::from("has no task yet");
        for _ in 0..LOOKS {
            let tasks = self.engine.tasks_of(&[service]).await.map_err(failure)?;
            if let Some(task) = tasks.last() {
                match task.state.as_str() {
                    "complete" => return Ok(()),
                    "failed" | "rejected" => {
                        state = format!("{}: {}", task.state, task.error);
                        break;
                    }
                    other => state = format!("is {other} {}", task.error),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure {
            message: format!("the task that empties volumes on `{hostname}` {state}"),
            hint: Some(format!(
                "on {hostname}: docker volume ls -q -f label={CLUSTER_LABEL}={} | xargs docker \
                 volume rm",
                self.cluster
            )),
            moved: false,
        })
    }

    fn wipe_spec(&self, hostname: &str, volumes: &[String]) -> ServiceSpec {
        let mounts = volumes
            .iter()
            .enumerate()
            .map(|(at, volume)| {
                // A volume's name has no slash; a directory begins with one.
                let is_volume = !volume.starts_with('/');
                Mount {
                    kind: if is_volume { "volume" } else { "bind" }.to_owned(),
                    source: volume.clone(),
                    target: format!("/wipe/{at}"),
                    volume_options: is_volume.then(|| VolumeOptions {
                        no_copy: true,
                        ..VolumeOptions::default()
                    }),
                    ..Mount::default()
                }
            })
            .collect();
        let command = ["find", "/wipe", "-mindepth", "2", "-delete"];
        ServiceSpec {
            name: format!("{}-wipe-{hostname}", self.cluster),
            labels: BTreeMap::from([
                (CLUSTER_LABEL.to_owned(), self.cluster.clone()),
                ("milvus-swarm.component".to_owned(), super::PROBE.to_owned()),
            ]),
            task_template: TaskSpec {
                container_spec: ContainerSpec {
                    image: self.probe.image.clone(),
                    command: command.map(str::to_owned).to_vec(),
                    user: "0".to_owned(),
                    mounts,
                    ..ContainerSpec::default()
                },
                restart_policy: Some(RestartPolicy {
                    condition: "none".to_owned(),
                    ..RestartPolicy::default()
                }),
                placement: Placement {
                    constraints: vec![format!("node.hostname == {hostname}")],
                    ..Placement::default()
                },
                ..TaskSpec::default()
            },
            mode: Mode {
                replicated: Some(Replicated { replicas: Some(1) }),
                ..Mode::default()
            },
            ..ServiceSpec::default()
        }
    }
}
