//! From what is wanted and what was seen to the steps between them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::adopt::{adopted, because, is_paused_halfway};
use super::anew;
use super::ends::{Nodes, foretell, running};
use super::heard::Heard;
use super::labels::{self, NodeLabels};
use super::outage::outages;
use super::remove::leaving;
use super::scale::{Draining, draining};
use super::unlabel::{Placed, held, placed_by};
use super::wanted::{Phase, Verdicts, Wanted};
use super::{Action, Because, Plan, StepId};
use crate::constraint;
use crate::gate::{Gate, Verdict};
use crate::observed::{Observed, Service, Task};
use crate::spec::{Change, Restart, ServiceSpec, diff, posted, stamped};
use crate::topology::{Named, by_hostname};

/// The plan that turns `seen` into `wanted`, whatever forbids it.
#[must_use]
pub(crate) fn up(wanted: &Wanted, seen: &Observed, heard: &Heard) -> Plan {
    let mut plan = Plan {
        cluster: wanted.cluster.clone(),
        warnings: [&*wanted.warnings, &*heard.warnings].concat(),
        ..Plan::default()
    };
    let cleared = anew::cleared(&mut plan, wanted, seen);
    let removed = plan.steps.len();
    if let Some(left) = &cleared {
        // What answered is stopped by then.
        let heard = Heard {
            verdicts: Verdicts::new(),
            leavers: Vec::new(),
            ..heard.clone()
        };
        build(&mut plan, wanted, left, &heard);
        anew::follow(&mut plan, removed);
    } else {
        build(&mut plan, wanted, seen, heard);
    }
    foretell(&mut plan, seen);
    plan.outages = match cleared {
        Some(_) => vec![anew::outage(seen)],
        None => outages(&plan, wanted, &running(seen)),
    };
    plan
}

fn build(plan: &mut Plan, wanted: &Wanted, seen: &Observed, heard: &Heard) {
    let pinned = heard
        .images
        .as_ref()
        .map(|images| wanted.pinned(seen, images));
    let wanted = pinned.as_ref().unwrap_or(wanted);
    let changes = changes(wanted, seen);
    let adopted = adopted(wanted, seen, &changes);
    let named = by_hostname(&seen.nodes);
    let labels = labels::changes(wanted, seen, &named);
    let placed_by = placed_by(&labels, &wanted.phases);
    let mut builder = Builder {
        plan,
        wanted,
        labels: &labels,
        seen,
        verdicts: &heard.verdicts,
        base: Vec::new(),
        placed: BTreeMap::new(),
        configs: BTreeMap::new(),
        directories: BTreeMap::new(),
        opens: BTreeMap::new(),
        ends: Vec::new(),
        guards: Vec::new(),
        running: running(seen),
        nodes: nodes(&labels, seen),
        named,
        leaving: leaving(seen).into_iter().collect(),
        draining: draining(wanted, seen, &heard.leavers),
        changes,
        replaced: BTreeMap::new(),
        held: held(&placed_by, seen),
        placed_by,
    };
    builder.labels();
    builder.objects();
    builder.directories();
    builder.phases();
    builder.orphans();
    builder.unlabel();
    builder.smoke();
    builder.former_secrets();
    plan.adopted = adopted;
}

/// The nodes with the labels that they have before anything restarts.
fn nodes<'a>(labels: &[NodeLabels], seen: &'a Observed) -> Nodes<'a> {
    let mut nodes = Nodes::of(seen);
    for labels in labels.iter().filter(|labels| !labels.add.is_empty()) {
        nodes.label(&labels.node_id, &labels.add, &[]);
    }
    nodes
}

/// A service that exists and is not as wanted.
pub(super) struct Changed {
    /// The spec to post over the one that is there.
    pub(super) to: ServiceSpec,
    /// What is different.
    pub(super) how: Vec<Change>,
}

/// What is to be changed of each service that exists and is not as wanted.
fn changes<'a>(wanted: &'a Wanted, seen: &Observed) -> BTreeMap<&'a str, Changed> {
    wanted
        .services()
        .filter_map(|spec| {
            let found = seen.services.get(&spec.name)?;
            // Most services are as wanted: what is to be posted is worked out for the others.
            if diff(&found.spec, spec).is_empty() {
                return None;
            }
            let to = posted(&found.spec, spec);
            let how = diff(&found.spec, &to);
            (!how.is_empty()).then_some((spec.name.as_str(), Changed { to, how }))
        })
        .collect()
}

pub(super) struct Builder<'a> {
    pub(super) plan: &'a mut Plan,
    pub(super) wanted: &'a Wanted,
    /// What nodes lack of labels, and have too many of.
    pub(super) labels: &'a [NodeLabels],
    pub(super) seen: &'a Observed,
    pub(super) verdicts: &'a Verdicts,
    /// Network and secrets: every service waits for them.
    pub(super) base: Vec<StepId>,
    /// The steps that set each label: a service waits for those that its placement names, not
    /// for every host's, which would be hosts times services.
    pub(super) placed: BTreeMap<&'a str, Vec<StepId>>,
    pub(super) configs: BTreeMap<String, StepId>,
    /// The step that makes a host's directories.
    pub(super) directories: BTreeMap<String, StepId>,
    /// For each phase, the steps that a dependent waits for.
    pub(super) opens: BTreeMap<String, Vec<StepId>>,
    /// Every await, for what comes at the very end.
    pub(super) ends: Vec<StepId>,
    /// Those that tell who gets in: only the very end waits for them.
    guards: Vec<StepId>,
    /// The tasks that are up, by service.
    pub(super) running: BTreeMap<&'a str, Vec<&'a Task>>,
    pub(super) nodes: Nodes<'a>,
    pub(super) named: Named<'a>,
    /// Services that were removed and whose tasks still end.
    pub(super) leaving: BTreeSet<String>,
    /// Which query nodes leave and how, if there are more of them than wanted.
    pub(super) draining: Option<Draining<'a>>,
    /// What is to be changed of each service that exists; comparing is work, and is done once.
    pub(super) changes: BTreeMap<&'a str, Changed>,
    /// For each service that makes room for another, the step that finds nothing of it left.
    pub(super) replaced: BTreeMap<String, StepId>,
    /// The services that each label places, of the labels that some host loses.
    pub(super) placed_by: Placed<'a>,
    /// Which of those have a task on which node.
    pub(super) held: BTreeSet<(&'a str, &'a str)>,
}

impl Builder<'_> {
    /// The steps that a phase waits for.
    pub(super) fn needs(&self, phase: &Phase) -> Vec<StepId> {
        let mut needs: BTreeSet<StepId> = BTreeSet::new();
        for need in &phase.needs {
            needs.extend(self.opens.get(need).into_iter().flatten());
        }
        needs.into_iter().collect()
    }

    pub(super) fn phase(&mut self, phase: &Phase) {
        let mut needs = self.needs(phase);
        if phase.is_elsewhere() {
            // It is asked from the cluster's network, with the cluster's secrets.
            needs.extend(&self.base);
        }
        needs.extend(self.make_room(phase, &needs.clone()));
        if let Some(seed) = self.seed(phase) {
            needs.push(seed);
        }
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
        let after = if opens.is_empty() { &needs } else { &opens };
        let remembered = self.remember(phase, &after.clone());
        opens.extend(remembered);
        opens.extend(self.remember_birth(phase, &opens, &needs));
        self.ends.extend(&opens);
        for gate in &phase.settles {
            // A gate that settles starts to be asked once the phase is open.
            let after = if opens.is_empty() { &acted } else { &opens };
            let settled = self.gate(phase, gate, &after.clone(), &needs);
            self.awaited(gate, settled);
        }
        // A phase in which nothing happens still passes on what it waits for.
        self.opens.insert(
            phase.name.clone(),
            if opens.is_empty() { needs } else { opens },
        );
    }

    /// What comes later waits for a gate, but for one that tells who gets in: what would close the
    /// door may be what comes later.
    pub(super) fn awaited(&mut self, gate: &Gate, step: Option<StepId>) {
        let steps = if gate.is_guard() {
            &mut self.guards
        } else {
            &mut self.ends
        };
        steps.extend(step);
    }

    pub(super) fn service(
        &mut self,
        phase: &Phase,
        spec: &ServiceSpec,
        needs: &[StepId],
    ) -> Option<StepId> {
        let (action, because) = match self.seen.services.get(&spec.name) {
            None if phase.runs_once && self.all_open(&phase.opens) => return None,
            None => (
                Action::CreateService {
                    spec: Box::new(stamped(spec.clone())),
                },
                Because::Missing,
            ),
            Some(found) => match self.changes.get(spec.name.as_str()) {
                Some(_) if self.is_given(spec) => return self.give(phase, spec, needs),
                Some(Changed { to, how }) => {
                    let from = Arc::new(found.spec.clone());
                    let action = update(found, from, to.clone(), how.clone());
                    (action, because(found))
                }
                None if is_paused_halfway(found, self.seen) => {
                    let from = Arc::new(found.spec.clone());
                    let action = update(found, from, found.spec.clone(), Vec::new());
                    (action, Because::Paused)
                }
                None => return None,
            },
        };
        let mut after = self.waits_for(spec);
        after.extend(needs);
        after.extend(self.predecessor(phase, spec));
        Some(
            self.plan
                .push(&phase.name, action, after.into_iter().collect(), because),
        )
    }

    /// What a service waits for, besides what comes before its phase.
    pub(super) fn waits_for(&self, spec: &ServiceSpec) -> BTreeSet<StepId> {
        let mut after = self.placement(spec);
        after.extend(&self.base);
        after.extend(
            spec.task_template
                .container_spec
                .configs
                .iter()
                .filter_map(|config| self.configs.get(&config.name)),
        );
        let home = self.wanted.directories.get(&spec.name);
        after.extend(home.and_then(|home| self.directories.get(&home.host)));
        after
    }

    /// The steps that set the labels which a service's placement names.
    fn placement(&self, spec: &ServiceSpec) -> BTreeSet<StepId> {
        constraint::labels(spec)
            .filter_map(|label| self.placed.get(label))
            .flatten()
            .copied()
            .collect()
    }

    /// A service of the same name that was removed and whose tasks still end: two processes
    /// must not share a directory.
    fn predecessor(&mut self, phase: &Phase, spec: &ServiceSpec) -> Option<StepId> {
        self.leaving.contains(&spec.name).then(|| {
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

    pub(super) fn all_open(&self, gates: &[Gate]) -> bool {
        gates
            .iter()
            .all(|gate| self.verdicts.get(gate).is_some_and(Verdict::is_open))
    }

    pub(super) fn gate(
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
        let after = if acted.is_empty() {
            // A task that waits for a label is given up no earlier than the label is there.
            let mut after: BTreeSet<StepId> = needs.iter().copied().collect();
            let services = phase.services.iter();
            after.extend(services.flat_map(|spec| self.placement(spec)));
            if matches!(gate, Gate::Elsewhere(_)) {
                // Its secret may be new.
                after.extend(&self.base);
            }
            after.into_iter().collect()
        } else {
            acted.to_vec()
        };
        Some(self.plan.push(
            &phase.name,
            Action::Await { gate: gate.clone() },
            after,
            because,
        ))
    }

    pub(super) fn creates(&self, phase: &Phase) -> bool {
        let mut services = phase.services.iter();
        services.any(|spec| !self.seen.services.contains_key(&spec.name))
    }

    /// The seeding step, made when the first phase that must wait for it creates a service.
    fn seed(&mut self, phase: &Phase) -> Option<StepId> {
        let seed = &self.wanted.seed;
        if !seed.before.contains(&phase.name) {
            return None;
        }
        if let Some(id) = self.seeded() {
            return Some(id);
        }
        // What makes room for it has had a credential.
        let follows = phase.replaces.iter();
        let mut follows = follows.filter(|ended| self.replaced.contains_key(&ended.service));
        if !self.creates(phase) || follows.next().is_some() {
            return None;
        }
        let after: Vec<StepId> = self
            .opens
            .get(&seed.after)
            .into_iter()
            .flatten()
            .copied()
            .collect();
        Some(self.seed_after(&after))
    }

    /// The seeding step, if there is one.
    fn seeded(&self) -> Option<StepId> {
        let mut steps = self.plan.steps.iter();
        steps.position(|step| matches!(step.action, Action::SeedRoot { .. }))
    }

    /// The seeding step.
    pub(super) fn seed_after(&mut self, opens: &[StepId]) -> StepId {
        let seed = &self.wanted.seed;
        let action = Action::SeedRoot {
            etcd: seed.etcd.clone(),
            root_path: seed.root_path.clone(),
        };
        let after = [&self.base, opens].concat();
        self.plan
            .push("credentials", action, after, Because::Missing)
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
            let mut after = self.ends.clone();
            after.extend(&self.guards);
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

/// The action that posts `to` over `from`, from which it differs by these changes.
pub(super) fn update(
    found: &Service,
    from: Arc<ServiceSpec>,
    to: ServiceSpec,
    changes: Vec<Change>,
) -> Action {
    Action::UpdateService {
        name: to.name.clone(),
        id: found.id.clone(),
        version: found.version,
        from,
        restart: Restart::of(&changes, &to),
        spec: Arc::new(stamped(to)),
        changes,
        turn: None,
    }
}
