//! Every rule: what breaks it, and where the error points.

use milvus_swarm::inventory::{Bounds, Inventory, Source};
use milvus_swarm::role::Role;

use super::{BASE, overlaid, parse, valid};

/// `rule line:column` of every finding.
fn found(text: &str) -> Vec<String> {
    let errors = parse(text).unwrap_err();
    let source = Source::new("a.yml", text);
    let each = errors.findings.iter().map(|finding| {
        let (line, column) = source.line_column(finding.at.start);
        format!("{} {line}:{column}", finding.problem.rule())
    });
    each.collect()
}

/// What is added below the base, which has eight lines, and what is wrong with it.
const ADDED: &[(&str, &[&str])] = &[
    ("hots: 1", &["unknown-key 9:1"]),
    ("name: u", &["duplicate-key 9:1"]),
    ("milvus: 2.1", &["bad-value 9:9"]),
    ("milvus: latest", &["bad-value 9:9"]),
    (
        "milvus: 2.5\nhosts: [{name: n1, roles: [streaming]}]\nroles: {streaming: {replicas: 1}}",
        &["role-version 10:28", "role-version 11:9"],
    ),
    (
        "milvus: 2.2\ncoordinators: mixed",
        &["coordinators-version 10:15"],
    ),
    (
        "milvus: 2.6\ncoordinators: separate",
        &["coordinators-version 10:15"],
    ),
    ("coordinators: many", &["bad-value 9:15"]),
    ("milvus: [2.3]", &["wrong-type 9:9"]),
    ("accept: CVE-2025-64514", &["bad-value 9:9"]),
    (
        "accept: [CVE-2025-64513, all, ~]",
        &["bad-value 9:26", "wrong-type 9:31"],
    ),
    ("accept: true", &["wrong-type 9:9"]),
    ("hosts: {name: x}", &["wrong-type 9:8"]),
    ("hosts: [x]", &["wrong-type 9:9"]),
    ("hosts: [~]", &["wrong-type 9:9"]),
    ("hosts: [{roles: [query]}]", &["missing-key 9:9"]),
    ("hosts: [{name: x}]", &["no-role 9:16"]),
    (
        "hosts: [{name: x, roles: [qeury]}]",
        &["no-role 9:16", "unknown-role 9:27"],
    ),
    (
        "hosts: [{name: 'x[1-2]', roles: [query]}]",
        &["host-range 9:16"],
    ),
    ("hosts: [{name: x_1, roles: [query]}]", &["bad-value 9:16"]),
    (
        "hosts: [{name: '@this', roles: [query]}]",
        &["this-host 9:16"],
    ),
    ("hosts: [{name: n1}, {name: n1}]", &["duplicate-host 9:28"]),
    (
        "hosts: [{name: n1, address: 10.0.0.256}]",
        &["bad-value 9:29"],
    ),
    (
        "hosts: [{name: n1, address: 10.0.0.1}, {name: n2, address: 10.0.0.1}]",
        &["duplicate-address 9:60"],
    ),
    (
        "hosts: [{name: n1, address: '::1'}, {name: n2, address: '0::1'}]",
        &["duplicate-address 9:57"],
    ),
    (
        "hosts: [{name: n1, address: 10.0.0.1}, {name: n2, address: '::ffff:10.0.0.1'}]",
        &["duplicate-address 9:60"],
    ),
    (
        "hosts: [{name: n1, address: a.b}, {name: n2, address: A.b}]",
        &["duplicate-address 9:55"],
    ),
    (
        "hosts: [{name: N1, roles: [query]}]",
        &["duplicate-host 9:16"],
    ),
    (
        "hosts: [{name: n1, engine: 'https://x'}]",
        &["bad-value 9:28"],
    ),
    (
        "hosts: [{name: n1, engine: 'http://x'}]",
        &["bad-value 9:28"],
    ),
    (
        "hosts: [{name: n1, engine: 'ftp://x'}]",
        &["bad-value 9:28"],
    ),
    (
        "hosts: [{name: n1, engine: 'tcp://$(id)'}]",
        &["bad-value 9:28"],
    ),
    (
        "hosts: [{name: n1, engine: 'ftp://u:p@x'}]",
        &["inline-password 9:28"],
    ),
    ("images: {registry: 'https://r'}", &["bad-value 9:20"]),
    ("images: {milvus: milvusdb/milvus}", &["bad-value 9:18"]),
    ("images: {etcd: 'e:latest'}", &["bad-value 9:16"]),
    ("images: {resolve: allways}", &["bad-value 9:19"]),
    ("roles: {qurey: {}}", &["unknown-key 9:9"]),
    ("roles: {manager: {}}", &["manager-settings 9:9"]),
    ("roles: {etcd: {replicas: 3}}", &["member-replicas 9:16"]),
    ("roles: {query: {replicas: 0}}", &["bad-value 9:27"]),
    ("roles: {query: {replicas: '3'}}", &["wrong-type 9:27"]),
    ("roles: {query: {replicas: 4}}", &["too-many-replicas 9:27"]),
    ("roles: {query: {memory: 8GiB}}", &["wrong-type 9:25"]),
    (
        "roles: {query: {memory: {limit: 8GX}}}",
        &["bad-value 9:33"],
    ),
    (
        "roles: {query: {memory: {limit: 1G, reserve: 2G}}}",
        &["reserve-over-limit 9:46"],
    ),
    (
        "roles: {query: {cpus: {limit: 0.5, reserve: 1}}}",
        &["reserve-over-limit 9:45"],
    ),
    (
        "roles: {bookie: {memory: {limit: 2GiB}}}",
        &["jvm-over-limit 9:34"],
    ),
    ("roles: {minio: {drives: 0}}", &["bad-value 9:25"]),
    ("roles: {proxy: {per_host: 2}}", &["port-clash 9:27"]),
    ("data: /mnt", &["wrong-type 9:7"]),
    ("data: {dir: mnt}", &["bad-value 9:13"]),
    ("data: {dir: /a/../b}", &["bad-value 9:13"]),
    ("config: [1]", &["wrong-type 9:9"]),
    (
        "config: {minio: {secretAccessKey: x}}",
        &["owned-config 9:18"],
    ),
    ("config: {etcd: ~}", &["owned-config 9:10"]),
    ("config: {etcd: {metaSubPath: m}}", &["kept-config 9:30"]),
    ("config: {etcd: {kv_sub_path: m}}", &["kept-config 9:30"]),
    (
        "config: {etcd.auth: {enabled: true}}",
        &["kept-config 9:31"],
    ),
    (
        "config: {etcd: {ssl: {enabled: true}}}",
        &["kept-config 9:32"],
    ),
    ("config: {metastore: {type: tikv}}", &["kept-config 9:28"]),
    (
        "config: {common: {storageType: local}}",
        &["kept-config 9:32"],
    ),
    (
        "config: {minio: {cloudProvider: gcp}}",
        &["kept-config 9:33"],
    ),
    ("config: {minio: {useIAM: true}}", &["kept-config 9:26"]),
    (
        "config: {minio: {useVirtualHost: [a]}}",
        &["kept-config 9:34"],
    ),
    ("config: {pulsar: {tenant: mine}}", &["kept-config 9:27"]),
    ("config: {pulsar: {namespace: mine}}", &["kept-config 9:30"]),
    ("config: {pulsar: {webport: 81}}", &["kept-config 9:28"]),
    (
        "config: {proxy: {http: {enabled: false}}}",
        &["kept-config 9:34"],
    ),
    (
        "config: {proxy: {http: {port: 8080}}}",
        &["kept-config 9:31"],
    ),
    (
        "config: {common: {security: {internaltlsEnabled: true}}}",
        &["kept-config 9:50"],
    ),
    (
        "config: {common: {security: {rootShouldBindRole: true}}}",
        &["kept-config 9:50"],
    ),
    (
        "config: {queryNode: {enableDisk: yes}}",
        &["word-for-truth 9:34"],
    ),
    (
        "config: {queryNode: {enableDisk: Off}}",
        &["word-for-truth 9:34"],
    ),
    ("config: {etcd: 5}", &["owned-config 9:10"]),
    ("config: {ETCD: [a]}", &["owned-config 9:10"]),
    ("config: {common: {Security: ~}}", &["owned-config 9:19"]),
    ("config: {common: x}", &["owned-config 9:10"]),
    ("config: {common.security: ~}", &["owned-config 9:10"]),
    (
        "config: {common_security: {authorization/enabled: 1}}",
        &["owned-config 9:28"],
    ),
    ("config: {rootCoord: false}", &["owned-config 9:10"]),
    ("config: {proxy: {port: 1}}", &["owned-config 9:18"]),
    (
        "config: {common: {security: {tlsmode: 2}}}",
        &["owned-config 9:30"],
    ),
    ("config: {minio: {useSSL: true}}", &["owned-config 9:18"]),
    ("config: {minio: {bucketName: b}}", &["owned-config 9:18"]),
    ("config: {minio: {rootPath: b}}", &["owned-config 9:18"]),
    (
        "config: {msgChannel: {chanNamePrefix: {cluster: x}}}",
        &["owned-config 9:40"],
    ),
    (
        "config: {rootCoord: {enableActiveStandby: 1}, mixCoord: {enableactivestandby: 1}}",
        &["owned-config 9:22", "owned-config 9:58"],
    ),
    (
        "config: {pulsar: {maxMessageSize: 104857601}}",
        &["message-size 9:35"],
    ),
    (
        "config: {pulsar: {maxmessagesize: '1e9'}}",
        &["message-size 9:35"],
    ),
    (
        "config: {log: {level: x}, Log: {stdout: true}}",
        &["twin-keys 9:27"],
    ),
    (
        "config: {log: {file: {max_size: 1, maxSize: 2}}}",
        &["twin-keys 9:36"],
    ),
    ("publish: {minio: 19530}", &["port-clash 9:18"]),
    ("publish: {proxy: 65536}", &["bad-value 9:18"]),
    ("network: {encrypted: yes}", &["wrong-type 9:22"]),
    ("network: {subnet: 10.0.0.1/24}", &["bad-value 9:19"]),
    ("network: {mtu: 575}", &["bad-value 9:16"]),
    ("network: {subnet: 10.0.0.0/28}", &["small-subnet 9:19"]),
    (
        "credentials: {minio_password: x}",
        &["inline-password 9:31"],
    ),
    ("credentials: {minio_password: {}}", &["missing-key 9:31"]),
    ("pulsar: {ensemble: 4}", &["few-members 9:20"]),
    (
        "pulsar: {ensemble: 1, write_quorum: 2}",
        &["quorum-order 9:37"],
    ),
    ("pulsar: {ack_quorum: 3}", &["quorum-order 9:22"]),
    ("log: {woodpecker: {service: {}}}", &["unknown-key 9:20"]),
    ("log: {woodpecker_service: {copies: 4}}", &["filler 9:36"]),
    // Five in other digits; nothing may take it for the default.
    ("log: {woodpecker_service: {copies: 0x5}}", &["filler 9:36"]),
    (
        "log: {woodpecker_service: {copies: 6}}",
        &["bad-value 9:36"],
    ),
    (
        "log: {woodpecker_service: {copies: 5}}",
        &["few-members 9:36"],
    ),
    (
        "log: {woodpecker_service: {}, woodpecker: {}}",
        &["two-fillers 9:31"],
    ),
];

#[test]
fn every_rule_points_at_its_place() {
    for (added, expected) in ADDED {
        assert_eq!(found(&format!("{BASE}{added}\n")), *expected, "{added}");
    }
}

/// People bring their whole `milvus.yaml`: of upstream's own values only those are refused that
/// follow from the inventory.
#[test]
fn whole_files_of_upstream_are_taken() {
    for minor in ["2.2", "2.3.0", "2.3"] {
        let path = format!(
            "{}/templates/milvus/{minor}.yaml",
            env!("CARGO_MANIFEST_DIR")
        );
        let file = std::fs::read_to_string(path).expect("the settings of the minor");
        let lines = file.lines().map(|line| format!("  {line}\n"));
        let text = format!("{BASE}config:\n{}", lines.collect::<String>());
        for rule in found(&text) {
            assert!(rule.starts_with("owned-config "), "{minor}: {rule}");
        }
    }
}

/// What is replaced in the base, and what is wrong with it then.
#[test]
fn counts_must_work() {
    for (from, to, expected) in [
        ("hosts: n[1-3]", "hosts: n[1-2]", &["even-members 4:22"][..]),
        ("m[1-4]", "m[1-3]", &["minio-shape 8:13"]),
        ("manager, ", "", &["missing-role 2:1"]),
        ("manager, etcd, ", "", &["missing-role 2:1"]),
        ("[broker, coord]", "[broker]", &["missing-role 2:1"]),
        ("n[1-3]", "n[3-1]", &["bad-value 3:12"]),
        ("n[1-3]", "[n1, n1, n2, n3]", &["duplicate-host 3:17"]),
        ("n[1-3]", "n1, n2", &["bad-value 3:12"]),
        (
            "    roles: [minio]",
            "    roles: [minio]\n    address: 10.0.0.[1-3]",
            &["range-mismatch 9:14"],
        ),
        (
            "[broker, coord]",
            "[broker, coord]\n    zone: a\n  - hosts: n1\n    zone: b",
            &["conflict 9:11"],
        ),
        ("[broker, coord]", "broker, coord", &["unknown-role 6:12"]),
        ("name: t", "name: t-", &["bad-value 1:7"]),
    ] {
        let text = BASE.replace(from, to);
        assert_eq!(found(&text), expected, "{from} to {to}");
    }
}

#[test]
fn settings_beside_those_of_the_tool_are_free() {
    for config in [
        "{etcd: {}, log: ~}",
        "{pulsar: {maxMessageSize: 104857600}}",
        "{common: {security: {superUsers: root}}}",
        "{proxy: {portal: 1}}",
    ] {
        valid(&format!("{BASE}config: {config}\n"));
    }
}

#[test]
fn an_overlay_cannot_hide_a_setting_behind_its_case() {
    let base = format!("{BASE}config: {{ log: {{ level: info }} }}\n");
    let errors = overlaid(&[&base, "config: { LOG: { level: debug } }\n"]).unwrap_err();
    assert!(
        errors.render().starts_with(
            "error[twin-keys]: `LOG` and `log` are one setting to Milvus\n --> b.yml:1:11"
        ),
        "{}",
        errors.render()
    );
}

#[test]
fn all_errors_come_at_once() {
    let text = format!(
        "{BASE}nope: 1\nmilvus: 9\nimages: {{ etcd: x }}\nhosts: [{{ name: _, roles: [query] }}]\n"
    );
    assert_eq!(
        found(&text),
        [
            "unknown-key 9:1",
            "bad-value 10:9",
            "bad-value 11:17",
            "bad-value 12:17"
        ]
    );
    let text = format!(
        "{}images: {{ etcd: x }}\n",
        BASE.replace("m[1-4]", "m[1-2]").replace("n[1-3]", "n[1-2]")
    );
    assert_eq!(
        found(&text),
        ["even-members 4:22", "minio-shape 8:13", "bad-value 9:17"]
    );
}

#[test]
fn an_error_reads_like_this() {
    let text = BASE.replace("query, index", "qeury, index");
    assert_eq!(
        parse(&text).unwrap_err().render(),
        "error[unknown-role]: unknown role `qeury`
 --> a.yml:4:36
  |
4 |     roles: [manager, etcd, bookie, qeury, index]
  |                                    ^^^^^
hint: did you mean `query`?
"
    );
    let text = format!("{BASE}credentials: {{ root_password: hunter2 }}\n");
    let shown = parse(&text).unwrap_err().render();
    assert!(!shown.contains("hunter2"), "{shown}");
    assert_eq!(
        parse(&text).unwrap_err().to_string(),
        "a.yml:9:31: `root_password` holds a password itself"
    );
}

#[test]
fn the_password_of_an_engine_is_shown_nowhere() {
    for engine in [
        "tcp://ann:hunter2@10.0.0.9",
        "http://ann:hunter2@x",
        "ssh://ann:hu hunter2@x",
    ] {
        let engine = format!("hosts: [{{ name: n1, engine: '{engine}' }}]");
        let errors = parse(&format!("{BASE}{engine}\n")).unwrap_err();
        let shown = format!("{}{errors}", errors.render());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(
            shown.contains("the address of an engine holds a password"),
            "{shown}"
        );
    }
    // Nor where something else in its line is wrong.
    let line = "hosts: [{ name: n1, zone: 'a b', engine: 'tcp://ann:hunter2@10.0.0.9' }]";
    let shown = parse(&format!("{BASE}{line}\n")).unwrap_err().render();
    assert!(shown.contains("zone: 'a b'"), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

#[test]
fn what_to_write_instead_is_told() {
    for (more, hint) in [
        (
            "milvus: 2.9",
            "write one of 2.2, 2.3, 2.4, 2.5, 2.6, 3.0, or a patch release of one",
        ),
        ("roles:\n\tquery: {}", "YAML is indented with spaces"),
        (
            "roles:\n  query:\n\t  replicas: 2",
            "YAML is indented with spaces",
        ),
        (
            "roles: {minio: {drives: two}}",
            "write it in digits and without quotes",
        ),
        (
            "network: {encrypted: 'yes'}",
            "write `true` or `false`, without quotes",
        ),
        (
            "roles: {minio: 4}",
            "what belongs to it stands below it, indented",
        ),
        ("data: /mnt", "what belongs to it stands below it, indented"),
        ("stacks: 5", "quote it if it is meant as text"),
        (
            "hosts: [{name: my_host, roles: [query]}]",
            "names in DNS have no `_`: on that host, `hostnamectl set-hostname my-host`",
        ),
    ] {
        let shown = parse(&format!("{BASE}{more}\n")).unwrap_err().render();
        assert!(shown.contains(&format!("hint: {hint}")), "{shown}");
    }
}

#[test]
fn overlays_change_settings_and_name_no_hosts() {
    let over = "roles: { query: { memory: { limit: 8GiB } } }\nname: u\n";
    let base = format!(
        "{BASE}roles:\n  query: {{ replicas: 2, memory: {{ reserve: 4GiB, limit: 6GiB }} }}\n"
    );
    let inventory =
        overlaid(&[&base, over, "roles: { query: { memory: { reserve: ~ } } }"]).unwrap();
    assert_eq!(inventory.name, "u");
    assert_eq!(inventory.settings(Role::Query).replicas, 2);
    let memory = inventory.settings(Role::Query).memory;
    assert_eq!(
        memory,
        Bounds {
            reserve: None,
            limit: Some(8 << 30)
        }
    );

    let errors =
        overlaid(&[BASE, "hosts: [{ name: x, roles: [query] }]\ngroups: []\n"]).unwrap_err();
    let rules: Vec<_> = errors
        .findings
        .iter()
        .map(|finding| finding.problem.rule())
        .collect();
    assert_eq!(rules, ["overlay-hosts", "overlay-hosts"]);
    assert!(errors.render().contains("b.yml:2:1"));
    let errors = overlaid(&[BASE, "roles: { query: { replicas: 9 } }"]).unwrap_err();
    assert!(errors.render().contains("--> b.yml:1:29"));
}

#[test]
fn groups_add_up_and_ranges_keep_step() {
    let inventory = valid(&format!(
        "{BASE}hosts:\n  - {{ name: n2, zone: 7, engine: 'tcp://[::1]:2375' }}\n  - {{ name: q, roles: query }}\n"
    ).replace("m[1-4]", "m[1-4]\n    address: 10.0.0.[1-3,9]\n    engine: tcp://10.0.0.[1-3,9]:2375"));
    let names: Vec<&str> = inventory
        .hosts
        .iter()
        .map(|host| host.name.as_str())
        .collect();
    assert_eq!(names, ["n1", "n2", "n3", "m1", "m2", "m3", "m4", "q"]);
    assert_eq!(inventory.hosts[1].zone.as_deref(), Some("7"));
    assert_eq!(inventory.hosts[1].roles.len(), 11);
    assert_eq!(inventory.hosts[6].address.as_deref(), Some("10.0.0.9"));
    assert_eq!(
        inventory.hosts[6].engine.as_deref(),
        Some("tcp://10.0.0.9:2375")
    );
}

#[test]
fn streaming_nodes_have_hosts_and_sizes_of_their_own_or_those_of_data_nodes() {
    let base = format!("milvus: 2.6\n{BASE}");
    let data = "roles: { data: { per_host: 2, replicas: 3, memory: { limit: 8GiB } } }\n";
    let plain = valid(&format!("{base}{data}"));
    let of = |inventory: &Inventory, role| inventory.settings(role).clone();
    assert_eq!(of(&plain, Role::Streaming), of(&plain, Role::Data));
    let hosts = |inventory: &Inventory, role| -> Vec<String> {
        let hosts = inventory.hosts_with(role);
        hosts.map(|host| host.name.clone()).collect()
    };
    assert_eq!(hosts(&plain, Role::Streaming), hosts(&plain, Role::Data));

    let more = data.replace("} }\n", "}, streaming: { replicas: 2 } }\n");
    let more = valid(&format!("{base}{more}"));
    let settings = of(&more, Role::Streaming);
    assert_eq!((settings.replicas, settings.per_host), (2, 2));
    assert_eq!(settings.memory.limit, Some(8 << 30));

    let host = "hosts: [{ name: m1, roles: [streaming] }]\n";
    let own = valid(&format!("{base}{data}{host}"));
    assert_eq!(hosts(&own, Role::Streaming), ["m1"]);
    let settings = of(&own, Role::Streaming);
    assert_eq!((settings.replicas, settings.per_host), (1, 1));
    assert_eq!(settings.memory.limit, Some(8 << 30));
    let free = data.replace("} }\n", "}, streaming: { memory: ~ } }\n");
    let free = valid(&format!("{base}{free}{host}"));
    assert_eq!(of(&free, Role::Streaming).memory.limit, None);

    let older = valid(&format!("milvus: 2.5\n{BASE}"));
    assert_eq!(older.hosts_with(Role::Streaming).count(), 0);
}

#[test]
fn default_places_end_where_a_host_is_given_the_role() {
    let count = |text: &str, role| valid(text).hosts_with(role).count();
    for (role, default) in [(Role::Data, 2), (Role::Proxy, 3), (Role::Zookeeper, 3)] {
        assert_eq!(count(BASE, role), default);
        let text = format!("{BASE}hosts: [{{ name: m1, roles: [{role}] }}]\n");
        assert_eq!(count(&text, role), 1, "{role}");
    }
}
