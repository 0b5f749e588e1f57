//! What the plan warns of: mistakes that an inventory may make.

use milvus_swarm::inventory::{INIT, LOCAL, PRODUCTION_26, THREE_HOST};
use milvus_swarm::render::Sources;
use milvus_swarm::wanted::Cluster;

use super::{BASE, valid};

fn warnings(text: &str) -> Vec<String> {
    let cluster = Cluster::work_out(&valid(text), None, &Sources::shipped());
    cluster.expect("a cluster").warnings().cloned().collect()
}

/// An inventory that gets no warning, for tests to spoil.
const CALM: &str = "\
milvus: 2.5
groups:
  - { hosts: 'a[1-3]', roles: [manager, etcd], zone: a }
  - { hosts: 'b[1-4]', roles: [minio], zone: a }
  - { hosts: 'c[1-2]', roles: [bookie, broker], zone: a }
  - { hosts: d1, roles: [query], zone: a }
  - { hosts: d2, roles: [index], zone: a }
  - { hosts: d3, roles: [coord], zone: a }
roles:
  data: { memory: { limit: 8GiB } }
  bookie: { heap: 1GiB, direct: 2GiB, memory: { limit: 4GiB } }
";

#[track_caller]
fn warns(text: &str, expected: &[&str]) {
    assert_eq!(warnings(text), expected, "{text}");
}

/// The inventory with something replaced, which must be there.
#[track_caller]
fn spoilt(from: &str, to: &str) -> String {
    assert!(CALM.contains(from), "{from}");
    CALM.replace(from, to)
}

#[test]
fn nothing_is_said_of_what_is_well() {
    warns(CALM, &[]);
    warns(LOCAL, &[]);
    // It says itself that this is accepted.
    warns(
        PRODUCTION_26,
        &[
            "`proxy` runs Milvus 2.3.21, which has CVE-2025-64513 (GO-2025-4114): whoever reaches the \
             proxies is root without a password (accepted by the inventory)",
        ],
    );
}

#[test]
fn traces_do_not_leave_the_internal_network() {
    for exporter in ["otlp", "jaeger"] {
        let text = format!("{CALM}config: {{ trace: {{ exporter: {exporter} }} }}\n");
        let [warning] = &warnings(&text)[..] else {
            panic!("{exporter}: one is warned of");
        };
        let begins = format!("`config.trace.exporter` is `{exporter}`, and `rootcoord`");
        assert!(warning.starts_with(&begins), "{warning}");
        assert!(!warning.contains("proxy"), "{warning}");
    }
    warns(
        &format!("{CALM}config: {{ trace: {{ exporter: stdout }} }}\n"),
        &[],
    );
    // What meets a need elsewhere has all of them on the other network too.
    let text = spoilt("  - { hosts: 'b[1-4]', roles: [minio], zone: a }\n", "");
    let s3 = "storage: { s3: { endpoint: s3.example.com, bucket: vectors, access_key: { file: a }, secret_key: { file: s } } }\n";
    let text = format!("{s3}{text}config: {{ trace: {{ exporter: otlp }} }}\n");
    let told = warnings(&text);
    assert!(!told.iter().any(|one| one.contains("trace")), "{told:?}");
}

#[test]
fn what_is_accepted_in_vain() {
    warns(
        &format!("accept: [CVE-2025-64513, CVE-2026-26190]\n{CALM}"),
        &[
            "the inventory accepts `CVE-2025-64513` and `CVE-2026-26190`, which nothing that it makes \
           has: take it out of `accept`",
        ],
    );
}

#[test]
fn an_image_of_another_minor() {
    let with = |image: &str| spoilt("2.5", "2.4") + &format!("images: {{ milvus: '{image}' }}\n");
    warns(
        &with("milvusdb/milvus:v2.3.5"),
        &[
            "`milvus` says 2.4 and the image `milvusdb/milvus:v2.3.5` is Milvus 2.3.5: services and \
             settings are those of 2.4; set `milvus: \"2.3\"`, or take an image of 2.4",
        ],
    );
    // Another patch release is what the key is for, and a tag that is no version says nothing.
    warns(&with("r:5000/milvus:v2.4.1-gpu"), &[]);
    warns(&with("r:5000/milvus:ours"), &[]);
}

#[test]
fn data_on_managers() {
    warns(
        &spoilt("[manager, etcd]", "[manager, etcd, bookie, query]"),
        &[
            "`query` and `bookie` run on the Swarm managers `a1`, `a2` and `a3`: under load the \
             Swarm may lose its leader; give these `roles` to other hosts",
            "no memory limit for `query`, beside other Milvus processes on `a1`, `a2` and `a3`: \
             each counts on the whole host; set `roles.query.memory.limit`",
        ],
    );
    // Proxies and coordinators hold no data.
    warns(
        &spoilt("[manager, etcd]", "[manager, etcd, broker, coord]").replace("[coord]", "[data]"),
        &[],
    );
}

#[test]
fn milvus_processes_that_share_a_host_without_a_limit() {
    let own = "each counts on the whole host; set";
    warns(
        &spoilt("d2, roles: [index]", "d2, roles: [index, query]"),
        &[&format!(
            "no memory limit for `query` and `index`, beside other Milvus processes on `d2`: \
             {own} `roles.query.memory.limit` and `roles.index.memory.limit`"
        )],
    );
    // The data node is beside the coordinators.
    warns(
        &spoilt("limit: 8GiB", "reserve: 1GiB"),
        &[&format!(
            "no memory limit for `data`, beside other Milvus processes on `d3`: {own} \
             `roles.data.memory.limit`"
        )],
    );
    // Two of one role.
    warns(
        &spoilt("roles:\n  data", "roles:\n  query: { per_host: 2 }\n  data"),
        &[&format!(
            "no memory limit for `query`, beside other Milvus processes on `d1`: {own} \
             `roles.query.memory.limit`"
        )],
    );
    let limited = "roles:\n  query: { per_host: 2, memory: { limit: 8GiB } }\n  data";
    warns(&spoilt("roles:\n  data", limited), &[]);
}

#[test]
fn a_quorum_inside_one_zone() {
    let other = "d1, roles: [query], zone: b";
    let two = spoilt("d1, roles: [query], zone: a", other);
    warns(
        &two,
        &[
            "all members of `etcd` and `zookeeper` are in zone `a`, on `a1`, `a2` and `a3`: \
             without that zone Milvus stops; give these `roles` to hosts of other zones",
        ],
    );
    let apart = two.replace("[index], zone: a", "[index, zookeeper], zone: a");
    warns(
        &apart,
        &[
            "all members of `etcd` are in zone `a`, on `a1`, `a2` and `a3`: without that zone \
             Milvus stops; give these `roles` to hosts of other zones",
        ],
    );
    let spread = two.replace(
        "  - { hosts: 'a[1-3]', roles: [manager, etcd], zone: a }",
        "  - { hosts: 'a[1-2]', roles: [manager, etcd], zone: a }\n  - { hosts: a3, roles: \
         [manager, etcd], zone: b }",
    );
    assert_ne!(spread, two);
    warns(&spread, &[]);
    // A host whose zone nobody knows may be anywhere.
    warns(
        &spread.replace("[manager, etcd], zone: b", "[manager, etcd]"),
        &[],
    );
}

#[test]
fn several_drives_in_one_place() {
    let drives =
        |text: &str| text.replace("roles:\n  data", "roles:\n  minio: { drives: 2 }\n  data");
    let said = |hosts: &str, way: &str| {
        format!(
            "2 MinIO drives are in one place on each of {hosts}: unless `data.dir` has a disk \
             mounted for each, they fail together; set {way} before the first `up`"
        )
    };
    let four = said("`b1`, `b2`, `b3` and `b4`", "`roles.minio.drives: 1`");
    warns(&drives(CALM), &[&four]);
    warns(
        &format!("{}data: {{ dir: /mnt/data }}\n", drives(CALM)),
        &[&four],
    );
    warns(
        &drives(CALM).replace("b[1-4]", "b[1-3]"),
        &[&said(
            "`b1`, `b2` and `b3`",
            "`roles.minio.drives: 1` on 4 hosts",
        )],
    );
}

#[test]
fn java_machines_that_fill_their_limit() {
    warns(
        &spoilt("limit: 4GiB", "limit: 3GiB"),
        &[
            "`bookie` on `c1` and `c2` has 3GiB of memory for 1GiB of heap and 2GiB beside it: \
             its Java machine takes about 1GiB more and would be killed when busy; set \
             `roles.bookie.memory.limit` to 4GiB or more",
        ],
    );
    let broker =
        "roles:\n  broker: { heap: 512MiB, direct: 1GiB, memory: { limit: 2GiB } }\n  data";
    warns(
        &spoilt("roles:\n  data", broker),
        &[
            "`broker` on `c1` and `c2` has 2GiB of memory for 512MiB of heap and 1GiB beside it: \
             its Java machine takes about 1GiB more and would be killed when busy; set \
             `roles.broker.memory.limit` to 2560MiB or more",
        ],
    );
}

/// Streaming nodes take the limit of data nodes, so that one is named and they are not.
#[test]
fn hosts_whose_role_became_another() {
    let text = spoilt("2.5", "2.6");
    let note = "since Milvus 2.6 `data` does what `index` did: it runs on `d2` too, with the CPUs and \
                memory of `roles.data`";
    warns(&text, &[note]);
    warns(&text.replace("[index]", "[index, data]"), &[]);
    let own = "each counts on the whole host; set `roles.data.memory.limit`";
    warns(
        &text.replace("limit: 8GiB", "reserve: 1GiB"),
        &[
            note,
            &format!("no memory limit for `data`, beside other Milvus processes on `d3`: {own}"),
        ],
    );
}

#[test]
fn a_bookie_with_few_buffers() {
    warns(
        &spoilt("direct: 2GiB", "direct: 511MiB"),
        &[
            "`bookie` on `c1` and `c2` has 511MiB of memory beside its heap: it would end itself \
             when it repairs ledgers; set `roles.bookie.direct` to 512MiB or more",
        ],
    );
    warns(&spoilt("direct: 2GiB", "direct: 512MiB"), &[]);
}

/// One line each, so that a small cluster is not scared out of its plan.
#[test]
fn warnings_are_few_and_short() {
    for text in [BASE, INIT, THREE_HOST] {
        let mut found = warnings(text);
        // What is no mistake but a hint at what became of a role.
        found.retain(|line| !line.starts_with("since Milvus 2.6 "));
        assert!(found.len() <= 3, "{found:#?}");
        for line in &found {
            assert!(line.len() < 240 && !line.contains('\n'), "{line}");
        }
    }
}
