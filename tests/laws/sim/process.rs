//! What the processes in tasks do: what they need to start, when they serve, why they end.

use milvus_swarm::component::{Component, Shape};
use milvus_swarm::gate::short;
use milvus_swarm::tag::Version;

use super::data::SimSession;
use super::random::Random;
use super::world::{Millis, World};

/// A process that started before its time ends after this long.
const GIVES_UP: Millis = 3_000;
/// A process that loses what it lives on ends after this long.
const ENDURES: Millis = 30_000;
/// A process that does not find a name looks again after this long.
const LOOKS_UP: Millis = 300;
/// The lease of a session in etcd.
const LEASE: Millis = 30_000;

/// A process of one of the components.
#[derive(Clone, Debug)]
pub struct Process {
    pub row: &'static Component,
    pub ready: Millis,
    pub is_up: bool,
    pub server_id: u64,
    /// The birth of etcd's data that it was started with, where that was asked.
    pub birth: Option<String>,
    /// When and why it ends.
    doom: Option<(Millis, String)>,
    missing_since: Option<Millis>,
}

impl Process {
    pub fn new(service: &str, now: Millis, random: &mut Random) -> Option<Self> {
        let row = Component::of_service(short(service))?;
        let (low, high) = match row.name {
            "etcd" => (300, 1_500),
            "minio" | "zookeeper" => (500, 3_000),
            "pulsar-init" => (800, 2_500),
            "bookie" => (1_000, 4_000),
            "broker" => (2_000, 5_000),
            "woodpecker" => (2_500, 4_000),
            _ => (500, 2_500),
        };
        Some(Self {
            row,
            ready: now + random.within(low, high),
            is_up: false,
            server_id: random.within(1, 1 << 40),
            birth: None,
            doom: None,
            missing_since: None,
        })
    }
}

impl World {
    pub fn start_process(&mut self, at: usize) {
        let doom = match self.mount(at) {
            Err(why) => {
                self.watch.violations.push(why.clone());
                Some(why)
            }
            Ok(()) => self.write(at).err().or_else(|| {
                let process = self.tasks[at].process.as_ref();
                let missed = process.and_then(|process| self.misses(process.row));
                missed.or_else(|| self.unknown_user(at))
            }),
        };
        let time = self.clock + GIVES_UP;
        if let (Some(why), Some(process)) = (doom, &mut self.tasks[at].process) {
            process.doom = Some((time, why));
            self.at(time);
        }
    }

    pub fn move_processes(&mut self) {
        let clock = self.clock;
        self.data
            .sessions
            .retain(|session| session.ends.is_none_or(|ends| ends > clock));
        for at in 0..self.tasks.len() {
            let Some(process) = &self.tasks[at].process else {
                continue;
            };
            if let Some((time, why)) = process.doom.clone() {
                if time <= clock {
                    self.exit(at, 1, &why);
                }
            } else if process.is_up {
                self.endure(at);
            } else if process.ready <= clock {
                self.serve(at);
            }
        }
    }

    /// The process begins to serve.
    fn serve(&mut self, at: usize) {
        let Some(process) = &self.tasks[at].process else {
            return;
        };
        let (row, server_id, is_up) = (process.row, process.server_id, process.is_up);
        // A streaming node is nothing before coordinators of its own time lead (milvus-operator#446).
        let early = row.name == "streamingnode" && !self.is_led("mixcoord");
        let birth = self.data.births.get("etcd").cloned();
        let awaits = self.awaits_birth(at);
        let unborn = row.milvus.is_some() && awaits && birth.is_none();
        if !is_up && (early || unborn || !self.finds_names(row)) {
            // Clients of all components look names up again and again.
            self.later(LOOKS_UP);
            return;
        }
        if !is_up && !self.data.credential && row.name.ends_with("coord") {
            let service = self.tasks[at].seen.service.clone();
            let why = format!("`{service}` makes up a password that everybody knows");
            self.watch.violations.push(why);
        }
        let task = &mut self.tasks[at];
        let Some(process) = &mut task.process else {
            return;
        };
        if row.milvus.is_some() {
            process.is_up = true;
            if !is_up && awaits {
                process.birth = birth;
            }
            // One that is not told takes the first that it finds.
            let is_told = {
                let container = &task.spec.task_template.container_spec;
                container
                    .args
                    .iter()
                    .any(|word| word.ends_with("start-milvus.sh"))
            };
            let found = task.seen.addresses.values().copied();
            let first = found.min_by_key(|ip| ip.to_string());
            let ip = if is_told { task.seen.address() } else { first };
            if let Some(ip) = ip {
                let session = SimSession {
                    role: "",
                    ip,
                    server_id,
                    task: task.seen.id.clone(),
                    is_leaders: false,
                    is_embedded: false,
                    ends: None,
                };
                self.register(at, is_up, &session);
                self.elect();
            }
        } else if row.shape == Shape::Task {
            let env = &task.spec.task_template.container_spec.env;
            let name = env
                .iter()
                .find_map(|line| line.strip_prefix("INIT_CLUSTER="));
            self.data.metadata = name.map(ToOwned::to_owned);
            if !self.data.births.contains_key("zookeeper") {
                self.bear("zookeeper");
            }
            self.exit(at, 0, "");
        } else {
            process.is_up = true;
        }
        self.later(1);
    }

    /// Whether a process waits for a birth of etcd's data, and ends with it.
    fn awaits_birth(&self, at: usize) -> bool {
        let container = &self.tasks[at].spec.task_template.container_spec;
        let mut words = container.args.iter();
        words.any(|word| word.ends_with("await-birth.sh"))
    }

    /// A process makes itself known, and leads where it is a coordinator and none of its kind does: one
    /// that finds another stands by.
    fn register(&mut self, at: usize, is_up: bool, session: &SimSession) {
        let row = self.tasks[at].process.as_ref().map(|process| process.row);
        let Some(row) = row else { return };
        let roles = self.roles(at);
        for role in &roles {
            let session = SimSession {
                role,
                ..session.clone()
            };
            // A streaming node runs a query node too, which registers beside it under the same
            // number and address (milvus 2.6: `cmd/milvus/util.go`, `GetMilvusRoles`).
            let embedded = SimSession {
                role: "querynode",
                is_embedded: true,
                ..session.clone()
            };
            let sessions = &mut self.data.sessions;
            sessions.extend((!is_up).then_some(session));
            sessions.extend((!is_up && row.name == "streamingnode").then_some(embedded));
        }
        for role in self.leaderless(row, &roles) {
            let leaders = SimSession {
                role,
                is_leaders: true,
                ..session.clone()
            };
            self.data.sessions.push(leaders);
        }
    }

    /// What a process calls itself in etcd: before 2.6 one for all coordinators has several names.
    fn roles(&self, at: usize) -> Vec<&'static str> {
        let process = self.tasks[at].process.as_ref();
        let Some(milvus) = process.and_then(|process| process.row.milvus) else {
            return Vec::new();
        };
        let line = Version::of_image(&self.tasks[at].seen.image).map(Version::line);
        match milvus.before {
            Some(before) if line.is_some_and(|line| line < before.line) => before.sessions.to_vec(),
            _ => vec![milvus.session],
        }
    }

    /// The names under which a coordinator may lead now. That of 2.6 takes the names of those before it
    /// too, and waits until nobody has them (milvus 2.6: `ProcessActiveStandBy` in
    /// `internal/util/sessionutil/session_util.go`).
    fn leaderless(&self, row: &Component, roles: &[&'static str]) -> Vec<&'static str> {
        if !row.name.ends_with("coord") {
            return Vec::new();
        }
        if roles == ["mixcoord"] {
            let all = ["mixcoord", "rootcoord", "datacoord", "querycoord"];
            let free = all.iter().all(|role| !self.is_led(role));
            return if free { all.to_vec() } else { Vec::new() };
        }
        let free = roles.iter().filter(|role| !self.is_led(role));
        free.copied().collect()
    }

    /// Whether coordinators lead that a worker asks.
    pub(super) fn is_coordinated(&self) -> bool {
        let parts = ["rootcoord", "datacoord", "querycoord"];
        self.is_led("mixcoord") || parts.iter().all(|role| self.is_led(role))
    }

    /// Whether somebody else does the work of a coordinator, or did and is still registered.
    pub(super) fn is_taken(&self, row: &Component) -> bool {
        let mut sessions = self.data.sessions.iter();
        sessions.any(|session| {
            let mut tasks = self.tasks.iter();
            let of = tasks.find(|task| task.seen.id == session.task);
            let other = of.and_then(|task| Component::of_service(short(&task.seen.service)));
            other.is_some_and(|other| row.replaces(other))
        })
    }

    /// Whether etcd names a leader of a role. Where that one is gone and its lease is not over, who
    /// starts dials it until another one leads.
    pub(super) fn is_led(&self, role: &str) -> bool {
        let mut sessions = self.data.sessions.iter();
        sessions.any(|session| session.is_leaders && session.role == role)
    }

    /// A running process bears the loss of what it lives on for a while; a standby takes over.
    fn endure(&mut self, at: usize) {
        let Some(process) = &self.tasks[at].process else {
            return;
        };
        let lost = match (process.row.name, process.row.milvus) {
            ("bookie" | "broker", _) => !self.has_quorum("zookeeper"),
            (_, Some(_)) => !self.has_quorum("etcd"),
            _ => false,
        };
        // The health check ends it, ten seconds later at the most.
        let known = process.birth.as_ref();
        let other = known.is_some() && known != self.data.births.get("etcd");
        if other && self.has_quorum("etcd") {
            self.exit(at, 137, "etcd has data of another birth");
            return;
        }
        let stands_by = !self.leaderless(process.row, &self.roles(at)).is_empty();
        let clock = self.clock;
        let Some(process) = &mut self.tasks[at].process else {
            return;
        };
        match (lost, process.missing_since) {
            (false, _) => process.missing_since = None,
            (true, None) => {
                process.missing_since = Some(clock);
                self.later(ENDURES);
            }
            (true, Some(since)) if clock >= since + ENDURES => {
                self.exit(at, 1, "lost what it lives on");
                return;
            }
            (true, Some(_)) => {}
        }
        if stands_by {
            self.serve(at);
        }
    }

    /// Ends a process; one that dies leaves its session to its lease, as a coordinator does that
    /// is told to stop (seen with milvus 2.3.5).
    pub fn end_process(&mut self, at: usize, gracefully: bool) {
        let task = &mut self.tasks[at];
        let process = task.process.take();
        let leaves = process.is_some_and(|process| process.row.name.ends_with("coord"));
        let id = task.seen.id.clone();
        let ends = self.clock + if gracefully && !leaves { 300 } else { LEASE };
        for session in self
            .data
            .sessions
            .iter_mut()
            .filter(|session| session.task == id)
        {
            session.ends = Some(ends);
        }
        self.at(ends);
        self.elect();
    }

    /// The one shard has a leader. Streaming nodes take it from query nodes (milvus 2.6:
    /// `internal/querycoordv2/checkers/channel_checker.go`).
    fn elect(&mut self) {
        let live = self.data.sessions.iter();
        let live = live.filter(|session| session.role == "querynode" && session.ends.is_none());
        let best = live.max_by_key(|session| {
            let leads = Some(session.ip) == self.data.leader;
            (session.is_embedded, leads)
        });
        self.data.leader = best.map(|session| session.ip);
    }
}
