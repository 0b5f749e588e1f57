//! What every verb needs: the inventory, the engine, the templates, the output.

use std::path::{Path, PathBuf};

use super::by_hand::quoted;
use super::{CommandError, password};
use crate::address;
use crate::cli::Global;
use crate::engine::{Access, Engine, Target};
use crate::hear;
use crate::inventory::{self, Inventory, Source};
use crate::live::Live;
use crate::observed::Observed;
use crate::plan::Plan;
use crate::render::Sources;
use crate::report::Output;
use crate::snapshot::Snapshot;
use crate::source;
use crate::wanted::{Anew, Cluster, Renewal};
use crate::words::names;

/// The inventory that is looked for where none is named.
const DEFAULT_FILE: &str = "milvus-swarm.yml";
/// Names inventories where no flag does.
const VARIABLE: &str = "MILVUS_SWARM_INVENTORY";

pub(super) struct Context {
    global: Global,
    pub output: Output,
}

/// An inventory with the files it came from; none for the embedded one.
pub(super) struct Loaded {
    pub inventory: Inventory,
    pub sources: Vec<(PathBuf, String)>,
}

/// A cluster as it is wanted, and as it was when it was recorded.
pub(super) struct Replay {
    pub inventory: Inventory,
    pub cluster: Cluster,
    pub snapshot: Snapshot,
}

/// A cluster as it is wanted and as it is.
pub(super) struct Scene {
    pub inventory: Inventory,
    pub cluster: Cluster,
    pub seen: Observed,
    pub live: Live,
    sources: Sources,
    anew: Anew,
    /// Whether somebody agreed that root's password may cross the network.
    may_cross: bool,
}

impl Context {
    pub(super) const fn new(global: Global, output: Output) -> Self {
        Self { global, output }
    }

    /// Reads the inventory: the files that flags name, else the environment, else the default
    /// file, else the embedded one.
    pub(super) fn load(&self) -> Result<Loaded, CommandError> {
        let mut paths = self.global.inventory.clone();
        if paths.is_empty() {
            paths = source::paths(VARIABLE);
        }
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
            let bytes = source::read_bytes(&path).map_err(CommandError::NoInventory)?;
            let source = Source::from_bytes(path.display().to_string(), &bytes)
                .map_err(CommandError::Inventory)?;
            sources.push((path, source.text));
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
        let mut inventory = Inventory::parse(&named).map_err(CommandError::Inventory)?;
        let passwords = inventory.credentials.passwords.values_mut();
        let fillers = inventory.fillers.values_mut();
        let files = fillers.flat_map(|filling| filling.files.values_mut());
        for named in passwords.chain(files).chain(&mut inventory.stacks) {
            // A path in a file begins at that file, wherever the program is started.
            let path = sources.get(named.source).map(|(path, _)| path);
            if let Some(folder) = path.and_then(|path| path.parent()) {
                named.path = folder.join(&named.path).display().to_string();
            }
        }
        Ok(inventory)
    }

    /// The command line of another verb for the cluster that this run is about.
    pub(super) fn command(&self, verb: &str) -> String {
        let mut words = vec!["milvus-swarm".to_owned()];
        let flag = |words: &mut Vec<String>, flag: &str, value: String| {
            words.extend([flag.to_owned(), shell_word(value)]);
        };
        for path in &self.global.inventory {
            flag(&mut words, "-i", path.display().to_string());
        }
        for host in &self.global.host {
            flag(&mut words, "-H", host.clone());
        }
        if self.global.insecure {
            words.push("--insecure".to_owned());
        }
        if let Some(dir) = &self.global.stacks {
            flag(&mut words, "--stacks", dir.display().to_string());
        }
        words.push(verb.to_owned());
        words.join(" ")
    }

    /// Connects to the engine of a manager, the first of those named that answers.
    pub(super) async fn engine(&self) -> Result<Engine, CommandError> {
        let config = source::docker_config();
        let access = self.access();
        let target = |host| Target::discover(host, source::variable, &config, &access);
        let targets = match self.global.host.as_slice() {
            [] => vec![target(None)?],
            hosts => {
                let targets = hosts.iter().map(|host| target(Some(host)));
                targets.collect::<Result<_, _>>()?
            }
        };
        Ok(Engine::connect_any(targets).await?.with_logins(&config))
    }

    /// How engines behind `tcp://` are reached.
    fn access(&self) -> Access {
        let config = source::docker_config();
        Access::new(source::variable, &config, self.global.insecure)
    }

    /// The templates inside the program, with those of a user's own folder over them: the one
    /// that `--stacks` names, else the inventory.
    pub(super) fn templates(&self, inventory: &Inventory) -> Result<Sources, CommandError> {
        let mut sources = Sources::shipped();
        let flag = self.global.stacks.as_deref();
        let key = inventory
            .stacks
            .as_ref()
            .map(|named| Path::new(&named.path));
        let Some(dir) = flag.or(key) else {
            return Ok(sources);
        };
        // `docker stack deploy` lays several files over one another; here one would be lost.
        for file in source::names(dir).map_err(CommandError::NoTemplate)? {
            if let Some(template) = Sources::layered(&file) {
                let file = dir.join(file);
                return Err(CommandError::Layered { file, template });
            }
        }
        let mut found = false;
        for name in Sources::names() {
            let path = dir.join(name);
            if source::exists(&path) {
                let text = source::read(&path).map_err(CommandError::NoTemplate)?;
                sources.replace(name, text);
                found = true;
            }
        }
        for (name, parts) in Sources::former() {
            let file = dir.join(&name);
            if !source::exists(&file) {
                continue;
            }
            let beside = parts.iter().map(|part| dir.join(part));
            if let Some(other) = beside.into_iter().find(|path| source::exists(path)) {
                let parts = names(&parts);
                let hint = format!(
                    "`{name}` is now {parts}: carry your edits over and `rm {0}`; or keep it \
                     without them, and it goes on as before",
                    file.display()
                );
                return Err(CommandError::Twice { file, other, hint });
            }
            let text = source::read(&file).map_err(CommandError::NoTemplate)?;
            sources.replace(&name, text);
            found = true;
        }
        if found {
            Ok(sources)
        } else {
            Err(CommandError::NoTemplates(dir.to_owned()))
        }
    }

    /// Refuses an engine where nothing is asked: the answer would not be about it.
    pub(super) fn without_engine(&self, flag: &str) -> Result<(), CommandError> {
        match self.global.host.first() {
            None => Ok(()),
            Some(host) => Err(CommandError::Usage(format!(
                "`{flag}` connects to nothing, so it cannot ask `{}`: leave one of them out",
                address::without_password(host)
            ))),
        }
    }

    /// Works out the cluster on a Swarm that was recorded; connects to nothing.
    pub(super) fn replay(
        &self,
        mut inventory: Inventory,
        path: &Path,
        anew: &Anew,
    ) -> Result<Replay, CommandError> {
        self.without_engine("--observed")?;
        let sources = self.templates(&inventory)?;
        let text = source::read(path).map_err(CommandError::NoRecord)?;
        let snapshot = Snapshot::parse(&text)
            .and_then(|snapshot| snapshot.check(&inventory.name).map(|()| snapshot))
            .map_err(|error| CommandError::snapshot(path, &error))?;
        if !snapshot.hidden.is_empty() {
            self.output.say(&format!(
                "{} `{}` leaves out what may be a credential, so `up` will refuse a plan that \
                 changes it: {}",
                self.output.err.change("note:"),
                path.display(),
                snapshot.hidden.join("; ")
            ));
        }
        name_this(&mut inventory, &snapshot.observed);
        let seen = Some(&snapshot.observed);
        let cluster = Cluster::renewed(&inventory, seen, &sources, anew)?;
        Ok(Replay {
            inventory,
            cluster,
            snapshot,
        })
    }

    /// Looks at the Swarm and works out the cluster on it. Only `up` and its like may start a
    /// probe.
    pub(super) async fn scene(
        &self,
        mut inventory: Inventory,
        may_start_probe: bool,
    ) -> Result<Scene, CommandError> {
        let sources = self.templates(&inventory)?;
        let engine = self.engine().await?;
        let live = Live::new(engine, &inventory.name, may_start_probe);
        let seen = live.survey().await?;
        name_this(&mut inventory, &seen);
        let cluster = Cluster::work_out(&inventory, Some(&seen), &sources)?;
        let live = live
            .with_cluster(&cluster)
            .with_engines(&inventory.hosts, self.access());
        Ok(Scene {
            inventory,
            cluster,
            seen,
            live,
            sources,
            anew: Anew::default(),
            may_cross: false,
        })
    }
}

/// A word as a shell takes it: quoted where it holds more than letters, digits and what paths and
/// addresses are made of.
fn shell_word(word: String) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@%+=,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word;
    }
    quoted(&word)
}

/// Puts the name of the node that was asked where the inventory says `@this`.
fn name_this(inventory: &mut Inventory, seen: &Observed) {
    let Some(this) = seen.nodes.iter().find(|node| node.id == seen.this_node) else {
        return;
    };
    let hosts = inventory.hosts.iter_mut();
    for host in hosts.filter(|host| host.name == inventory::THIS_HOST) {
        host.name.clone_from(&this.hostname);
    }
}

impl Scene {
    /// Looks anew and works the cluster out on what is there now.
    pub(super) async fn look_again(&mut self) -> Result<(), CommandError> {
        self.seen = self.live.survey().await?;
        self.work_out()
    }

    /// Looks at what changes in silence, the tasks.
    pub(super) async fn look_at_tasks(&mut self) -> Result<(), CommandError> {
        let others = std::mem::take(&mut self.seen.others);
        self.seen = self.live.look_at_tasks().await?;
        self.seen.others = others;
        self.work_out()
    }

    /// The same cluster with another password.
    pub(super) fn renew(&mut self, renewal: Renewal) -> Result<(), CommandError> {
        self.anew.credential = Some(renewal);
        self.work_out()
    }

    /// Has networks made anew that are not as wanted.
    pub(super) fn renew_networks(&mut self) -> Result<(), CommandError> {
        self.anew.networks = true;
        self.work_out()
    }

    fn work_out(&mut self) -> Result<(), CommandError> {
        let seen = Some(&self.seen);
        self.cluster = Cluster::renewed(&self.inventory, seen, &self.sources, &self.anew)?;
        Ok(())
    }

    /// What `up` would do once root's password may cross the network, where more is heard then.
    pub(super) async fn plan_agreed(&mut self) -> Option<Plan> {
        if self.may_cross || !hear::withholds(&self.cluster.wanted, &self.seen) {
            return None;
        }
        self.may_cross = true;
        Some(self.plan_up().await)
    }

    /// What `up` would do, by the last look.
    pub(super) async fn plan_up(&self) -> Plan {
        let (cluster, inventory, seen) = (&self.cluster, &self.inventory, &self.seen);
        let mut plan = if self.may_cross {
            hear::plan_agreed(&self.live, cluster, inventory, seen).await
        } else {
            hear::plan_up(&self.live, cluster, inventory, seen).await
        };
        plan.warnings
            .extend(password::exposed(&self.cluster.wanted.secrets));
        plan
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::{Cli, Colour};

    #[test]
    fn the_command_of_another_verb_is_about_the_same_cluster() {
        let command = |arguments: &[&str]| {
            let cli = Cli::parse_from([&["milvus-swarm", "up"], arguments].concat());
            let output = Output::new(false, true, Colour::Never, true);
            Context::new(cli.global, output).command("credentials")
        };
        assert_eq!(command(&["--yes"]), "milvus-swarm credentials");
        assert_eq!(
            command(&["-i", "a.yml:it's b.yml", "-H", "ssh://root@node01"]),
            r"milvus-swarm -i a.yml -i 'it'\''s b.yml' -H ssh://root@node01 credentials"
        );
        assert_eq!(
            command(&["--stacks", "mine", "--insecure"]),
            "milvus-swarm --insecure --stacks mine credentials"
        );
    }
}
