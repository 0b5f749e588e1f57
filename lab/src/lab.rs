//! The lab as a whole: up, down, and what a running one gives to tests.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail};

use crate::count::count;
use crate::host::{Host, MOST, Size};
use crate::paths::Paths;
use crate::progress::Progress;
use crate::release::Release;
use crate::state::{self, State};
use crate::{cgroup, data, engine, images, names, net, swarm, sysctl};

/// What `up` is asked for.
#[derive(Clone, Debug)]
pub struct UpOptions {
    pub hosts: u8,
    /// One for one or two hosts, else three.
    pub managers: Option<u8>,
    pub mtu: u32,
    /// Reported sizes by host name; `*` names every host.
    pub sizes: Vec<(String, Size)>,
    /// The release of Docker that the hosts run.
    pub engine: Release,
    /// Images besides those that every lab has.
    pub images: Vec<&'static str>,
}

impl UpOptions {
    pub fn new(hosts: u8) -> Self {
        Self {
            hosts,
            managers: None,
            mtu: 1500,
            sizes: Vec::new(),
            engine: Release::default(),
            images: Vec::new(),
        }
    }
}

/// A running lab.
pub struct Lab {
    pub paths: Paths,
    pub state: State,
}

impl Lab {
    /// Brings a lab of `n` hosts up, building images first if there are none.
    pub fn up(n: u8) -> Result<Self> {
        Self::up_with(&UpOptions::new(n), &Progress::new())
    }

    /// Brings the lab up; what is up already stays as it is.
    pub fn up_with(options: &UpOptions, progress: &Progress) -> Result<Self> {
        require_root()?;
        let paths = Paths::from_env()?;
        let _lock = state::lock(&paths)?;
        let wanted = wanted(options, &paths)?;
        let state = match State::load(&paths)? {
            Some(now) => grown(now, wanted)?,
            None => {
                // A reboot empties /run, not the cache: hosts of then are no hosts of now.
                data::remove_all(&paths)?;
                wanted
            }
        };
        options.engine.ensure(&paths, progress)?;
        images::ensure(&paths, &options.images, progress)?;
        state.save(&paths)?;
        sysctl::raise(&paths)?;
        progress.step(format!("cabling {}", count(state.hosts.len(), "host")));
        net::make_bridge(state.mtu)?;
        names::start(&paths)?;
        let hosts: Vec<&Host> = state.hosts.iter().collect();
        each(&hosts, 4, |host| net::make_host(&paths, host, state.mtu))?;
        progress.step(format!("starting {}", count(hosts.len(), "engine")));
        each(&hosts, 4, |host| {
            data::make(&paths, host)?;
            engine::start(&paths, host)?;
            engine::wait(&paths, host)
        })?;
        progress.step("forming the Swarm");
        swarm::form(&paths, &state)?;
        let are = if hosts.len() == 1 { "is" } else { "are" };
        progress.done(format!("{} {are} ready", count(hosts.len(), "host")));
        Ok(Self { paths, state })
    }

    /// The lab that is up.
    pub fn attach() -> Result<Self> {
        let mut paths = Paths::from_env()?;
        let state = State::load(&paths)?.context("no lab is up: `milvus-swarm-lab up`")?;
        paths.cache.clone_from(&state.cache);
        Ok(Self { paths, state })
    }

    /// Takes everything away but the cache. Trusts no record, so it works after any accident.
    pub fn down(progress: &Progress) -> Result<()> {
        require_root()?;
        let paths = Paths::from_env()?;
        let _lock = state::lock(&paths)?;
        progress.step("ending every process of the lab");
        cgroup::kill(cgroup::ROOT)?;
        cgroup::remove(cgroup::ROOT);
        progress.step("removing the lab's network");
        net::remove_all(&paths)?;
        sysctl::restore(&paths);
        progress.step("removing the hosts' data");
        if let Ok(Some(state)) = State::load(&paths) {
            data::remove_all(&Paths {
                cache: state.cache,
                ..paths.clone()
            })?;
        }
        data::remove_all(&paths)?;
        std::fs::remove_dir_all(&paths.run).ok();
        std::fs::remove_file(paths.run.with_extension("lock")).ok();
        progress.done("the lab is down");
        Ok(())
    }

    pub fn hosts(&self) -> &[Host] {
        &self.state.hosts
    }

    pub fn host(&self, name: &str) -> Result<&Host> {
        self.state.host(name)
    }

    /// The socket of a host's engine.
    pub fn socket(&self, host: &Host) -> PathBuf {
        host.socket(&self.paths)
    }

    /// `DOCKER_HOST` of the first manager.
    pub fn docker_host(&self) -> String {
        format!("unix://{}", Host::new(1).socket(&self.paths).display())
    }

    /// A Docker command line that the engines speak to.
    pub fn docker(&self) -> PathBuf {
        let engine = self.hosts().first().map(|host| host.engine);
        engine.unwrap_or_default().docker(&self.paths)
    }

    /// A command that runs in a host's network namespace.
    pub fn command(&self, name: &str) -> Result<Command> {
        Ok(net::nsenter(&self.host(name)?.netns(&self.paths)))
    }
}

/// Does something for each of many, a few at a time; the first error ends it.
pub fn each<T: Sync>(
    items: &[&T],
    at_once: usize,
    work: impl Fn(&T) -> Result<()> + Sync,
) -> Result<()> {
    let queue: Mutex<VecDeque<&T>> = Mutex::new(items.iter().copied().collect());
    let failed = Mutex::new(None);
    let next = || queue.lock().ok().and_then(|mut queue| queue.pop_front());
    std::thread::scope(|scope| {
        for _ in 0..at_once.min(items.len()) {
            scope.spawn(|| {
                while let Some(item) = next() {
                    if let Err(error) = work(item) {
                        if let Ok(mut queue) = queue.lock() {
                            queue.clear();
                        }
                        if let Ok(mut failed) = failed.lock() {
                            failed.get_or_insert(error);
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(anyhow!("a thread of the lab panicked")),
    }
}

fn wanted(options: &UpOptions, paths: &Paths) -> Result<State> {
    let n = options.hosts;
    if !(1..=MOST).contains(&n) {
        bail!("a lab has 1 to {MOST} hosts, not {n}");
    }
    let managers = options.managers.unwrap_or(if n < 3 { 1 } else { 3 });
    if !(1..=n).contains(&managers) {
        let (managers, hosts) = (count(managers.into(), "manager"), count(n.into(), "host"));
        bail!("a lab of {hosts} cannot have {managers}");
    }
    let mut hosts: Vec<Host> = (1..=n).map(Host::new).collect();
    for host in &mut hosts {
        host.engine = options.engine;
    }
    for (name, size) in &options.sizes {
        let mut found = false;
        for host in hosts
            .iter_mut()
            .filter(|host| name == "*" || host.name() == *name)
        {
            host.size = *size;
            found = true;
        }
        if !found {
            bail!("--size names `{name}`, but the hosts are node01 to node{n:02}");
        }
        let here = std::thread::available_parallelism()?.get();
        if size.cpus.is_some_and(|cpus| cpus == 0 || cpus > here) {
            bail!(
                "a host can report 1 to {here} CPUs here: an engine counts the ones it may run on"
            );
        }
    }
    Ok(State {
        cache: paths.cache.clone(),
        hosts,
        managers,
        mtu: options.mtu,
    })
}

/// A lab can grow while it is up; anything else needs a fresh one.
fn grown(now: State, wanted: State) -> Result<State> {
    let same =
        now.hosts.len() <= wanted.hosts.len() && now.hosts[..] == wanted.hosts[..now.hosts.len()];
    if now.cache != wanted.cache {
        bail!(
            "a lab is up in the cache {}: `milvus-swarm-lab down` first",
            now.cache.display()
        );
    }
    if !same || now.managers > wanted.managers || now.mtu != wanted.mtu {
        bail!(
            "a lab of {} and {} is up and differs from that: `milvus-swarm-lab down` first",
            count(now.hosts.len(), "host"),
            count(now.managers.into(), "manager")
        );
    }
    Ok(State {
        // Who is a worker already stays one.
        managers: now.managers.max(wanted.managers.min(3)),
        ..wanted
    })
}

fn require_root() -> Result<()> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let root = status.lines().any(|line| line.starts_with("Uid:\t0\t"));
    if !root {
        bail!("the lab makes namespaces and mounts: run it as root, e.g. with sudo");
    }
    Ok(())
}
