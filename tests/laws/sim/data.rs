//! What lies on disks: who wrote which volume, and what the stores remember.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use milvus_swarm::component::{Component, Shape};
use milvus_swarm::gate::short;

use super::world::{Millis, World};

/// Volumes and what the components keep in them.
#[derive(Default)]
pub struct Data {
    /// The member that wrote a volume, by node and volume.
    pub volumes: BTreeMap<(String, String), String>,
    /// The cluster as the first etcd member or MinIO server that started was told it is.
    pub founded: BTreeMap<&'static str, String>,
    /// The births of data, by the component that keeps it, and how many there were of each.
    pub births: BTreeMap<&'static str, String>,
    pub born: BTreeMap<&'static str, u64>,
    /// The root user's credential is in etcd.
    pub credential: bool,
    /// The secret with the root password that Milvus was told last.
    pub root_password: Option<String>,
    /// The users of MinIO besides root.
    pub users: BTreeSet<String>,
    pub sessions: Vec<SimSession>,
    /// Pulsar's name for its cluster, once it is in ZooKeeper.
    pub metadata: Option<String>,
    /// The address of what leads the one shard: a streaming node where there is one, else a query
    /// node.
    pub leader: Option<IpAddr>,
    /// Settings in etcd, by what stands behind `ROOT/config/`.
    pub config: BTreeMap<String, String>,
    /// Root has the password that each Milvus begins with.
    pub is_known: bool,
}

/// A Milvus process as etcd knows it; a coordinator that leads has a second one.
#[derive(Clone, Debug)]
pub struct SimSession {
    pub role: &'static str,
    pub ip: IpAddr,
    pub server_id: u64,
    pub task: String,
    /// It is the one that only the leader of a role has.
    pub is_leaders: bool,
    /// It is that of the query node in a streaming node.
    pub is_embedded: bool,
    /// When the lease of a dead process runs out.
    pub ends: Option<Millis>,
}

impl World {
    /// Takes the volumes of a starting task into possession; says why that is wrong.
    pub fn mount(&mut self, at: usize) -> Result<(), String> {
        let task = &self.tasks[at];
        let member = short(&task.seen.service).to_owned();
        let node = task.seen.node_id.clone();
        let sources: Vec<String> = task
            .spec
            .task_template
            .container_spec
            .mounts
            .iter()
            .filter(|mount| matches!(mount.kind.as_str(), "volume" | "bind"))
            // One without a name is made for the task alone.
            .filter(|mount| !mount.source.is_empty())
            .map(|mount| mount.source.clone())
            .collect();
        for source in &sources {
            if let Some(((home, _), _)) = self
                .data
                .volumes
                .iter()
                .find(|((home, _), owner)| **owner == member && *home != node)
            {
                return Err(format!(
                    "`{member}` starts on {node} but its data is on {home}"
                ));
            }
            let key = (node.clone(), source.clone());
            match self.data.volumes.get(&key) {
                Some(owner) if *owner != member => {
                    return Err(format!("`{member}` starts on the data of `{owner}`"));
                }
                Some(_) => {}
                None => self.found(at, &member)?,
            }
        }
        for source in sources {
            self.data
                .volumes
                .insert((node.clone(), source), member.clone());
        }
        Ok(())
    }

    /// A member without data joins the cluster that its arguments describe, which must be the
    /// one that is there.
    fn found(&mut self, at: usize, member: &str) -> Result<(), String> {
        let Some(row) = Component::of_service(member).filter(|row| row.shape == Shape::Members)
        else {
            return Ok(());
        };
        let spec = &self.tasks[at].spec.task_template.container_spec;
        let told: Vec<&str> = spec
            .args
            .iter()
            .chain(&spec.command)
            .filter(|word| match row.name {
                "etcd" => word.starts_with("--initial-cluster="),
                "minio" => word.contains("/data"),
                _ => false,
            })
            .map(String::as_str)
            .collect();
        let told = told.join(" ");
        let known = self
            .data
            .founded
            .entry(row.name)
            .or_insert_with(|| told.clone());
        if *known == told {
            Ok(())
        } else {
            Err(format!("`{member}` founds `{told}` where `{known}` is"))
        }
    }

    /// Data comes to be: its ID is the same for the same number of births before it.
    pub fn bear(&mut self, component: &'static str) -> String {
        let nth = self.data.born.entry(component).or_default();
        *nth += 1;
        let birth = format!("{component}-birth-{nth}");
        self.data.births.insert(component, birth.clone());
        birth
    }

    /// All that was in etcd is gone.
    pub fn empty_etcd(&mut self) {
        self.data.founded.remove("etcd");
        self.data.births.remove("etcd");
        self.data.credential = false;
        self.data.sessions.clear();
    }

    /// Empties volumes of a node.
    pub fn wipe(&mut self, node: &str, volumes: &[String]) -> Result<(), String> {
        if let Some(task) = self.tasks.iter().find(|task| {
            task.seen.node_id == node
                && !task.seen.container_id.is_empty()
                && task
                    .spec
                    .task_template
                    .container_spec
                    .mounts
                    .iter()
                    .any(|mount| volumes.contains(&mount.source))
        }) {
            return Err(format!(
                "`{}` still writes to what is wiped",
                task.seen.service
            ));
        }
        for volume in volumes {
            let place = (node.to_owned(), volume.clone());
            self.data.volumes.remove(&place);
            self.owners.of_root.remove(&place);
        }
        let left = |component: &str| {
            self.data
                .volumes
                .values()
                .any(|owner| owner.starts_with(&format!("{component}-")))
        };
        let (etcd, zookeeper, minio) = (left("etcd"), left("zookeeper"), left("minio"));
        if !etcd {
            self.empty_etcd();
        }
        if !minio {
            self.data.founded.remove("minio");
            self.data.users.clear();
        }
        if !zookeeper {
            self.data.metadata = None;
            self.data.births.remove("zookeeper");
        }
        Ok(())
    }
}
