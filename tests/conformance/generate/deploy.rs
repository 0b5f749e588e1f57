//! Random `deploy` sections.

use std::fmt::Write as _;

use crate::random::Generator;

const SIZES: [&str; 6] = ["64m", "1GB", "1.5g", "512 MiB", "1048576", "100kb"];

impl Generator {
    pub(super) fn deploy(&mut self, out: &mut String, endpoint: &str) {
        writeln!(out, "    deploy:\n      endpoint_mode: {endpoint}").unwrap();
        let job = self.major >= 23 && self.chance(40);
        let global = self.chance(15);
        let mode = match (job, global) {
            (false, false) => self.pick(&["\"\"", "replicated"]),
            (false, true) => "global",
            (true, false) => "replicated-job",
            (true, true) => "global-job",
        };
        writeln!(out, "      mode: {mode}").unwrap();
        let mut add = |g: &mut Self, key: &str, value: String| {
            if g.chance(50) {
                writeln!(out, "      {key}: {value}").unwrap();
            }
        };
        if !global {
            let replicas = self.below(6).to_string();
            add(self, "replicas", replicas);
        }
        let labels = self.pairs();
        add(self, "labels", labels);
        // A job has nothing to update little by little, and ends.
        let (updates, conditions) = if job {
            (&[][..], &["none", "on-failure"][..])
        } else {
            let updates = &["update_config", "rollback_config"];
            (&updates[..], &["any", "none", "on-failure", "\"\""][..])
        };
        for key in updates {
            let update = self.update();
            add(self, key, update);
        }
        let parts = self
            .some(&["delay: 5s", "window: 1m", "max_attempts: 3"])
            .join(", ");
        let condition = self.pick(conditions);
        add(
            self,
            "restart_policy",
            format!("{{condition: {condition}, {parts}}}"),
        );
        let placement = self.some(&[
            "constraints: [\"node.labels.a==b\", \"node.role != manager\"]",
            "preferences: [{spread: node.labels.zone}]",
            "max_replicas_per_node: 2",
        ]);
        add(self, "placement", format!("{{{}}}", placement.join(", ")));
        let limits = self.amount(true);
        let reservations = self.amount(false);
        add(
            self,
            "resources",
            format!("{{limits: {limits}, reservations: {reservations}}}"),
        );
    }

    fn update(&mut self) -> String {
        let parts = self.some(&[
            "parallelism: 0",
            "delay: 10s",
            "failure_action: rollback",
            "monitor: 90s",
            "max_failure_ratio: 0.15",
            "order: start-first",
        ]);
        format!("{{{}}}", parts.join(", "))
    }

    fn amount(&mut self, limit: bool) -> String {
        let memory = format!("memory: \"{}\"", self.pick(&SIZES));
        let cpus = format!(
            "cpus: \"{}\"",
            self.pick(&["0.5", ".25", "2", "1/4", "1.125"])
        );
        let last = if limit {
            "pids: 100"
        } else {
            "generic_resources: [{discrete_resource_spec: {kind: gpu, value: 2}}]"
        };
        let parts = self.some(&[&memory, &cpus, last]);
        format!("{{{}}}", parts.join(", "))
    }
}
