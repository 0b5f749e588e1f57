//! Taking query nodes out one at a time so that no search notices.
//!
//! Swarm stops the tasks with the highest slots; which Milvus node that is, is chance, and a
//! node that leads a shard leaves a gap in answers for seconds (measured; see
//! `docs/scaling.md`). So the leaving node is chosen: its host loses the role label, which
//! makes Swarm end that very task with its full grace, and the pending replacement is what
//! goes when the number of replicas is lowered.

use std::collections::BTreeMap;

use super::{Action, Because, Plan, StepId};
use crate::gate::{Gate, short};
use crate::observed::Service;
use crate::spec::{ServiceSpec, diff, restarts};

/// A query node that may leave.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Leaver {
    pub node_id: String,
    pub hostname: String,
    /// Shards that it leads; empty is safe.
    pub leads: Vec<String>,
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
pub(super) fn drain(
    plan: &mut Plan,
    found: &Service,
    spec: &ServiceSpec,
    how: &Drain,
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
    let mut end = None;
    let mut left = Vec::new();
    for (step, leaver) in how
        .leavers
        .iter()
        .take(usize::try_from(have.saturating_sub(want)).unwrap_or(usize::MAX))
        .enumerate()
    {
        let replicas = have - step as u64 - 1;
        if !leaver.leads.is_empty() {
            plan.warnings.push(format!(
                "every query node that could leave leads a shard; `{}` leads {}: searches may miss \
                 rows for some seconds while the lead moves",
                leaver.hostname,
                leaver.leads.join(", ")
            ));
        } else {
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
                Because::Asked,
            )];
        }
        let unlabel = plan.push(
            &part,
            Action::LabelNode {
                node_id: leaver.node_id.clone(),
                hostname: leaver.hostname.clone(),
                add: BTreeMap::new(),
                remove: vec![how.label.clone()],
            },
            last,
            Because::Asked,
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
            spec.clone()
        } else {
            from.clone()
        };
        if let Some(replicated) = &mut to.mode.replicated {
            replicated.replicas = Some(replicas);
        }
        to.task_template.force_update = from.task_template.force_update;
        let lower = plan.push(
            &part,
            Action::UpdateService {
                name: how.service.clone(),
                id: found.id.clone(),
                version: found.version,
                changes: diff(&from, &to),
                restart: restarts(&from, &to),
                from: Box::new(from),
                spec: Box::new(to.clone()),
            },
            vec![pending],
            Because::Asked,
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
        left.push(leaver);
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
                remove: Vec::new(),
            },
            last.clone(),
            Because::Follows,
        );
        end = Some(relabel);
    }
    end
}
