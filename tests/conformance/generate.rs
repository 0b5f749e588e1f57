//! Random stack files within the supported subset.

mod deploy;
mod objects;

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

/// The file of one seed.
pub fn case(seed: u64) -> Case {
    let mut environment = cases::environment();
    environment.insert("SET".to_owned(), "from caller".to_owned());
    environment.insert("BARE".to_owned(), "bare".to_owned());
    let mut generator = Generator::new(seed);
    // Every CLI reads most files; jobs came with 23, the last keys with 28.
    generator.major = match generator.below(10) {
        0..6 => 0,
        6..9 => 23,
        _ => 28,
    };
    Case {
        name: format!("seed {seed}"),
        since: generator.major,
        text: generator.file(),
        environment,
        until: u32::MAX,
        refused_since: 0,
        expected: Expected::Same,
    }
}

const NAMES: [&str; 5] = ["a", "b-c", "d_e", "Zed", "x1"];
const DURATIONS: [&str; 6] = ["0s", "10s", "1m30s", "1.5h2ms", "250ms", "2h"];

impl Generator {
    fn file(mut self) -> String {
        let version = if self.major < 28 { "3.9" } else { "3.13" };
        let mut out = format!("version: \"{version}\"\nx-any: {{a: [1, b]}}\nservices:\n");
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
        let endpoint = self
            .chance(70)
            .then(|| self.pick(&["vip", "VIP", "\"\"", "dnsrr", "DNSRR"]));
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
                let mut values = vec!["", "{}", "{aliases: [w, v]}", "{aliases: []}"];
                if g.major >= 28 {
                    values.push("{driver_opts: {k: v, l: 1}}");
                }
                let value = g.pick(&values);
                format!("{net}: {value}")
            });
            format!("{{{}}}", nets.collect::<Vec<_>>().join(", "))
        });
        let dnsrr = endpoint.is_some_and(|mode| mode.eq_ignore_ascii_case("dnsrr"));
        self.maybe(out, "ports", |g| g.ports(dnsrr));
        self.maybe(out, "volumes", Self::volumes);
        self.maybe(out, "configs", |g| g.references(&["c1", "c2", "cext"]));
        self.maybe(out, "secrets", |g| g.references(&["s1", "sext"]));
        self.maybe(out, "ulimits", |g| {
            let limits = g.some(&[
                "nofile: 65536",
                "nproc: {soft: 1, hard: 2}",
                "core: 0",
                "memlock: -1",
            ]);
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
        self.maybe(out, "dns_search", |g| {
            g.pick(&["a.example", "[b.example, a.example]", "[]"])
                .to_owned()
        });
        self.maybe(out, "isolation", |_| "default".to_owned());
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
        if let Some(endpoint) = endpoint {
            self.deploy(out, endpoint);
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
        let mut keys = vec!["interval", "timeout", "start_period"];
        if self.major >= 28 {
            keys.push("start_interval");
        }
        for key in self.some(&keys) {
            write!(out, ", {key}: {}", self.pick(&DURATIONS)).unwrap();
        }
        if self.chance(50) {
            write!(out, ", retries: {}", self.below(5)).unwrap();
        }
        out + "}"
    }

    /// Without the routing mesh a port is published on its host or not at all.
    fn ports(&mut self, dnsrr: bool) -> String {
        let host = [
            "{target: 90, published: 90, protocol: tcp, mode: host}",
            "{target: 91, published: 9091, mode: host}",
            "{target: 93, published: 93, protocol: udp, mode: host}",
        ];
        let ingress = [
            "\"8080:80\"",
            "\"53:53/udp\"",
            "\"53:53\"",
            "\"9000-9002:9000-9002\"",
            "443",
            "{target: 92}",
            "{target: 94, published: 94, protocol: sctp, mode: ingress}",
        ];
        let all = if dnsrr {
            host.to_vec()
        } else {
            [host.as_slice(), ingress.as_slice()].concat()
        };
        format!("[{}]", self.some(&all).join(", "))
    }

    fn volumes(&mut self) -> String {
        let mut all = vec![
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
        if self.major >= 28 {
            all.push("{type: volume, source: v1, target: /l6, volume: {subpath: a/b}}");
        }
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
}
