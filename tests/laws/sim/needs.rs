//! What components need of each other, and whether it is there now.

use milvus_swarm::component::Component;
use milvus_swarm::gate::short;
use milvus_swarm::system::minio;

use super::world::World;

impl World {
    /// Processes of a component that serve.
    pub fn up(&self, component: &str) -> usize {
        self.tasks
            .iter()
            .filter_map(|task| task.process.as_ref())
            .filter(|process| process.row.name == component && process.is_up)
            .count()
    }

    /// Tasks of a component that others find by name: DNS learns of a task once it runs, which
    /// with a health check is once it serves.
    pub fn named(&self, component: &str) -> usize {
        self.tasks
            .iter()
            .filter(|task| task.is_wanted() && task.named_at.is_some_and(|at| at <= self.clock))
            .filter_map(|task| task.process.as_ref())
            .filter(|process| process.row.name == component)
            .count()
    }

    /// Whether a process finds by name what it is made of and what it connects to.
    pub fn finds_names(&self, row: &Component) -> bool {
        let most = |component| self.named(component) * 2 > self.size(component);
        match (row.name, row.milvus) {
            (name @ ("etcd" | "minio" | "zookeeper"), _) => most(name),
            ("pulsar-init" | "bookie", _) => most("zookeeper"),
            ("broker", _) => most("zookeeper") && self.named("bookie") >= self.ensemble(),
            (_, Some(_)) => {
                let store = most("minio") || self.stores_elsewhere();
                let beside = self.named("broker") > 0 || self.named("woodpecker") >= self.copies();
                let log = beside || self.logs_itself();
                most("etcd") && store && log
            }
            _ => true,
        }
    }

    /// Members that a component is made of: what its processes are told, else the services
    /// that exist.
    pub fn size(&self, component: &str) -> usize {
        let of = |name: &&String| {
            Component::of_service(short(name)).is_some_and(|row| row.name == component)
        };
        let services: Vec<&String> = self.services.keys().filter(of).collect();
        let told = services.first().map(|name| {
            let container = &self.services[*name].spec.task_template.container_spec;
            let words = || container.args.iter().chain(&container.command);
            match component {
                "etcd" => words()
                    .find_map(|word| word.strip_prefix("--initial-cluster="))
                    .map_or(0, |members| members.split(',').count()),
                "minio" => words()
                    .find_map(|word| word.strip_prefix("http://minio-{0...")?.split_once('}'))
                    .and_then(|(last, _)| last.parse::<usize>().ok())
                    .map_or(0, |last| last + 1),
                "zookeeper" => container
                    .configs
                    .iter()
                    .filter_map(|config| self.config_data.get(&config.name))
                    .flat_map(|text| text.lines())
                    .filter(|line| line.starts_with("server."))
                    .count(),
                _ => 0,
            }
        });
        told.unwrap_or(0).max(services.len())
    }

    pub fn has_quorum(&self, component: &str) -> bool {
        let size = self.size(component);
        size > 0 && self.up(component) * 2 > size
    }

    /// Copies of each ledger that brokers ask for.
    fn ensemble(&self) -> usize {
        self.services
            .values()
            .flat_map(|service| &service.spec.task_template.container_spec.env)
            .find_map(|line| {
                line.strip_prefix("PULSAR_PREFIX_managedLedgerDefaultEnsembleSize=")?
                    .parse()
                    .ok()
            })
            .unwrap_or(1)
    }

    /// Woodpecker servers that Milvus asks for each segment; more than there can be where it asks for none.
    fn copies(&self) -> usize {
        let containers = self.services.values();
        let containers = containers.map(|service| &service.spec.task_template.container_spec);
        let mut configs = containers.flat_map(|container| &container.configs);
        let said = configs.find_map(|config| {
            let text = self.config_data.get(&config.name)?;
            let lines = text.lines().map(str::trim);
            let mut said = lines.filter_map(|line| line.strip_prefix("replicas: "));
            said.next()?.parse().ok()
        });
        said.unwrap_or(usize::MAX)
    }

    pub fn brokers_serve(&self) -> bool {
        self.up("bookie") >= self.ensemble() && self.has_quorum("zookeeper")
    }

    /// Whether objects are in a store that is not of the cluster: its keys are.
    fn stores_elsewhere(&self) -> bool {
        self.size("minio") == 0
            && self
                .secrets
                .keys()
                .any(|name| name.contains("-s3-secret-key-"))
    }

    /// Whether Milvus keeps the log itself, as the cluster remembers from before Milvus starts.
    fn logs_itself(&self) -> bool {
        let mut labels = self.nodes.iter().flat_map(|node| &node.labels);
        let is_it =
            |(label, of): (&String, &String)| label.ends_with(".formed.log") && of == "woodpecker";
        self.size("broker") == 0 && labels.any(is_it)
    }

    /// A user of MinIO's that a task is to it and that it does not know.
    pub fn unknown_user(&self, at: usize) -> Option<String> {
        let container = &self.tasks[at].spec.task_template.container_spec;
        let mut names = container.secrets.iter().map(|secret| &secret.name);
        let user = names.find(|name| name.contains(minio::MILVUS))?;
        (!self.data.users.contains(user)).then(|| format!("MinIO does not know user {user}"))
    }

    /// What a process of a component would miss at its start.
    pub fn misses(&self, row: &Component) -> Option<String> {
        let zookeeper = || {
            self.has_quorum("zookeeper")
                .then_some(())
                .ok_or("no ZooKeeper quorum")
        };
        let metadata = || {
            self.data
                .metadata
                .as_ref()
                .map(drop)
                .ok_or("no Pulsar metadata")
        };
        let backends = || {
            self.has_quorum("etcd")
                .then_some(())
                .ok_or("no etcd quorum")?;
            (self.has_quorum("minio") || self.stores_elsewhere())
                .then_some(())
                .ok_or("no MinIO write quorum")?;
            let brokers = self.up("broker") > 0 && self.brokers_serve();
            (brokers || self.up("woodpecker") >= self.copies() || self.logs_itself())
                .then_some(())
                .ok_or("no broker serves")
        };
        let result = match (row.name, row.milvus) {
            ("pulsar-init", _) => zookeeper(),
            ("bookie", _) => zookeeper().and_then(|()| metadata()),
            ("broker", _) => zookeeper().and_then(|()| metadata()).and_then(|()| {
                self.brokers_serve()
                    .then_some(())
                    .ok_or("not enough bookies")
            }),
            ("woodpecker", _) => (self.has_quorum("minio") || self.stores_elsewhere())
                .then_some(())
                .ok_or("no store for the log"),
            (name, Some(_)) if name.ends_with("coord") => backends().and_then(|()| {
                self.data
                    .credential
                    .then_some(())
                    .ok_or("no credential for root: a default is made")?;
                (!self.is_taken(row))
                    .then_some(())
                    .ok_or("another coordinator is registered under its names")
            }),
            (_, Some(_)) => backends()
                .and_then(|()| self.is_coordinated().then_some(()).ok_or("no coordinator")),
            _ => Ok(()),
        };
        result.err().map(ToOwned::to_owned)
    }
}
