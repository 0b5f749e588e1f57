//! A task that does one thing on one node and ends: the engine that the tool talks to cannot
//! touch the disks of other nodes.

use std::time::Duration;

use super::{Live, failure, own};
use crate::engine::EngineError;
use crate::execute::Failure;
use crate::spec::{
    ContainerSpec, Mode, Mount, Placement, Replicated, RestartPolicy, ServiceSpec, Shared,
    TaskSpec, VolumeOptions,
};

/// Looks at the task this often.
const LOOK: Duration = Duration::from_millis(300);
/// Gives up after so many looks: three minutes.
const LOOKS: u32 = 600;
/// Lines of a task that failed.
const LINES: usize = 5;

/// What a task does.
pub(super) struct OneShot<'a> {
    /// One word for the name of its service, and what its label says that it is for.
    pub verb: &'a str,
    /// For whom it is done, as the end of that name: the host, or a member.
    pub of: &'a str,
    pub hostname: &'a str,
    pub image: &'a str,
    /// An argument vector; run by root.
    pub command: Vec<String>,
    pub mounts: Vec<Mount>,
}

impl Live {
    /// Runs a task to its end and takes its service away, whatever came of it.
    pub(super) async fn run_once(&self, what: OneShot<'_>) -> Result<(), Failure> {
        let (verb, hostname) = (what.verb.to_owned(), what.hostname.to_owned());
        let spec = self.one_shot(what);
        let id = match self.engine.create_service(&spec).await {
            Err(EngineError::Conflict(_)) => {
                // Left by a run that was killed: it may have been given something else to do.
                self.remove_own(&spec.name, &verb).await?;
                self.engine.create_service(&spec).await
            }
            created => created,
        };
        let id = id.map_err(failure)?;
        let result = self.ended(&id, &spec.name, &hostname).await;
        let _ = self.engine.remove_service(&id).await;
        result
    }

    async fn ended(&self, id: &str, name: &str, hostname: &str) -> Result<(), Failure> {
        let mut state = String::from("has no task yet");
        for _ in 0..LOOKS {
            let tasks = self.engine.tasks_of(&[id]).await.map_err(failure)?;
            if let Some(task) = tasks.last() {
                match task.state.as_str() {
                    "complete" => return Ok(()),
                    "failed" | "rejected" => {
                        let lines = self.engine.task_logs(&task.id, LINES).await;
                        let lines = lines.unwrap_or_default().join("; ");
                        let lines = lines.replace(char::is_control, " ");
                        state = format!("{}: {} {lines}", task.state, task.error);
                        break;
                    }
                    other => state = format!("is {other} {}", task.error),
                }
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(Failure {
            message: format!("task `{name}` on `{hostname}` {}", state.trim_end()),
            hint: None,
            moved: false,
        })
    }

    fn one_shot(&self, what: OneShot<'_>) -> ServiceSpec {
        ServiceSpec {
            name: format!("{}-{}-{}", self.cluster, what.verb, what.of),
            labels: own::labels(&self.cluster, what.verb),
            task_template: Shared::new(TaskSpec {
                container_spec: ContainerSpec {
                    image: what.image.to_owned(),
                    command: what.command,
                    user: "0".to_owned(),
                    mounts: what.mounts,
                    ..ContainerSpec::default()
                },
                restart_policy: Some(RestartPolicy {
                    condition: "none".to_owned(),
                    ..RestartPolicy::default()
                }),
                placement: Placement {
                    constraints: vec![format!("node.hostname == {}", what.hostname)],
                    ..Placement::default()
                },
                ..TaskSpec::default()
            }),
            mode: Mode {
                replicated: Some(Replicated { replicas: Some(1) }),
                ..Mode::default()
            },
            ..ServiceSpec::default()
        }
    }
}

/// A volume's name has no slash; a directory begins with one.
pub(crate) fn is_volume(text: &str) -> bool {
    !text.starts_with('/')
}

/// Mounts of volumes and directories below one of the task's own: `/wipe/0`, `/wipe/1`.
pub(super) fn mounts(volumes: &[String], below: &str) -> Vec<Mount> {
    let mount = |(at, source): (usize, &String)| Mount {
        kind: if is_volume(source) { "volume" } else { "bind" }.to_owned(),
        source: source.clone(),
        target: format!("{below}/{at}"),
        volume_options: is_volume(source).then(|| VolumeOptions {
            no_copy: true,
            ..VolumeOptions::default()
        }),
        ..Mount::default()
    };
    volumes.iter().enumerate().map(mount).collect()
}
