//! What services wait for: labels, the network, secrets, configs, directories.

use std::collections::{BTreeMap, BTreeSet};

use super::adopt::labelled;
use super::build::Builder;
use super::labels::NodeLabels;
use super::wanted::{Directory, Phase};
use super::{Action, Because, StepId};
use crate::birth;
use crate::topology::{home, member_label};

impl Builder<'_> {
    pub(super) fn labels(&mut self) {
        for labels in self.labels {
            let mut add = labels.add.clone();
            // Those are written when what they tell has come true.
            add.retain(|label, _| !self.is_remembered(label));
            if let Some(draining) = &self.draining {
                // A pending query node must not land on the host that was just emptied.
                add.remove(&draining.how.label);
            }
            let remove = self.idle(labels);
            if add.is_empty() && remove.is_empty() {
                continue;
            }
            let id = self.label(labels, add, remove, Vec::new());
            for label in labels.add.keys().chain(&labels.remove) {
                self.placed.entry(label).or_default().push(id);
            }
        }
    }

    fn is_remembered(&self, label: &str) -> bool {
        let mut phases = self.wanted.phases.iter();
        phases.any(|phase| phase.remembered.as_deref() == Some(label))
    }

    /// Writes down that what a phase is of is used from now on.
    pub(super) fn remember(&mut self, phase: &Phase, after: &[StepId]) -> Vec<StepId> {
        let Some(label) = &phase.remembered else {
            return Vec::new();
        };
        let mut steps = Vec::new();
        for labels in self.labels {
            if let Some(value) = labels.add.get(label) {
                let add = BTreeMap::from([(label.clone(), value.clone())]);
                steps.push(self.label(labels, add, Vec::new(), after.to_vec()));
            }
        }
        steps
    }

    /// Writes down of which birth the data of a phase is, where no label does.
    pub(super) fn remember_birth(
        &mut self,
        phase: &Phase,
        opens: &[StepId],
        needs: &[StepId],
    ) -> Option<StepId> {
        let birth = phase.birth?;
        let cluster = &self.wanted.cluster;
        let label = birth::label(cluster, birth.of);
        if !birth::remembered(cluster, birth.of, &self.seen.nodes).is_empty() {
            return None;
        }
        let member = member_label(cluster, birth.of) + "-";
        let hosts = self.wanted.labels.of.iter();
        let hosts = hosts.filter(|(_, labels)| labels.keys().any(|key| key.starts_with(&member)));
        let nodes = hosts.filter_map(|(host, _)| home(self.named.get(host.as_str())?));
        let nodes = nodes.map(|node| (node.id.clone(), node.hostname.clone()));
        let nodes = nodes.collect();
        let mut phases = self.wanted.phases.iter();
        let holds = phases.find(|phase| phase.name == birth.of);
        let services = holds.map_or(&[][..], |phase| &phase.services);
        let action = Action::RememberBirth {
            component: birth.of.to_owned(),
            members: services.iter().map(|spec| spec.name.clone()).collect(),
            label,
            nodes,
        };
        let mut after = if opens.is_empty() { needs } else { opens }.to_vec();
        if birth.has_users {
            after = vec![self.seed_after(&after)];
        }
        Some(self.plan.push("labels", action, after, Because::Missing))
    }

    /// Sets and takes labels of one node.
    pub(super) fn label(
        &mut self,
        labels: &NodeLabels,
        add: BTreeMap<String, String>,
        remove: Vec<String>,
        after: Vec<StepId>,
    ) -> StepId {
        let mut from = labels.from.clone();
        from.retain(|label, _| add.contains_key(label));
        let because = labelled(&add, &from);
        self.plan.push(
            "labels",
            Action::LabelNode {
                node_id: labels.node_id.clone(),
                hostname: labels.hostname.clone(),
                add,
                from,
                remove,
            },
            after,
            because,
        )
    }

    pub(super) fn objects(&mut self) {
        // A node that cannot be labelled ends it all before anything is made. Secrets outlive the
        // services: where they are, every member that ever ran has its label, and one without is
        // new (`refuse::join`).
        let labelled: Vec<StepId> = (0..self.plan.steps.len()).collect();
        for network in &self.wanted.networks {
            if self.seen.networks.contains_key(&network.name) {
                continue;
            }
            let id = self.plan.push(
                "network",
                Action::CreateNetwork {
                    spec: network.clone(),
                },
                labelled.clone(),
                Because::Missing,
            );
            self.base.push(id);
        }
        for secret in &self.wanted.secrets {
            if let Some(found) = self.seen.secrets.get(&secret.name) {
                if found.labels != secret.labels {
                    let action = Action::UpdateSecret {
                        name: secret.name.clone(),
                        id: found.id.clone(),
                        from: found.labels.clone(),
                        labels: secret.labels.clone(),
                    };
                    self.plan
                        .push("secrets", action, Vec::new(), Because::Changed);
                }
                continue;
            }
            let (name, labels) = (secret.name.clone(), secret.labels.clone());
            let source = secret.source.clone();
            let (action, because) = if secret.renews {
                let proxy = self.wanted.proxy.clone();
                let action = Action::RenewPassword {
                    name,
                    labels,
                    source,
                    proxy,
                };
                (action, Because::Asked)
            } else {
                let action = Action::CreateSecret {
                    name,
                    labels,
                    source,
                };
                (action, Because::Missing)
            };
            let id = self.plan.push("secrets", action, labelled.clone(), because);
            self.base.push(id);
        }
        for (name, config) in &self.wanted.configs {
            if let Some(found) = self.seen.configs.get(name) {
                if found.labels != config.labels {
                    let action = Action::UpdateConfig {
                        name: name.clone(),
                        id: found.id.clone(),
                        from: found.labels.clone(),
                        labels: config.labels.clone(),
                    };
                    self.plan
                        .push("configs", action, Vec::new(), Because::Changed);
                }
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

    /// Directories of members that are created, where their host is a node; those of members that
    /// run are there.
    pub(super) fn directories(&mut self) {
        let mut by_host: BTreeMap<&str, BTreeSet<&Directory>> = BTreeMap::new();
        for (service, home) in &self.wanted.directories {
            if !self.seen.services.contains_key(service) {
                let directories = by_host.entry(&home.host).or_default();
                directories.extend(&home.directories);
            }
        }
        for (host, directories) in by_host {
            let Some(node) = self.named.get(host).and_then(|named| home(named)) else {
                continue;
            };
            let id = self.plan.push(
                "directories",
                Action::MakeDirectories {
                    node_id: node.id.clone(),
                    hostname: node.hostname.clone(),
                    directories: directories.into_iter().cloned().collect(),
                },
                Vec::new(),
                Because::Missing,
            );
            self.directories.insert(host.to_owned(), id);
        }
    }
}
