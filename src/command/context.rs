//! What every verb needs: the inventory, the engine, the templates, the output.

use std::path::{Path, PathBuf};

use super::CommandError;
use crate::cli::Global;
use crate::engine::{Engine, Target};
use crate::inventory::{self, Inventory, Source};
use crate::live::Live;
use crate::observed::Observed;
use crate::plan::Drain;
use crate::render::Sources;
use crate::report::Output;
use crate::role::Role;
use crate::source;
use crate::topology::role_label;
use crate::wanted::Cluster;

/// The inventory that is looked for where none is named.
const DEFAULT_FILE: &str = "milvus-swarm.yml";

pub(super) struct Context {
    global: Global,
    pub output: Output,
}

/// An inventory with the files it came from; none for the embedded one.
pub(super) struct Loaded {
    pub inventory: Inventory,
    pub sources: Vec<(PathBuf, String)>,
}

/// A cluster as it is wanted and as it is.
pub(super) struct Scene {
    pub inventory: Inventory,
    pub cluster: Cluster,
    pub seen: Observed,
    pub live: Live,
}

impl Context {
    pub(super) const fn new(global: Global, output: Output) -> Self {
        Self { global, output }
    }

    /// Reads the inventory: the files named, else the default file, else the embedded one.
    pub(super) fn load(&self) -> Result<Loaded, CommandError> {
        let mut paths = self.global.inventory.clone();
        if paths.is_empty() && source::exists(Path::new(DEFAULT_FILE)) {
            paths.push(PathBuf::from(DEFAULT_FILE));
        }
        if paths.is_empty() {
            self.output.say(&format!(
                "{} no inventory named and no ./{DEFAULT_FILE}: using the embedded one, this \
                 machine only (`milvus-swarm init` writes one to start from)",
                self.output.err.change("note:")
            ));
        }
        let mut sources = Vec::new();
        for path in paths {
            let text = source::read(&path)?;
            sources.push((path, text));
        }
        let inventory = Self::parse(&sources)?;
        Ok(Loaded { inventory, sources })
    }

    pub(super) fn parse(sources: &[(PathBuf, String)]) -> Result<Inventory, CommandError> {
        let named: Vec<Source> = if sources.is_empty() {
            vec![Source::new("local.yml (embedded)", inventory::LOCAL)]
        } else {
            sources
                .iter()
                .map(|(path, text)| Source::new(path.display().to_string(), text.clone()))
                .collect()
        };
        Inventory::parse(&named).map_err(CommandError::Inventory)
    }

    /// Connects to the engine of a manager.
    pub(super) async fn engine(&self) -> Result<Engine, CommandError> {
        let config = source::docker_config();
        let target = Target::discover(self.global.host.as_deref(), source::variable, &config)?;
        Ok(Engine::connect(target).await?.with_logins(&config))
    }

    /// The templates inside the program, or a user's own over them.
    pub(super) fn templates(dir: Option<&Path>) -> Result<Sources, CommandError> {
        let mut sources = Sources::shipped();
        if let Some(dir) = dir {
            for name in Sources::names() {
                let path = dir.join(name);
                if source::exists(&path) {
                    sources.replace(name, source::read(&path)?);
                }
            }
        }
        Ok(sources)
    }

    /// Looks at the Swarm and works out the cluster on it. Only `up` and its like may start a
    /// probe.
    pub(super) async fn scene(
        &self,
        mut inventory: Inventory,
        stacks: Option<&Path>,
        may_start_probe: bool,
    ) -> Result<Scene, CommandError> {
        let sources = Self::templates(stacks)?;
        let engine = self.engine().await?;
        let live = Live::new(engine, &inventory.name, may_start_probe);
        let seen = live.look().await?;
        let this = seen.nodes.iter().find(|node| node.id == seen.this_node);
        for host in inventory
            .hosts
            .iter_mut()
            .filter(|host| host.name == inventory::THIS_HOST)
        {
            if let Some(node) = this {
                host.name.clone_from(&node.hostname);
            }
        }
        let cluster = Cluster::work_out(&inventory, Some(&seen), &sources)?;
        let live = live.with_cluster(&cluster);
        Ok(Scene {
            inventory,
            cluster,
            seen,
            live,
        })
    }
}

impl Scene {
    /// Works out which query nodes leave, where the wanted number is lower than today's: those
    /// that lead no shard first.
    pub(super) async fn plan_drain(&mut self) {
        let wanted = self
            .cluster
            .wanted
            .phases
            .iter()
            .find(|phase| phase.name == "querynode")
            .and_then(|phase| phase.services.first());
        let Some(name) = wanted
            .filter(|spec| {
                self.seen
                    .services
                    .get(&spec.name)
                    .is_some_and(|found| found.spec.replicas() > spec.replicas())
            })
            .map(|spec| spec.name.clone())
        else {
            return;
        };
        let seed = &self.cluster.wanted.seed;
        let drain = Drain {
            label: role_label(&self.inventory.name, Role::Query),
            etcd: seed.etcd.clone(),
            root_path: seed.root_path.clone(),
            proxy: self.cluster.wanted.proxy.clone(),
            leavers: self.live.leavers(&self.cluster, &self.seen, &name).await,
            service: name,
        };
        self.cluster.wanted.drain = Some(drain);
    }
}
