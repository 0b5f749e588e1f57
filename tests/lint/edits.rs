//! What an edit must keep, and what it may change.

use milvus_swarm::inventory::{Inventory, PRODUCTION_26, Source};
use milvus_swarm::observed::{Node, Observed};
use milvus_swarm::plan::{Action, Heard};
use milvus_swarm::render::Sources;
use milvus_swarm::wanted::{Cluster, WantedError};

fn inventory() -> Inventory {
    let text = format!("{PRODUCTION_26}publish: {{ minio: 9000 }}\n");
    Inventory::parse(&[Source::new("lint.yml", text)]).expect("an inventory")
}

/// What the health check of Milvus runs.
const CHECK: &str = "test: [\"CMD\", \"bash\", {{ config.check_session.target|q }}]";

/// The cluster with one template edited.
fn edited(file: &str, from: &str, to: &str) -> Result<Cluster, WantedError> {
    let mut sources = Sources::shipped();
    let text = sources.text(file).expect("a template").to_owned();
    assert!(text.contains(from), "{file} has no {from:?}");
    sources.replace(file, text.replacen(from, to, 1));
    Cluster::work_out(&inventory(), None, &sources)
}

fn refused(file: &str, from: &str, to: &str) -> String {
    match edited(file, from, to) {
        Err(error @ WantedError::Lint(_)) => error.to_string(),
        other => panic!("{file}: {from:?} -> {to:?} gave {other:?}"),
    }
}

#[test]
fn edits_that_break_what_the_tool_relies_on_are_refused() {
    for (file, from, to, says) in [
        // Milvus' settings beside the inventory.
        (
            "milvus.yml",
            "{{- m.logging() }}",
            "\n    environment: { COMMON_SECURITY_AUTHORIZATIONENABLED: \"false\" }",
            "`environment` has `COMMON_SECURITY_AUTHORIZATIONENABLED`: Milvus takes it before its files",
        ),
        (
            "milvus.yml",
            "{{- m.logging() }}",
            "\n    environment: { milvus_conf_etcd_endpoints: \"other:2379\" }",
            "has `milvus_conf_etcd_endpoints`",
        ),
        (
            "milvus.yml",
            "{{- m.logging() }}",
            "\n    environment: { MILVUS_PROXY_HTTP_ENABLED: \"false\" }",
            "has `MILVUS_PROXY_HTTP_ENABLED`",
        ),
        (
            "milvus.yml",
            "{{- m.logging() }}",
            "\n    environment: { METRICS_PORT: \"9092\" }",
            "has `METRICS_PORT`",
        ),
        (
            "user.yaml",
            "msgChannel:",
            "metastore: { type: tikv }\nmsgChannel:",
            "has metastore.type: tikv and may have `etcd`: metadata is in etcd",
        ),
        // Who a member is.
        (
            "etcd.yml",
            "hostname: {{ s.name|q }}",
            "hostname: \"x\"",
            "`hostname` is `x` and must be `etcd-0`",
        ),
        (
            "etcd.yml",
            "    hostname: {{ s.name|q }}\n",
            "",
            "`hostname` is `` and must be `etcd-0`",
        ),
        (
            "macros.yml",
            "{{ key|q }}: {{ value|q }}\n{%- endfor %}\n      placement",
            "\"x-{{ key }}\": {{ value|q }}\n{%- endfor %}\n      placement",
            "must have `milvus-swarm.cluster: prod`",
        ),
        (
            "etcd.yml",
            "{{ s.name }}:",
            "{{ s.name|replace('etcd', 'kv') }}:",
            "service `etcd-0` and 2 more: `services` has it no more",
        ),
        (
            "etcd.yml",
            "{{- m.unchecked() }}\n",
            "\n    healthcheck: { test: etcdctl endpoint health }",
            "service `etcd-0` and 2 more: `healthcheck` must be `disable: true`: Swarm publishes",
        ),
        (
            "pulsar.yml",
            "{{- m.unchecked() }}\n",
            "",
            "service `zookeeper-0` and 2 more: `healthcheck` must be `disable: true`",
        ),
        (
            "etcd.yml",
            "{%- for s in services.etcd %}",
            "\n  extra:\n    image: a\n{%- for s in services.etcd %}",
            "service `extra`: `services` has it in addition",
        ),
        (
            "etcd.yml",
            "      - {{ (\"--name=\" ~ s.name)|q }}\n",
            "",
            "must have `--name=etcd-0`",
        ),
        (
            "etcd.yml",
            "--data-dir=/var/lib/etcd/data",
            "--data-dir=/tmp/data",
            "must have `--data-dir=/var/lib/etcd/data`",
        ),
        (
            "pulsar.yml",
            "      ZOOKEEPER_ID: {{ s.id|q }}\n",
            "",
            "must have `ZOOKEEPER_ID=1`",
        ),
        (
            "pulsar.yml",
            "PULSAR_PREFIX_zkLedgersRootPath: \"/ledgers\"",
            "PULSAR_PREFIX_zkLedgersRootPath: \"/l\"",
            "must have `PULSAR_PREFIX_zkLedgersRootPath=/ledgers`",
        ),
        // Where it runs.
        (
            "macros.yml",
            "          - {{ constraint|q }}",
            "          - node.role == worker",
            "must have `node.labels.milvus.prod.",
        ),
        (
            "macros.yml",
            "max_replicas_per_node: {{ service.per_host }}",
            "max_replicas_per_node: 9",
            "`deploy.placement.max_replicas_per_node` is 9 and must be 1",
        ),
        (
            "macros.yml",
            "replicas: {{ service.replicas }}",
            "replicas: 2",
            "`deploy.replicas` is 2 and must be 1",
        ),
        (
            "macros.yml",
            "mode: \"replicated\"\n      replicas: {{ service.replicas }}",
            "mode: \"global\"",
            "is not replicated",
        ),
        // How it is reached.
        (
            "macros.yml",
            "endpoint_mode: \"dnsrr\"",
            "endpoint_mode: \"vip\"",
            "`deploy.endpoint_mode` must be `dnsrr`",
        ),
        (
            "macros.yml",
            "      - target: {{ port.target }}",
            "      - target: 1",
            "must publish 9000 for 9000 with `mode: host`",
        ),
        (
            "minio.yml",
            "m.networks([\"minio\"], s.front)",
            "m.networks(front=s.front)",
            "must have the alias `minio`",
        ),
        (
            "macros.yml",
            "name: {{ network.name|q }}",
            "name: other",
            "must have the network `prod_net`",
        ),
        (
            "milvus.yml",
            "front=s.front",
            "front=false",
            "must have the network `prod_front`",
        ),
        (
            "milvus.yml",
            "\"bash\", {{ config.start_milvus.target|q }}, ",
            "",
            "`command` must have `/milvus/start-milvus.sh`",
        ),
        // What it holds.
        (
            "minio.yml",
            "{{- m.secrets([\"minio-root\"]) }}\n",
            "",
            "must mount `prod-minio-root-v1` as `minio-root`",
        ),
        (
            "minio.yml",
            "      MINIO_ROOT_PASSWORD_FILE: \"/run/secrets/minio-root\"",
            "      MINIO_ROOT_PASSWORD: \"x\"",
            "has `MINIO_ROOT_PASSWORD`",
        ),
        (
            "etcd.yml",
            "{{- m.volumes(s.mounts) }}\n",
            "",
            "must mount `prod_etcd-0` at `/var/lib/etcd`",
        ),
        (
            "macros.yml",
            "target: {{ mount.target|q }}",
            "target: {{ mount.target|q }}\n        read_only: true",
            "must mount `prod_etcd-0`",
        ),
        (
            "pulsar.yml",
            "m.configs([config.start_pulsar])",
            "m.configs([config.init_metadata])",
            "must mount a config of this file at `/pulsar/start-pulsar.sh`",
        ),
        (
            "macros.yml",
            "template_driver: \"golang\"",
            "x-nothing: 1",
            "`user.yaml` must have `template_driver: golang`",
        ),
        (
            "user.yaml",
            "rootPath: {{ cluster|tojson }}",
            "rootPath: elsewhere",
            "must have etcd.rootPath: \"prod\"",
        ),
        (
            "user.yaml",
            "authorizationEnabled: true",
            "authorizationEnabled: false",
            "must have common.security.authorizationEnabled: true",
        ),
        (
            "user.yaml",
            "    authorizationEnabled: true",
            "    authorizationEnabled: true\n    defaultRootPassword: x",
            "must not have common.security.defaultRootPassword",
        ),
        // How it ends.
        (
            "pulsar.yml",
            "stop_grace_period: {{ s.grace|q }}",
            "stop_grace_period: 55s",
            "is 55s and must be less than 55s",
        ),
        (
            "macros.yml",
            "order: \"stop-first\"",
            "order: \"start-first\"",
            "starts the new task first",
        ),
        (
            "macros.yml",
            "condition: {{ service.restart|q }}",
            "condition: none",
            "must be `condition: any` without a limit",
        ),
        (
            "macros.yml",
            "delay: \"2s\"",
            "delay: \"2s\"\n        max_attempts: 3",
            "without a limit",
        ),
        // What others are called.
        (
            "milvus.yml",
            "    image:",
            "    hostname: \"etcd-0\"\n    image:",
            "`hostname` is `etcd-0`: clients of that component would reach this service",
        ),
        (
            "milvus.yml",
            "m.networks(front=s.front)",
            "m.networks([\"minio\"], s.front)",
            "`networks` has the alias `minio`",
        ),
        // Of two arguments the last one counts.
        (
            "etcd.yml",
            "      - \"--heartbeat-interval=500\"",
            "      - \"-data-dir\"\n      - \"/tmp/x\"",
            "`command` has `-data-dir` in addition",
        ),
        (
            "etcd.yml",
            "      - \"--heartbeat-interval=500\"",
            "      - \"--force-new-cluster\"",
            "`command` has `--force-new-cluster` in addition",
        ),
        (
            "minio.yml",
            "      - \"--console-address\"",
            "      - \"http://elsewhere/data\"\n      - \"--console-address\"",
            "`command` has `http://elsewhere/data` in addition",
        ),
        // What the tool finds again.
        (
            "macros.yml",
            "    labels:\n      milvus-swarm.cluster: {{ config.cluster|q }}\n",
            "",
            "without the label `milvus-swarm.cluster: prod`",
        ),
        (
            "macros.yml",
            "      milvus-swarm.cluster: {{ config.cluster|q }}",
            "      milvus-swarm.cluster: \"other\"",
            "without the label `milvus-swarm.cluster: prod`",
        ),
        (
            "macros.yml",
            "    name: {{ config.name|q }}",
            "    name: {{ (cluster ~ \"-lock\")|q }}",
            "`configs` has `prod-lock`: a config of this name is the lock of the cluster",
        ),
    ] {
        let told = refused(file, from, to);
        assert!(
            told.contains(says),
            "{file}: {from:?} -> {to:?} says\n{told}"
        );
    }
}

/// A folder of before there were flags would run a process that does nothing.
#[test]
fn mixed_coordinators_are_named() {
    let text = format!("coordinators: mixed\n{PRODUCTION_26}");
    let inventory = Inventory::parse(&[Source::new("lint.yml", text)]).expect("an inventory");
    let mut sources = Sources::shipped();
    Cluster::work_out(&inventory, None, &sources).expect("a cluster");
    let flags = "{% for flag in s.flags %}, {{ flag|q }}{% endfor %}";
    let text = sources.text("milvus.yml").expect("a template").to_owned();
    assert!(text.contains(flags));
    sources.replace("milvus.yml", text.replace(flags, ""));
    let refused = Cluster::work_out(&inventory, None, &sources).expect_err("no flags");
    let said = refused.to_string();
    assert!(said.contains("`command` must have `-rootcoord`"), "{said}");
}

#[test]
fn a_refusal_names_the_file_and_the_line() {
    let told = refused("etcd.yml", "    hostname: {{ s.name|q }}\n", "");
    let inventory = inventory();
    let cluster = Cluster::work_out(&inventory, None, &Sources::shipped()).expect("a cluster");
    let line = cluster.files[0]
        .text
        .lines()
        .position(|line| line == "  etcd-0:");
    let line = line.expect("etcd-0") + 1;
    assert!(
        told.starts_with(&format!(
            "store.yml (line {line} as rendered): service `etcd-0` and 2 more"
        )),
        "{told}"
    );
}

#[test]
fn what_all_services_have_is_told_once() {
    let told = refused(
        "macros.yml",
        "endpoint_mode: \"dnsrr\"",
        "endpoint_mode: \"vip\"",
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(
        told.starts_with(
            "store.yml, pulsar.yml and milvus.yml: services `etcd-0`, `minio-0`, `bookie-0`, \
             `broker-0`, `pulsar-init` and "
        ),
        "{told}"
    );
    assert!(
        told.ends_with("; `macros.yml` makes what all services share"),
        "{told}"
    );
    let told = refused(
        "macros.yml",
        "max_replicas_per_node: {{ service.per_host }}",
        "max_replicas_per_node: 9",
    );
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("milvus.yml: services `"), "{told}");
    assert!(!told.contains("`macros.yml`"), "{told}");
}

#[test]
fn a_stack_file_that_does_not_read_shows_the_line() {
    let error = edited("etcd.yml", "hostname:", "hostnme:").expect_err("a key that is not known");
    let told = error.to_string();
    assert!(
        told.contains("did you mean `hostname`?; the line is `hostnme: \"etcd-0\"`"),
        "{told}"
    );
    let error =
        edited("etcd.yml", "s.name|q", "s.nam|q").expect_err("a variable that is not there");
    assert!(error.to_string().contains("`etcd.yml`"), "{error}");
}

/// What the tool does not rely on is the user's, and gets into the plan.
#[test]
fn legal_edits_are_in_the_plan() {
    for (file, from, to, spec_has) in [
        (
            "minio.yml",
            "MINIO_UPDATE: \"off\"",
            "MINIO_UPDATE: \"off\"\n      MINIO_BROWSER: \"off\"",
            "MINIO_BROWSER=off",
        ),
        (
            "macros.yml",
            "driver: \"json-file\"",
            "driver: \"journald\"",
            "\"LogDriver\":{\"Name\":\"journald\"",
        ),
        (
            "macros.yml",
            "{{ key|q }}: {{ value|q }}\n{%- endfor %}\n      placement",
            "{{ key|q }}: {{ value|q }}\n{%- endfor %}\n        team: search\n      placement",
            "\"team\":\"search\"",
        ),
        (
            "etcd.yml",
            "{{- m.sysctls() }}",
            "{{- m.sysctls() }}\n      net.core.somaxconn: \"1024\"",
            "\"net.core.somaxconn\":\"1024\"",
        ),
        (
            "etcd.yml",
            "--quota-backend-bytes=4294967296",
            "--quota-backend-bytes=8589934592",
            "--quota-backend-bytes=8589934592",
        ),
        (
            "etcd.yml",
            "--initial-cluster-state=new\"",
            "--initial-cluster-state=new\"\n      - \"--snapshot-count=5000\"",
            "--snapshot-count=5000",
        ),
        (
            "macros.yml",
            "          - {{ constraint|q }}",
            "          - {{ constraint|q }}\n          - node.platform.os == linux",
            "node.platform.os == linux",
        ),
        (
            "pulsar.yml",
            "stop_grace_period: {{ s.grace|q }}",
            "stop_grace_period: 54s",
            "54000000000",
        ),
        (
            "milvus.yml",
            "stop_grace_period: {{ s.grace|q }}",
            "stop_grace_period: 1h",
            "3600000000000",
        ),
        (
            "milvus.yml",
            CHECK,
            "test: curl -f localhost:9091/healthz",
            "\"CMD-SHELL\"",
        ),
        (
            "milvus.yml",
            "{{- m.logging() }}",
            "\n    environment: { GOGC: \"50\" }",
            "GOGC=50",
        ),
        ("user.yaml", "level: info", "level: debug", ""),
    ] {
        let cluster = edited(file, from, to).unwrap_or_else(|error| panic!("{to}: {error}"));
        let seen = Observed {
            nodes: inventory()
                .hosts
                .iter()
                .map(|host| Node {
                    hostname: host.name.clone(),
                    ..Node::default()
                })
                .collect(),
            ..Observed::default()
        };
        let plan = cluster.plan(&inventory(), &seen, &Heard::default());
        let made = plan.steps.iter().any(|step| match &step.action {
            Action::CreateService { spec } => {
                !spec_has.is_empty()
                    && serde_json::to_string(spec)
                        .expect("JSON")
                        .contains(spec_has)
            }
            Action::CreateConfig { data, .. } => {
                spec_has.is_empty() && data.contains("level: \"debug\"")
            }
            _ => false,
        });
        assert!(made, "{to:?} is not in the plan");
    }
}

#[test]
fn shipped_templates_need_no_lint() {
    assert!(Sources::shipped().are_shipped());
    let mut sources = Sources::shipped();
    sources.replace("user.yaml", "a: 1\n".to_owned());
    assert!(!sources.are_shipped());
    let told = Cluster::work_out(&inventory(), None, &sources)
        .expect_err("nothing left")
        .to_string();
    assert!(told.contains("must have etcd.endpoints"), "{told}");
}

/// What is warned of an edit of this file.
fn lacking(file: &str, from: &str, to: &str) -> Vec<String> {
    let cluster = edited(file, from, to).unwrap_or_else(|error| panic!("{from}: {error}"));
    let warnings = cluster.wanted.warnings.into_iter();
    warnings.filter(|text| text.contains("lack")).collect()
}

const TAKE_OVER: &str = "; the shipped templates have it (`milvus-swarm eject` into another folder shows \
                         them): take it over, unless it was left out on purpose";

#[test]
fn what_an_older_folder_lacks_is_told_once_for_all_that_lack_it() {
    let told = lacking(
        "macros.yml",
        "net.ipv4.tcp_retries2: ",
        "net.ipv4.tcp_orphan_retries: ",
    );
    assert_eq!(told.len(), 3, "{told:#?}");
    let store = told
        .iter()
        .find(|text| text.starts_with("store.yml: `etcd-0`, "));
    let store = store.expect("the store");
    assert!(
        store.contains(" more lack `sysctls: net.ipv4.tcp_retries2: 4`; ")
            && store.ends_with(TAKE_OVER),
        "{store}"
    );
    // Another value is an edit.
    let value = lacking("macros.yml", "tcp_retries2: 4", "tcp_retries2: 5");
    assert_eq!(value, [""; 0]);
}

/// A folder of the version before has neither the check nor its script; with the one and not the other no
/// task would ever be healthy.
#[test]
fn a_health_check_comes_with_its_script() {
    let (mount, none) = (
        "[config.check_session, config.await_birth]",
        "[config.await_birth]",
    );
    let mut sources = Sources::shipped();
    let text = sources.text("milvus.yml").expect("a template");
    let start = text.find("    healthcheck:").expect("a check");
    let end = text.find("{{- m.networks").expect("networks");
    let without = format!("{}{}", &text[..start], &text[end..]).replace(mount, none);
    sources.replace("milvus.yml", without);
    let cluster = Cluster::work_out(&inventory(), None, &sources).expect("it is allowed");
    let told = cluster.wanted.warnings.iter();
    let told: Vec<&String> = told.filter(|text| text.contains("lack ")).collect();
    let [told] = told[..] else {
        panic!("{told:?}");
    };
    let lacks = "lack `healthcheck: CMD bash /milvus/check-session.sh`; ";
    assert!(
        told.starts_with("milvus.yml: `datacoord`, ") && told.contains(lacks),
        "{told}"
    );

    let told = refused("milvus.yml", mount, none);
    assert!(
        told.contains("must mount a config of this file at `/milvus/check-session.sh`"),
        "{told}"
    );
}

#[test]
fn lines_of_a_start_file_are_told() {
    let told = lacking(
        "start-pulsar.sh",
        "exec bin/pulsar \"$2\"",
        "exec bin/other \"$2\"",
    );
    assert_eq!(
        told,
        [format!(
            "pulsar.yml: `start-pulsar` lacks `exec bin/pulsar \"$2\"`{TAKE_OVER}"
        )]
    );
}
