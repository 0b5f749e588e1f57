//! Taking query nodes out one at a time so that no search notices.
//!
//! Swarm stops the tasks with the highest slots; which Milvus node that is, is chance, and a
//! node that leads a shard leaves a gap in answers for seconds (measured; see
//! `docs/scaling.md`). So the leaving node is chosen: its host loses the role label, which
//! makes Swarm end that very task with its full grace, and the pending replacement is what
//! goes when the number of replicas is lowered.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::adopt::because;
use super::build::Builder;
use super::wanted::{Phase, Wanted};
use super::{Action, Because, Plan, StepId};
use crate::gate::{Gate, short};
use crate::observed::{Observed, Service};
use crate::spec::{ServiceSpec, diff, posted, restarts, stamped};

/// A query node that may leave.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Leaver {
    pub node_id: String,
    pub hostname: String,
    /// Shards that it leads; empty is safe.
    pub leads: Vec<String>,
    /// Why it is not known what it leads. It may leave once it is seen to lead nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// The query nodes that run, in the order in which they should leave: those that lead no shard
/// first, the highest slots first among equals. `leads` says which shards the one at an address
/// leads, or why nobody knows.
pub fn leavers(
    seen: &Observed,
    service: &str,
    leads: impl Fn(IpAddr) -> Result<Vec<String>, String>,
) -> Vec<Leaver> {
    let mut leavers: Vec<(u64, Leaver)> = seen
        .tasks
        .iter()
        .filter(|task| task.service == service && task.is_up())
        .filter_map(|task| {
            let node = seen.nodes.iter().find(|node| node.id == task.node_id)?;
            let ip = *task.addresses.values().next()?;
            let (leads, unknown) = match leads(ip) {
                Ok(leads) => (leads, None),
                Err(why) => (Vec::new(), Some(why)),
            };
            Some((
                task.slot,
                Leaver {
                    node_id: node.id.clone(),
                    hostname: node.hostname.clone(),
                    leads,
                    unknown,
                },
            ))
        })
        .collect();
    leavers.sort_by_key(|(slot, leaver)| (leaver.leads.len(), std::cmp::Reverse(*slot)));
    leavers.into_iter().map(|(_, leaver)| leaver).collect()
}

/// What the drain steps need to know of the cluster.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Drain {
    pub service: String,
    /// The node label that places the service.
    pub label: String,
    pub etcd: Vec<String>,
    pub root_path: String,
    pub proxy: String,
    /// In the order in which they should leave.
    pub leavers: Vec<Leaver>,
}

/// Adds the steps that take query nodes out until `spec`'s number of replicas is left; says
/// which step is the last.
fn drain(
    plan: &mut Plan,
    found: &Service,
    spec: &ServiceSpec,
    how: &Drain,
    hosts_leaving: &BTreeSet<&str>,
    after: &[StepId],
) -> Option<StepId> {
    // A run that was killed may have left fewer tasks than replicas.
    let have = found
        .spec
        .replicas()
        .unwrap_or(0)
        .min(how.leavers.len() as u64);
    let want = spec.replicas().unwrap_or(0);
    let part = short(&how.service).to_owned();
    let mut last: Vec<StepId> = after.to_vec();
    let mut from = found.spec.clone();
    // The user asked, unless it is somebody else's doing that there are too many.
    let why = match because(found) {
        Because::Changed => Because::Asked,
        other => other,
    };
    let mut end = None;
    let mut left = Vec::new();
    // Who loses its host leaves whatever it leads.
    let must = |leaver: &Leaver| hosts_leaving.contains(leaver.node_id.as_str());
    for (step, leaver) in how
        .leavers
        .iter()
        .take(usize::try_from(have.saturating_sub(want)).unwrap_or(usize::MAX))
        .enumerate()
    {
        let replicas = have - step as u64 - 1;
        if !leaver.leads.is_empty() {
            let why = if must(leaver) {
                "its host loses the role, and it leads a shard"
            } else {
                "every query node that could leave leads a shard"
            };
            plan.warnings.push(format!(
                "{why}; `{}` leads {}: searches may miss rows for some seconds while the lead \
                 moves",
                leaver.hostname,
                leaver.leads.join(", ")
            ));
        } else {
            if let Some(why) = &leaver.unknown {
                plan.warnings.push(format!(
                    "nobody could say whether the query node on `{}` leads a shard ({why}): it \
                     leaves once it is seen to lead none",
                    leaver.hostname
                ));
            }
            last = vec![plan.push(
                &part,
                Action::Await {
                    gate: Gate::LeadsNoShard {
                        etcd: how.etcd.clone(),
                        root_path: how.root_path.clone(),
                        service: how.service.clone(),
                        node: leaver.hostname.clone(),
                        proxy: how.proxy.clone(),
                    },
                },
                last,
                why.clone(),
            )];
        }
        let unlabel = plan.push(
            &part,
            Action::LabelNode {
                node_id: leaver.node_id.clone(),
                hostname: leaver.hostname.clone(),
                add: BTreeMap::new(),
                from: BTreeMap::new(),
                remove: vec![how.label.clone()],
            },
            last,
            why.clone(),
        );
        let pending = plan.push(
            &part,
            Action::Await {
                gate: Gate::Replaced {
                    service: how.service.clone(),
                    node: leaver.hostname.clone(),
                },
            },
            vec![unlabel],
            Because::Follows,
        );
        let mut to = if replicas == want {
            posted(&from, spec)
        } else {
            from.clone()
        };
        if let Some(replicated) = &mut to.mode.replicated {
            replicated.replicas = Some(replicas);
        }
        let lower = plan.push(
            &part,
            Action::UpdateService {
                name: how.service.clone(),
                id: found.id.clone(),
                version: found.version,
                changes: diff(&from, &to),
                restart: restarts(&from, &to),
                turn: None,
                from: Box::new(from),
                spec: Box::new(stamped(&to)),
            },
            vec![pending],
            why.clone(),
        );
        from = to;
        let gone = plan.push(
            &part,
            Action::Await {
                gate: Gate::TaskGone {
                    etcd: how.etcd.clone(),
                    root_path: how.root_path.clone(),
                    service: how.service.clone(),
                    node: leaver.hostname.clone(),
                },
            },
            vec![lower],
            Because::Follows,
        );
        last = vec![gone];
        end = Some(gone);
        if !must(leaver) {
            left.push(leaver);
        }
    }
    // Labels come back when all have left: a host that has its label is a host that a
    // replacement may start on.
    for leaver in left {
        let relabel = plan.push(
            &part,
            Action::LabelNode {
                node_id: leaver.node_id.clone(),
                hostname: leaver.hostname.clone(),
                add: BTreeMap::from([(how.label.clone(), "true".to_owned())]),
                from: BTreeMap::new(),
                remove: Vec::new(),
            },
            last.clone(),
            Because::Follows,
        );
        end = Some(relabel);
    }
    end
}

/// How query nodes leave, if there are more of them than wanted.
pub(super) fn draining<'a>(wanted: &'a Wanted, seen: &Observed) -> Option<&'a Drain> {
    let drain = wanted.drain.as_ref()?;
    let found = seen.services.get(&drain.service)?;
    let spec = wanted.services().find(|spec| spec.name == drain.service)?;
    (spec.replicas() < found.spec.replicas()).then_some(drain)
}

impl Builder<'_> {
    /// Query nodes that must leave do so one at a time.
    pub(super) fn drained(
        &mut self,
        phase: &Phase,
        spec: &ServiceSpec,
        needs: &[StepId],
    ) -> Option<StepId> {
        let how = self.drain.filter(|how| how.service == spec.name)?;
        let found = self.seen.services.get(&spec.name)?;
        let mut after = self.waits_for(spec);
        after.extend(needs);
        // A proxy tells who leads a shard: one that is about to restart tells nothing for long.
        after.extend(self.opens.get("proxy").into_iter().flatten());
        let after: Vec<StepId> = after.into_iter().collect();
        let losers = self.wanted.labels.iter();
        let hosts_leaving = losers
            .filter(|labels| labels.remove.contains(&how.label))
            .map(|labels| labels.node_id.as_str())
            .collect();
        let last = match drain(self.plan, found, spec, how, &hosts_leaving, &after) {
            Some(last) => last,
            // A run that was killed turned them all away: what is left is to say so.
            None => self.service(phase, spec, needs)?,
        };
        for labels in &self.wanted.labels {
            if let Some(value) = labels.add.get(&how.label) {
                let add = BTreeMap::from([(how.label.clone(), value.clone())]);
                self.label(labels, add, Vec::new(), vec![last]);
            }
        }
        Some(last)
    }
}
