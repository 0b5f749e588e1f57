//! From what is wanted and what was seen to the steps between them.

use std::collections::{BTreeMap, BTreeSet};

use super::scale::{Drain, drain};
use super::{Action, Because, Plan, Refusal, SecretSource, StepId};
use crate::gate::{Gate, Verdict, short};
use crate::observed::Observed;
use crate::spec::{Change, ConfigSpec, NetworkSpec, Restart, ServiceSpec, diff, restarts};

/// Everything that a cluster should be, computed without asking the Swarm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Wanted {
    pub cluster: String,
    /// Labels to add and remove, by node.
    pub labels: Vec<NodeLabels>,
    pub network: NetworkSpec,
    pub secrets: Vec<WantedSecret>,
    pub configs: BTreeMap<String, ConfigSpec>,
    pub phases: Vec<Phase>,
    pub warnings: Vec<String>,
    pub refusals: Vec<Refusal>,
    /// Put into etcd before the coordinators start.
    pub seed: Seed,
    /// Full name of the service that users talk to.
    pub proxy: String,
    /// How query nodes leave, where some must.
    pub drain: Option<Drain>,
}

/// Where the root user's credential goes.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Seed {
    pub etcd: Vec<String>,
    pub root_path: String,
    /// The phase whose gate must be open first.
    pub after: String,
    /// The phases that must not start before it.
    pub before: Vec<String>,
}

/// Label changes of one node.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct NodeLabels {
    pub node_id: String,
    pub hostname: String,
    pub add: BTreeMap<String, String>,
    pub remove: Vec<String>,
}

/// A secret that must exist.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct WantedSecret {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub source: SecretSource,
}

/// Services that start together and the gates that say they are ready.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Phase {
    pub name: String,
    pub services: Vec<ServiceSpec>,
    /// Phases whose `opens` must be open.
    pub needs: Vec<String>,
    /// Gates that let dependents go on.
    pub opens: Vec<Gate>,
    /// Gates that only the end of `up` waits for.
    pub settles: Vec<Gate>,
    /// The services run to their end and are not run again without a reason.
    pub runs_once: bool,
    /// The services are members of one whole, which restart one after the other.
    pub rolls: bool,
    /// The members know each other by name from the start: none joins later.
    pub closed: bool,
    pub is_milvus: bool,
}

/// Verdicts of gates at planning time; a gate that is missing here is unknown.
pub type Verdicts = BTreeMap<Gate, Verdict>;

/// The plan that turns `seen` into `wanted`.
#[must_use]
pub fn up(wanted: &Wanted, seen: &Observed, verdicts: &Verdicts) -> Plan {
    let mut plan = Plan {
        cluster: wanted.cluster.clone(),
        warnings: wanted.warnings.clone(),
        refusals: wanted.refusals.clone(),
        ..Plan::default()
    };
    let mut builder = Builder {
        plan: &mut plan,
        wanted,
        seen,
        verdicts,
        base: Vec::new(),
        configs: BTreeMap::new(),
        opens: BTreeMap::new(),
        ends: Vec::new(),
    };
    builder.labels();
    builder.objects();
    for phase in &wanted.phases {
        builder.phase(phase);
    }
    builder.orphans();
    builder.unlabel();
    builder.smoke();
    plan
}

struct Builder<'a> {
    plan: &'a mut Plan,
    wanted: &'a Wanted,
    seen: &'a Observed,
    verdicts: &'a Verdicts,
    /// Labels, network and secrets: every service waits for them.
    base: Vec<StepId>,
    configs: BTreeMap<String, StepId>,
    /// For each phase, the steps that a dependent waits for.
    opens: BTreeMap<String, Vec<StepId>>,
    /// Every await, for what comes at the very end.
    ends: Vec<StepId>,
}

impl Builder<'_> {
    fn labels(&mut self) {
        for labels in &self.wanted.labels {
            let mut add = labels.add.clone();
            if let Some(drain) = self.draining() {
                // A pending query node must not land on the host that was just emptied.
                add.remove(&drain.label);
            }
            if add.is_empty() {
                continue;
            }
            let id = self.plan.push(
                "labels",
                Action::LabelNode {
                    node_id: labels.node_id.clone(),
                    hostname: labels.hostname.clone(),
                    add,
                    remove: Vec::new(),
                },
                Vec::new(),
                Because::Missing,
            );
            self.base.push(id);
        }
    }

    fn objects(&mut self) {
        let network = &self.wanted.network;
        if !self.seen.networks.contains_key(&network.name) {
            let id = self.plan.push(
                "network",
                Action::CreateNetwork {
                    spec: network.clone(),
                },
                Vec::new(),
                Because::Missing,
            );
            self.base.push(id);
        }
        for secret in &self.wanted.secrets {
            if self.seen.secrets.contains_key(&secret.name) {
                continue;
            }
            let id = self.plan.push(
                "secrets",
                Action::CreateSecret {
                    name: secret.name.clone(),
                    labels: secret.labels.clone(),
                    source: secret.source.clone(),
                },
                Vec::new(),
                Because::Missing,
            );
            self.base.push(id);
        }
        for (name, config) in &self.wanted.configs {
            if self.seen.configs.contains_key(name) {
                continue;
            }
            let id = self.plan.push(
                "configs",
                Action::CreateConfig {
                    name: name.clone(),
                    labels: config.labels.clone(),
                    data: String::from_utf8_lossy(&config.data).into_owned(),
                    template_driver: config.template_driver.clone(),
                },
                Vec::new(),
                Because::Missing,
            );
            self.configs.insert(name.clone(), id);
        }
    }

    /// The steps that a phase waits for.
    fn needs(&self, phase: &Phase) -> Vec<StepId> {
        let mut needs: BTreeSet<StepId> = BTreeSet::new();
        for need in &phase.needs {
            needs.extend(self.opens.get(need).into_iter().flatten());
        }
        needs.into_iter().collect()
    }

    fn phase(&mut self, phase: &Phase) {
        let mut needs = self.needs(phase);
        if let Some(seed) = self.seed(phase) {
            needs.push(seed);
        }
        self.refuse_joins(phase);
        let acted = if phase.rolls {
            self.members(phase, &needs)
        } else {
            phase
                .services
                .iter()
                .filter_map(|spec| match self.drained(phase, spec, &needs) {
                    Some(last) => Some(last),
                    None => self.service(phase, spec, &needs),
                })
                .collect()
        };
        let mut opens = Vec::new();
        for gate in &phase.opens {
            opens.extend(self.gate(phase, gate, &acted, &needs));
        }
        self.ends.extend(&opens);
        for gate in &phase.settles {
            // A gate that settles starts to be asked once the phase is open.
            let after = if opens.is_empty() { &acted } else { &opens };
            let settled = self.gate(phase, gate, &after.clone(), &needs);
            self.ends.extend(settled);
        }
        // A phase in which nothing happens still passes on what it waits for.
        self.opens.insert(
            phase.name.clone(),
            if opens.is_empty() { needs } else { opens },
        );
    }

    /// A member that is new to a whole which others formed without it would found a second one.
    /// What an interrupted run left out is none: its siblings know of it.
    fn refuse_joins(&mut self, phase: &Phase) {
        if !phase.closed {
            return;
        }
        let found = |spec: &ServiceSpec| self.seen.services.get(&spec.name);
        let knows_others = phase.services.iter().any(|spec| {
            found(spec).is_some_and(|found| {
                let (was, will) = (&found.spec.task_template, &spec.task_template);
                was.container_spec.args != will.container_spec.args
                    || was.container_spec.configs != will.container_spec.configs
            })
        });
        let new: Vec<String> = phase
            .services
            .iter()
            .filter(|spec| found(spec).is_none())
            .map(|spec| format!("`{}`", short(&spec.name)))
            .collect();
        if knows_others && !new.is_empty() {
            self.plan.refusals.push(Refusal {
                rule: "member-joins".to_owned(),
                reason: format!(
                    "{} would join members that formed without it, and found a second cluster \
                     beside theirs",
                    new.join(", ")
                ),
                hint: format!(
                    "leave the hosts of `{}` as they were; their number is fixed once they hold data",
                    phase.name
                ),
            });
        }
    }

    /// Members that do not run are seen to first and all at once. Then those that run restart
    /// one after the other, each once the whole is healthy, so that a quorum is always left.
    fn members(&mut self, phase: &Phase, needs: &[StepId]) -> Vec<StepId> {
        let (restart, rest): (Vec<_>, Vec<_>) = phase
            .services
            .iter()
            .partition(|spec| self.ends_a_process(spec));
        let mut acted: Vec<StepId> = rest
            .into_iter()
            .filter_map(|spec| self.service(phase, spec, needs))
            .collect();
        let Some(whole) = phase.settles.last().or(phase.opens.last()) else {
            return acted;
        };
        for spec in restart {
            let mut after = needs.to_vec();
            // Open at planning time and nothing done yet: no step is needed.
            if let Some(healthy) = self.gate(phase, whole, &acted, needs) {
                after.push(healthy);
            }
            acted.extend(self.service(phase, spec, &after));
        }
        acted
    }

    /// Whether bringing a service to its spec ends a process that runs now.
    fn ends_a_process(&self, spec: &ServiceSpec) -> bool {
        let runs = || {
            let mut tasks = self.seen.tasks.iter();
            tasks.any(|task| task.service == spec.name && task.is_up())
        };
        self.seen
            .services
            .get(&spec.name)
            .is_some_and(|found| restarts(&found.spec, spec) != Restart::None && runs())
    }

    /// How query nodes leave, if there are more of them than wanted.
    fn draining(&self) -> Option<&Drain> {
        let drain = self.wanted.drain.as_ref()?;
        let found = self.seen.services.get(&drain.service)?;
        let wanted = self
            .wanted
            .phases
            .iter()
            .flat_map(|phase| &phase.services)
            .find(|spec| spec.name == drain.service)?;
        (wanted.replicas() < found.spec.replicas()).then_some(drain)
    }

    /// Query nodes that must leave do so one at a time.
    fn drained(&mut self, phase: &Phase, spec: &ServiceSpec, needs: &[StepId]) -> Option<StepId> {
        let how = self
            .draining()
            .filter(|how| how.service == spec.name)?
            .clone();
        let found = self.seen.services.get(&spec.name)?;
        let mut after: BTreeSet<StepId> = self.base.iter().copied().collect();
        after.extend(needs);
        let after: Vec<StepId> = after.into_iter().collect();
        let last = match drain(self.plan, found, spec, &how, &after) {
            Some(last) => last,
            // A run that was killed turned them all away: what is left is to say so.
            None => self.service(phase, spec, needs)?,
        };
        for labels in &self.wanted.labels {
            if let Some(value) = labels.add.get(&how.label) {
                self.plan.push(
                    "labels",
                    Action::LabelNode {
                        node_id: labels.node_id.clone(),
                        hostname: labels.hostname.clone(),
                        add: BTreeMap::from([(how.label.clone(), value.clone())]),
                        remove: Vec::new(),
                    },
                    vec![last],
                    Because::Missing,
                );
            }
        }
        Some(last)
    }

    fn service(&mut self, phase: &Phase, spec: &ServiceSpec, needs: &[StepId]) -> Option<StepId> {
        let (action, because) = match self.seen.services.get(&spec.name) {
            None if phase.runs_once && self.all_open(&phase.opens) => return None,
            None => (
                Action::CreateService {
                    spec: Box::new(spec.clone()),
                },
                Because::Missing,
            ),
            Some(found) => {
                let changes = diff(&found.spec, spec);
                if changes.is_empty() {
                    return None;
                }
                (self.update(found, spec, changes), Because::Changed)
            }
        };
        let mut after: BTreeSet<StepId> = self.base.iter().copied().collect();
        after.extend(needs);
        after.extend(self.predecessor(phase, spec));
        after.extend(
            spec.task_template
                .container_spec
                .configs
                .iter()
                .filter_map(|config| self.configs.get(&config.name)),
        );
        Some(
            self.plan
                .push(&phase.name, action, after.into_iter().collect(), because),
        )
    }

    /// A service of the same name that was removed and whose tasks still end: two processes
    /// must not share a directory.
    fn predecessor(&mut self, phase: &Phase, spec: &ServiceSpec) -> Option<StepId> {
        let leaves = self.seen.tasks.iter().any(|task| {
            task.service == spec.name
                && !self.seen.services.contains_key(&spec.name)
                && !task.has_ended()
        });
        leaves.then(|| {
            self.plan.push(
                &phase.name,
                Action::Await {
                    gate: Gate::ServicesGone {
                        services: vec![spec.name.clone()],
                    },
                },
                Vec::new(),
                Because::Follows,
            )
        })
    }

    fn update(
        &self,
        found: &crate::observed::Service,
        spec: &ServiceSpec,
        changes: Vec<Change>,
    ) -> Action {
        let restart: Restart = restarts(&found.spec, spec);
        let mut spec = spec.clone();
        // Forced restarts by hand are not ours to undo: a lower number would restart again.
        spec.task_template.force_update = found.spec.task_template.force_update;
        Action::UpdateService {
            name: spec.name.clone(),
            id: found.id.clone(),
            version: found.version,
            from: Box::new(found.spec.clone()),
            spec: Box::new(spec),
            changes,
            restart,
        }
    }

    fn all_open(&self, gates: &[Gate]) -> bool {
        gates
            .iter()
            .all(|gate| self.verdicts.get(gate).is_some_and(Verdict::is_open))
    }

    fn gate(
        &mut self,
        phase: &Phase,
        gate: &Gate,
        acted: &[StepId],
        needs: &[StepId],
    ) -> Option<StepId> {
        let because = if acted.is_empty() {
            match self.verdicts.get(gate) {
                Some(Verdict::Open(_)) => return None,
                Some(verdict) => Because::Unready(verdict.reasons().to_vec()),
                None => Because::Unready(Vec::new()),
            }
        } else {
            Because::Follows
        };
        let after = if acted.is_empty() { needs } else { acted };
        Some(self.plan.push(
            &phase.name,
            Action::Await { gate: gate.clone() },
            after.to_vec(),
            because,
        ))
    }

    /// The seeding step, made when the first phase that must wait for it creates a service.
    fn seed(&mut self, phase: &Phase) -> Option<StepId> {
        let seed = &self.wanted.seed;
        if !seed.before.contains(&phase.name) {
            return None;
        }
        if let Some(id) = self
            .plan
            .steps
            .iter()
            .position(|step| matches!(step.action, Action::SeedRoot { .. }))
        {
            return Some(id);
        }
        let creates = phase
            .services
            .iter()
            .any(|spec| !self.seen.services.contains_key(&spec.name));
        if !creates {
            return None;
        }
        let mut after = self.base.clone();
        after.extend(self.opens.get(&seed.after).into_iter().flatten());
        Some(self.plan.push(
            "credentials",
            Action::SeedRoot {
                etcd: seed.etcd.clone(),
                root_path: seed.root_path.clone(),
            },
            after,
            Because::Missing,
        ))
    }

    /// Services and configs of the cluster that nothing wants any more.
    fn orphans(&mut self) {
        let services: BTreeSet<&str> = self
            .wanted
            .phases
            .iter()
            .flat_map(|phase| &phase.services)
            .map(|spec| spec.name.as_str())
            .collect();
        let ends = self.ends.clone();
        let mut removed = Vec::new();
        for (name, found) in &self.seen.services {
            let component = found.spec.labels.get("milvus-swarm.component");
            if services.contains(name.as_str()) || component.is_some_and(|word| word == "probe") {
                continue;
            }
            removed.push(self.plan.push(
                "orphans",
                Action::RemoveService {
                    name: name.clone(),
                    id: found.id.clone(),
                },
                ends.clone(),
                Because::Orphan,
            ));
        }
        let mut after = ends;
        after.extend(removed);
        after.extend(self.plan.steps.iter().enumerate().filter_map(|(id, step)| {
            matches!(step.action, Action::UpdateService { .. }).then_some(id)
        }));
        after.sort_unstable();
        after.dedup();
        for (name, found) in &self.seen.configs {
            if !self.wanted.configs.contains_key(name) {
                self.plan.push(
                    "configs",
                    Action::RemoveConfig {
                        name: name.clone(),
                        id: found.id.clone(),
                    },
                    after.clone(),
                    Because::Orphan,
                );
            }
        }
    }

    /// Labels go after the services that they placed: a task whose node loses a label that its
    /// constraint needs ends at once.
    fn unlabel(&mut self) {
        for labels in &self.wanted.labels {
            if labels.remove.is_empty() {
                continue;
            }
            let mut after = self.ends.clone();
            after.extend(&self.base);
            self.plan.push(
                "labels",
                Action::LabelNode {
                    node_id: labels.node_id.clone(),
                    hostname: labels.hostname.clone(),
                    add: BTreeMap::new(),
                    remove: labels.remove.clone(),
                },
                after,
                Because::Orphan,
            );
        }
    }

    fn smoke(&mut self) {
        let milvus = self
            .wanted
            .phases
            .iter()
            .filter(|phase| phase.is_milvus)
            .map(|phase| phase.name.as_str())
            .collect::<Vec<_>>();
        if self.plan.touches(&milvus) {
            let after = self.ends.clone();
            self.plan.push(
                "smoke",
                Action::Smoke {
                    service: self.wanted.proxy.clone(),
                },
                after,
                Because::Follows,
            );
        }
    }
}
