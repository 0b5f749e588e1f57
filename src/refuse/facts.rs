//! What rules ask for again and again, looked up once.

use std::collections::BTreeMap;

use super::Case;
use super::muster::{self, Muster};
use crate::component::{Component, Shape};
use crate::gate::short;
use crate::observed::{Node, Service};
use crate::spec::ServiceSpec;
use crate::topology::{self, Pool};

/// The case, with its parts by name.
pub(crate) struct Facts<'a> {
    pub case: &'a Case<'a>,
    /// Nodes by hostname.
    pub named: BTreeMap<&'a str, Vec<&'a Node>>,
    /// The node of each host that has one.
    pub homes: BTreeMap<&'a str, &'a Node>,
    /// Wanted services by short name.
    pub specs: BTreeMap<&'a str, &'a ServiceSpec>,
    /// Services that exist, by short name.
    pub found: BTreeMap<&'a str, &'a Service>,
    /// The members of each component with members.
    pub musters: Vec<Muster<'a>>,
}

/// A replicated service with the hosts that it may run on.
pub(crate) struct Spread<'a> {
    pub spec: &'a ServiceSpec,
    pub pool: &'a Pool,
    pub component: &'static Component,
    pub replicas: u64,
    /// The most tasks on one host, where there is a most.
    pub per_host: Option<u64>,
}

impl<'a> Facts<'a> {
    pub(crate) fn of(case: &'a Case<'a>) -> Self {
        let named = topology::by_hostname(&case.seen.nodes);
        let homes = case
            .inventory
            .hosts
            .iter()
            .filter_map(|host| {
                let node = topology::home(named.get(host.name.as_str())?)?;
                Some((host.name.as_str(), node))
            })
            .collect();
        let phases = case.wanted.phases.iter();
        let specs = phases
            .flat_map(|phase| &phase.services)
            .map(|spec| (short(&spec.name), spec))
            .collect();
        let services = case.seen.services.iter();
        let found = services
            .map(|(name, service)| (short(name), service))
            .collect();
        let mut facts = Self {
            case,
            named,
            homes,
            specs,
            found,
            musters: Vec::new(),
        };
        facts.musters = muster::all(&facts);
        facts
    }

    /// The members of a component.
    pub(crate) fn muster(&self, component: &str) -> Option<&Muster<'a>> {
        let mut musters = self.musters.iter();
        musters.find(|muster| muster.component.name == component)
    }

    /// Replicated services that only the label of their role places.
    pub(crate) fn spreads(&self) -> impl Iterator<Item = Spread<'a>> {
        Component::of(self.case.inventory, self.case.release)
            .filter(|component| component.shape == Shape::Replicas)
            .filter_map(|component| {
                let spec = *self.specs.get(component.name)?;
                let label = topology::role_label(&self.case.inventory.name, component.role);
                Some(Spread {
                    spec: spec_placed_by(spec, &label)?,
                    pool: self.case.topology.pools.get(component.name)?,
                    component,
                    replicas: spec.replicas()?,
                    per_host: Some(spec.task_template.placement.max_replicas)
                        .filter(|most| *most > 0),
                })
            })
    }

    /// Specs of members that the label of the member places, with the host of each.
    pub(crate) fn pinned(&self) -> impl Iterator<Item = (&'a ServiceSpec, &'a str)> {
        let members = self.case.topology.members.values().flatten();
        members.filter_map(|member| {
            let spec = self.specs.get(member.name.as_str())?;
            let label = topology::member_label(&self.case.inventory.name, &member.name);
            Some((spec_placed_by(spec, &label)?, member.host.as_str()))
        })
    }

    /// Whether the cluster once had services, or has: secrets are made after every label is
    /// written and before any service, and stay as long as data does.
    pub(crate) fn has_run(&self) -> bool {
        let mut secrets = self.case.wanted.secrets.iter();
        !self.found.is_empty()
            || secrets.any(|secret| self.case.seen.secrets.contains_key(&secret.name))
    }
}

/// The spec, if its constraints ask for this label; a user's own template may place otherwise.
fn spec_placed_by<'a>(spec: &'a ServiceSpec, label: &str) -> Option<&'a ServiceSpec> {
    let constraint = format!("node.labels.{label} == true");
    let constraints = &spec.task_template.placement.constraints;
    constraints.contains(&constraint).then_some(spec)
}
