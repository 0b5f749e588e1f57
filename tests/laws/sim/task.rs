//! A task's way from new to its end.

use std::rc::Rc;

use milvus_swarm::observed::Task;
use milvus_swarm::spec::Healthcheck;

use super::process::Process;
use super::world::{Millis, SimService, SimTask, World};

/// States in which a task's process is over or never was.
pub const ENDED: [&str; 6] = [
    "complete", "shutdown", "failed", "rejected", "remove", "orphaned",
];

fn asks_for_session(check: &Healthcheck) -> bool {
    check
        .test
        .iter()
        .any(|word| word.ends_with("/check-session.sh"))
}

impl SimTask {
    /// Whether nothing of it runs any more.
    pub fn is_over(&self) -> bool {
        ENDED.contains(&self.seen.state.as_str()) && self.seen.container_id.is_empty()
    }

    pub fn is_wanted(&self) -> bool {
        self.seen.is_wanted()
    }

    pub fn enter(&mut self, state: &str, stamp: String) {
        state.clone_into(&mut self.seen.state);
        self.seen.state_at = stamp;
    }

    pub fn unwant(&mut self, how: &str) {
        if self.seen.desired_state != "remove" {
            how.clone_into(&mut self.seen.desired_state);
        }
        self.due = None;
    }
}

impl World {
    /// A new task in a slot, which starts after `delay` and after the one before it has ended.
    pub fn new_task(&mut self, name: &str, slot: u64, delay: Millis, before: Option<String>) {
        let Some(service) = self.services.get(name) else {
            return;
        };
        let SimService {
            id, spec, edition, ..
        } = service;
        let (service_id, spec, edition) = (id.clone(), Rc::clone(spec), *edition);
        let reserved = spec
            .task_template
            .resources
            .reservations
            .clone()
            .unwrap_or_default();
        let seen = Task {
            id: self.new_id("task"),
            service_id,
            service: name.to_owned(),
            slot,
            state: "new".to_owned(),
            desired_state: "ready".to_owned(),
            created_at: self.stamp(),
            state_at: self.stamp(),
            image: spec.task_template.container_spec.image.clone(),
            reserved_cpus: reserved.nano_cpus,
            reserved_memory: reserved.memory_bytes,
            ..Task::default()
        };
        self.tasks.push(SimTask {
            seen,
            spec,
            edition,
            due: Some(self.clock + 15),
            start_after: self.clock + delay,
            waits_for: before,
            process: None,
            named_at: None,
        });
        self.later(15);
        self.at(self.clock + delay);
    }

    pub fn move_tasks(&mut self) {
        for at in 0..self.tasks.len() {
            if self.is_dark(&self.tasks[at].seen.node_id) {
                continue;
            }
            if self.tasks[at].is_wanted() {
                self.go_on(at);
            } else {
                self.wind_down(at);
            }
        }
        let gone: Vec<String> = self
            .tasks
            .iter()
            .filter(|task| task.seen.desired_state == "remove" && task.is_over())
            .map(|task| task.seen.id.clone())
            .collect();
        if !gone.is_empty() {
            self.tasks.retain(|task| !gone.contains(&task.seen.id));
            self.later(1);
        }
    }

    fn is_due(&self, at: usize) -> bool {
        self.tasks[at].due.is_some_and(|due| due <= self.clock)
    }

    /// Sets the state and when the next one is due.
    fn enter(&mut self, at: usize, state: &str, wait: Option<Millis>) {
        let stamp = self.stamp();
        self.tasks[at].enter(state, stamp);
        self.tasks[at].due = wait.map(|wait| self.clock + wait);
        self.later(wait.unwrap_or(1).max(1));
    }

    fn go_on(&mut self, at: usize) {
        let state = self.tasks[at].seen.state.clone();
        match state.as_str() {
            "new" if self.is_due(at) => {
                let networks: Vec<String> = self.tasks[at]
                    .spec
                    .task_template
                    .networks
                    .iter()
                    .map(|network| network.target.clone())
                    .collect();
                if networks.iter().all(|name| self.networks.contains_key(name)) {
                    for name in networks {
                        let address = self.new_address();
                        self.tasks[at].seen.addresses.insert(name, address);
                    }
                    self.enter(at, "pending", None);
                }
            }
            "assigned" if self.is_due(at) => {
                let wait = self.random.within(40, 400);
                self.enter(at, "preparing", Some(wait));
            }
            "preparing" if self.is_due(at) => self.enter(at, "ready", None),
            "ready" if self.may_start(at) => {
                "running".clone_into(&mut self.tasks[at].seen.desired_state);
                let wait = self.first_check(at);
                self.enter(at, "starting", Some(wait));
                self.tasks[at].seen.container_id = format!("container-{}", self.tasks[at].seen.id);
                self.launch(at);
            }
            "starting" if self.is_due(at) && self.is_healthy(at) => {
                self.enter(at, "running", None);
                let gossip = self.random.within(20, 600);
                self.tasks[at].named_at = Some(self.clock + gossip);
            }
            _ => {}
        }
    }

    /// The restart delay is over, and so is the task before.
    fn may_start(&self, at: usize) -> bool {
        let task = &self.tasks[at];
        let before = task
            .waits_for
            .as_ref()
            .and_then(|id| self.tasks.iter().find(|other| other.seen.id == *id));
        self.clock >= task.start_after
            && before.is_none_or(|before| before.is_over() || self.is_dark(&before.seen.node_id))
    }

    /// With a health check a task is `starting` until its component serves; one that asks for nothing but
    /// what was lost passes at its first time.
    fn is_healthy(&self, at: usize) -> bool {
        let task = &self.tasks[at];
        let check = &task.spec.task_template.container_spec.healthcheck;
        check
            .as_ref()
            .is_none_or(|check| check.test == ["NONE"] || asks_for_session(check))
            || task.process.as_ref().is_some_and(|process| process.is_up)
    }

    /// How long a task is `starting` at least.
    fn first_check(&mut self, at: usize) -> Millis {
        let wait = self.random.within(20, 200);
        let check = &self.tasks[at].spec.task_template.container_spec.healthcheck;
        let check = check.as_ref().filter(|check| asks_for_session(check));
        wait + check.map_or(0, |check| {
            Millis::try_from(check.interval / 1_000_000).expect("a time")
        })
    }

    /// Ends a task that nobody wants any more.
    fn wind_down(&mut self, at: usize) {
        if self.tasks[at].is_over() {
            return;
        }
        if self.tasks[at].seen.container_id.is_empty() {
            self.enter(at, "shutdown", None);
            return;
        }
        match self.tasks[at].due {
            None => {
                let wait = self.random.within(200, 2_500);
                self.tasks[at].due = Some(self.clock + wait);
                self.later(wait);
            }
            Some(due) if due <= self.clock => {
                self.end_process(at, true);
                self.tasks[at].seen.container_id.clear();
                // The constraint enforcer's `rejected` is further along than `shutdown`.
                if self.tasks[at].seen.state != "rejected" {
                    self.enter(at, "shutdown", None);
                }
                self.tasks[at].due = None;
                self.later(1);
            }
            Some(_) => {}
        }
    }

    /// The process ended by itself.
    pub fn exit(&mut self, at: usize, code: i64, why: &str) {
        self.end_process(at, code == 0);
        let task = &mut self.tasks[at];
        task.seen.container_id.clear();
        task.seen.exit_code = Some(code);
        if code != 0 {
            task.seen.error = format!("task: non-zero exit ({code}): {why}");
            let line = format!("{}.{}: {why}", task.seen.service, task.seen.slot);
            self.watch.failures.push(line);
        }
        self.enter(at, if code == 0 { "complete" } else { "failed" }, None);
        self.tasks[at].unwant("shutdown");
    }

    fn launch(&mut self, at: usize) {
        let task = &self.tasks[at];
        let process = Process::new(&task.seen.service, self.clock, &mut self.random);
        if let Some(ready) = process.as_ref().map(|process| process.ready) {
            self.at(ready);
        }
        self.tasks[at].process = process;
        self.start_process(at);
    }
}
