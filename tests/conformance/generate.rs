//! Random stack files within the supported subset.

use std::fmt::Write as _;

use crate::cases::{self, Case, Expected};
use crate::random::Generator;

/// `MILVUS_SWARM_CONFORMANCE_FILES` files from `MILVUS_SWARM_CONFORMANCE_SEED` on.
pub fn cases() -> Vec<Case> {
    let number = |name: &str, default: u64| -> u64 {
        std::env::var(name).map_or(default, |value| value.parse().unwrap())
    };
    let first = number("MILVUS_SWARM_CONFORMANCE_SEED", 1);
    let count = number("MILVUS_SWARM_CONFORMANCE_FILES", 60);
    (first..first + count).map(case).collect()
}

fn case(seed: u64) -> Case {
    let mut environment = cases::environment();
    environment.insert("SET".to_owned(), "from caller".to_owned());
    environment.insert("BARE".to_owned(), "bare".to_owned());
    Case {
        name: format!("seed {seed}"),
        text: Generator::new(seed).file(),
        environment,
        since: 0,
        until: u32::MAX,
        refused_since: 0,
        expected: Expected::Same,
    }
}

const NAMES: [&str; 5] = ["a", "b-c", "d_e", "Zed", "x1"];
const DURATIONS: [&str; 6] = ["0s", "10s", "1m30s", "1.5h2ms", "250ms", "2h"];
const SIZES: [&str; 6] = ["64m", "1GB", "1.5g", "512 MiB", "1048576", "100kb"];

impl Generator {
    fn file(mut self) -> String {
        let mut out = "version: \"3.9\"\nservices:\n".to_owned();
        for name in NAMES
            .iter()
            .take(usize::try_from(1 + self.below(4)).unwrap())
        {
            self.service(&mut out, name);
        }
        self.objects(&mut out);
        out
    }

    /// Adds `key: value` to a service with a chance of one in three.
    fn maybe(&mut self, out: &mut String, key: &str, value: impl Fn(&mut Self) -> String) {
        if self.chance(33) {
            let value = value(self);
            writeln!(out, "    {key}: {value}").unwrap();
        }
    }

    fn service(&mut self, out: &mut String, name: &str) {
        let image = self.pick(&[
            "nginx",
            "docker.io/library/etcd:3",
            "reg:5000/m/v:1.2",
            "q/x",
        ]);
        writeln!(out, "  {name}:\n    image: \"{image}\"").unwrap();
        self.maybe(out, "command", Self::texts);
        self.maybe(out, "entrypoint", |g| match g.below(2) {
            0 => "\"/bin/sh -c 'a b' c\\\\ d\"".to_owned(),
            _ => g.texts(),
        });
        self.maybe(out, "environment", Self::pairs);
        self.maybe(out, "env_file", |_| "[one.env, two.env]".to_owned());
        self.maybe(out, "labels", Self::pairs);
        self.maybe(out, "hostname", Self::text);
        self.maybe(out, "user", Self::text);
        self.maybe(out, "working_dir", |_| "/w".to_owned());
        self.maybe(out, "init", |g| g.boolean());
        self.maybe(out, "tty", |g| g.boolean());
        self.maybe(out, "read_only", |g| g.boolean());
        self.maybe(out, "stdin_open", |g| g.boolean());
        self.maybe(out, "stop_signal", |_| "SIGINT".to_owned());
        self.maybe(out, "stop_grace_period", |g| g.pick(&DURATIONS).to_owned());
        self.maybe(out, "healthcheck", Self::healthcheck);
        self.maybe(out, "logging", |g| {
            let options = g.pick(&["{}", "{max-size: 10m, max-file: 3}", "{tag: }"]);
            let driver = g.pick(&["json-file", "local", "\"\""]);
            format!("{{driver: {driver}, options: {options}}}")
        });
        self.maybe(out, "networks", |g| {
            let nets = g.some(&["n1", "n2", "ext"]);
            if g.chance(50) {
                return format!("[{}]", nets.join(", "));
            }
            let nets = nets.into_iter().map(|net| {
                let value = g.pick(&["", "{}", "{aliases: [w, v]}", "{aliases: []}"]);
                format!("{net}: {value}")
            });
            format!("{{{}}}", nets.collect::<Vec<_>>().join(", "))
        });
        self.maybe(out, "ports", Self::ports);
        self.maybe(out, "volumes", Self::volumes);
        self.maybe(out, "configs", |g| g.references(&["c1", "c2", "cext"]));
        self.maybe(out, "secrets", |g| g.references(&["s1", "sext"]));
        self.maybe(out, "ulimits", |g| {
            let limits = g.some(&["nofile: 65536", "nproc: {soft: 1, hard: 2}", "core: 0"]);
            format!("{{{}}}", limits.join(", "))
        });
        self.maybe(out, "sysctls", |_| {
            "{net.core.somaxconn: 1024, a.b: c}".to_owned()
        });
        self.maybe(out, "cap_add", |g| {
            format!(
                "[{}]",
                g.some(&["net_admin", "CAP_CHOWN", "all"]).join(", ")
            )
        });
        self.maybe(out, "cap_drop", |g| {
            format!("[{}]", g.some(&["ALL", "chown", "MKNOD"]).join(", "))
        });
        self.maybe(out, "extra_hosts", |g| match g.below(2) {
            0 => "[\"b:10.0.0.2\", \"a:10.0.0.1\"]".to_owned(),
            _ => "{b: 10.0.0.2, a: 10.0.0.1}".to_owned(),
        });
        self.maybe(out, "dns", |g| {
            g.pick(&["8.8.8.8", "[1.1.1.1, 8.8.8.8]", "[]"]).to_owned()
        });
        self.maybe(out, "restart", |g| {
            g.pick(&[
                "always",
                "\"no\"",
                "on-failure",
                "on-failure:2",
                "unless-stopped",
            ])
            .to_owned()
        });
        if self.chance(70) {
            self.deploy(out);
        }
    }

    fn healthcheck(&mut self) -> String {
        if self.chance(10) {
            return "{disable: true}".to_owned();
        }
        let test = match self.below(3) {
            0 => self.text(),
            1 => "[\"CMD\", \"curl\", \"-f\", \"x\"]".to_owned(),
            _ => "[\"CMD-SHELL\", \"a || b\"]".to_owned(),
        };
        let mut out = format!("{{test: {test}");
        for key in self.some(&["interval", "timeout", "start_period"]) {
            write!(out, ", {key}: {}", self.pick(&DURATIONS)).unwrap();
        }
        if self.chance(50) {
            write!(out, ", retries: {}", self.below(5)).unwrap();
        }
        out + "}"
    }

    fn ports(&mut self) -> String {
        let all = [
            "\"8080:80\"",
            "\"53:53/udp\"",
            "\"53:53\"",
            "\"9000-9002:9000-9002\"",
            "443",
            "{target: 90, published: 90, protocol: tcp, mode: host}",
            "{target: 91, published: 9091, mode: host}",
            "{target: 92}",
        ];
        format!("[{}]", self.some(&all).join(", "))
    }

    fn volumes(&mut self) -> String {
        let all = [
            "\"v1:/v1\"",
            "\"v2:/v2:ro\"",
            "\"vext:/vext\"",
            "\"/abs:/abs:rw,rshared\"",
            "\"./rel/../r:/rel\"",
            "\"~/h:/h\"",
            "/anonymous",
            "{type: volume, source: v1, target: /l1, volume: {nocopy: true}}",
            "{type: volume, source: v2, target: /l2, read_only: true}",
            "{type: bind, source: /b, target: /l3, bind: {propagation: rslave}}",
            "{type: tmpfs, target: /l4, tmpfs: {size: 1048576}}",
            "{type: tmpfs, target: /l5}",
        ];
        format!("[{}]", self.some(&all).join(", "))
    }

    fn references(&mut self, names: &[&str]) -> String {
        let refs = self.some(names);
        let refs = refs.into_iter().map(|name| match self.below(4) {
            0 => name.to_owned(),
            1 => format!("{{source: {name}}}"),
            2 => format!("{{source: {name}, target: /etc/{name}, mode: 0440}}"),
            _ => format!("{{source: {name}, target: t-{name}, uid: \"1\", gid: \"2\"}}"),
        });
        format!("[{}]", refs.collect::<Vec<_>>().join(", "))
    }

    fn deploy(&mut self, out: &mut String) {
        writeln!(
            out,
            "    deploy:\n      endpoint_mode: {}",
            self.pick(&["vip", "VIP", "\"\""])
        )
        .unwrap();
        let mut add = |g: &mut Self, key: &str, value: String| {
            if g.chance(50) {
                writeln!(out, "      {key}: {value}").unwrap();
            }
        };
        if self.chance(15) {
            add(self, "mode", "global".to_owned());
        } else {
            let replicas = self.below(6).to_string();
            add(self, "replicas", replicas);
        }
        let labels = self.pairs();
        add(self, "labels", labels);
        for key in ["update_config", "rollback_config"] {
            let update = self.update();
            add(self, key, update);
        }
        let parts = self
            .some(&["delay: 5s", "window: 1m", "max_attempts: 3"])
            .join(", ");
        let condition = self.pick(&["any", "none", "on-failure"]);
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
        let parts = self.some(&[&memory, &cpus, if limit { "pids: 100" } else { "" }]);
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        format!("{{{}}}", parts.join(", "))
    }

    fn objects(&mut self, out: &mut String) {
        let labels = self.pairs();
        write!(
            out,
            "networks:\n  n1: {{attachable: {}, labels: {labels}}}\n  n2:\n  \
             ext: {{external: true, name: outside}}\n\
             volumes:\n  v1: {{name: \"v-{{{{.Node.Hostname}}}}\"}}\n",
            self.boolean(),
        )
        .unwrap();
        let driver = self.pick(&["{}", "{driver: local}", "{driver_opts: {o: bind, k: 1}}"]);
        let template = self.pick(&["", ", template_driver: golang"]);
        write!(
            out,
            "  v2: {driver}\n  vext: {{external: true}}\n\
             configs:\n  c1: {{file: a.conf{template}}}\n  c2: {{file: ./b.tmpl, name: c2-0a1b2c}}\n  \
             cext: {{external: true, name: there}}\n\
             secrets:\n  s1: {{file: pass.txt}}\n  sext: {{external: true}}\n"
        )
        .unwrap();
    }
}
