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
            "pulsar:",
            "metastore: { type: tikv }\npulsar:",
            "has metastore.type: tikv and may have `etcd`: metadata is in etcd",
        ),
        // Who a member is.
        (
            "store.yml",
            "hostname: {{ s.name|q }}",
            "hostname: \"x\"",
            "`hostname` is `x` and must be `etcd-0`",
        ),
        (
            "store.yml",
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
            "store.yml",
            "{{ s.name }}:",
            "{{ s.name|replace('etcd', 'kv') }}:",
            "service `etcd-0` and 2 more: `services` has it no more",
        ),
        (
            "store.yml",
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
            "store.yml",
            "services:",
            "services:\n  extra:\n    image: a\n",
            "service `extra`: `services` has it in addition",
        ),
        (
            "store.yml",
            "      - {{ (\"--name=\" ~ s.name)|q }}\n",
            "",
            "must have `--name=etcd-0`",
        ),
        (
            "store.yml",
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
            "store.yml",
            "m.networks([\"minio\"])",
            "m.networks()",
            "must have the alias `minio`",
        ),
        (
            "macros.yml",
            "name: {{ network|q }}",
            "name: other",
            "must have the network `prod_net`",
        ),
        // What it holds.
        (
            "store.yml",
            "{{- m.secrets([\"minio-root\"]) }}\n",
            "",
            "must mount `prod-minio-root-v1` as `minio-root`",
        ),
        (
            "store.yml",
            "      MINIO_ROOT_PASSWORD_FILE: \"/run/secrets/minio-root\"",
            "      MINIO_ROOT_PASSWORD: \"x\"",
            "has `MINIO_ROOT_PASSWORD`",
        ),
        (
            "store.yml",
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
            "m.networks()",
            "m.networks([\"minio\"])",
            "`networks` has the alias `minio`",
        ),
        // Of two arguments the last one counts.
        (
            "store.yml",
            "      - \"--heartbeat-interval=500\"",
            "      - \"-data-dir\"\n      - \"/tmp/x\"",
            "`command` has `-data-dir` in addition",
        ),
        (
            "store.yml",
            "      - \"--heartbeat-interval=500\"",
            "      - \"--force-new-cluster\"",
            "`command` has `--force-new-cluster` in addition",
        ),
        (
            "store.yml",
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

#[test]
fn a_refusal_names_the_file_and_the_line() {
    let told = refused("store.yml", "    hostname: {{ s.name|q }}\n", "");
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
    let error = edited("store.yml", "hostname:", "hostnme:").expect_err("a key that is not known");
    let told = error.to_string();
    assert!(
        told.contains("did you mean `hostname`?; the line is `hostnme: \"etcd-0\"`"),
        "{told}"
    );
    let error =
        edited("store.yml", "s.name|q", "s.nam|q").expect_err("a variable that is not there");
    assert!(error.to_string().contains("store.yml"), "{error}");
}

/// What the tool does not rely on is the user's, and gets into the plan.
#[test]
fn legal_edits_are_in_the_plan() {
    for (file, from, to, spec_has) in [
        (
            "store.yml",
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
            "store.yml",
            "{{- m.sysctls() }}",
            "{{- m.sysctls() }}\n      net.core.somaxconn: \"1024\"",
            "\"net.core.somaxconn\":\"1024\"",
        ),
        (
            "store.yml",
            "--quota-backend-bytes=4294967296",
            "--quota-backend-bytes=8589934592",
            "--quota-backend-bytes=8589934592",
        ),
        (
            "store.yml",
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
            "stop_grace_period: {{ s.grace|q }}",
            "healthcheck: { test: curl -f localhost:9091/healthz }",
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
