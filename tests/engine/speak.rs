//! What is said to an engine, and how its answers are understood.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use milvus_swarm::engine::{EngineError, Kind};
use milvus_swarm::observed::{Guest, GuestKind, ObjectKind, Reserved};
use milvus_swarm::spec::{ConfigRef, ConfigSpec, NetworkAttachment, SecretRef, ServiceSpec};
use serde_json::{Value, json};

use crate::fake::{Fake, Heard, Reply};

/// A service that names a network, a config and a secret.
fn spec() -> ServiceSpec {
    let mut spec = ServiceSpec {
        name: "c_a".into(),
        ..ServiceSpec::default()
    };
    let task = &mut spec.task_template;
    task.networks.push(NetworkAttachment {
        target: "c_net".into(),
        ..NetworkAttachment::default()
    });
    task.container_spec.configs.push(ConfigRef {
        name: "c-conf".into(),
        ..ConfigRef::default()
    });
    task.container_spec.secrets.push(SecretRef {
        name: "c-key".into(),
        ..SecretRef::default()
    });
    spec
}

fn lists(heard: &Heard) -> Reply {
    let path = heard.line.split('?').next().unwrap();
    Reply::Say(
        200,
        match path {
            // Engines match parts of names.
            "GET /v1.41/networks" => r#"[{"Id":"n0","Name":"c_net_2"},{"Id":"n1","Name":"c_net"}]"#,
            "GET /v1.41/configs" => {
                r#"[{"ID":"f0","Spec":{"Name":"c-conf2"}},{"ID":"f1","Spec":{"Name":"c-conf"}}]"#
            }
            "GET /v1.41/secrets" => r#"[{"ID":"k1","Spec":{"Name":"c-key"}}]"#,
            _ => r#"{"ID":"made","Warnings":null}"#,
        }
        .into(),
    )
}

#[tokio::test]
async fn names_become_identifiers_and_are_remembered() {
    let fake = Fake::manager(lists);
    let engine = fake.connect().await.unwrap();
    assert_eq!(engine.create_service(&spec()).await.unwrap(), "made");
    engine.update_service("made", 12, &spec()).await.unwrap();
    let heard = fake.heard();
    let posts: Vec<&Heard> = heard
        .iter()
        .filter(|one| one.line.starts_with("POST"))
        .collect();
    assert_eq!(posts[0].line, "POST /v1.41/services/create");
    assert_eq!(posts[1].line, "POST /v1.41/services/made/update?version=12");
    for post in posts {
        let body: Value = serde_json::from_str(&post.body).unwrap();
        let task = &body["TaskTemplate"];
        assert_eq!(task["Networks"][0]["Target"], "n1");
        assert_eq!(task["ContainerSpec"]["Configs"][0]["ConfigID"], "f1");
        assert_eq!(task["ContainerSpec"]["Secrets"][0]["SecretID"], "k1");
        assert!(
            post.headers
                .contains(&"content-type: application/json".into())
        );
    }
    // Two of connecting, three lookups, two posts.
    assert_eq!(heard.len(), 7);
}

#[tokio::test]
async fn a_stale_identifier_is_looked_up_again() {
    let posts = AtomicUsize::new(0);
    let fake = Fake::manager(move |heard| {
        if heard.line.starts_with("POST") && posts.fetch_add(1, Ordering::SeqCst) == 0 {
            return Reply::Say(404, r#"{"message":"network n1 not found"}"#.into());
        }
        lists(heard)
    });
    let engine = fake.connect().await.unwrap();
    assert_eq!(engine.create_service(&spec()).await.unwrap(), "made");
    assert_eq!(fake.lines().len(), 2 + 2 * 4);
}

#[tokio::test]
async fn a_reference_to_nothing_is_named() {
    let fake = Fake::manager(|_| Reply::Say(200, "[]".into()));
    let engine = fake.connect().await.unwrap();
    let error = engine.create_service(&spec()).await.unwrap_err();
    let name = "c_net".to_owned();
    let kind = Kind::Network;
    assert_eq!(error, EngineError::Missing { kind, name });
}

#[tokio::test]
async fn labels_are_set_on_what_the_node_is_now() {
    let posts = AtomicUsize::new(0);
    let fake = Fake::manager(move |heard| {
        let late = r#"{"message":"rpc error: code = Unknown desc = update out of sequence"}"#;
        match heard.line.as_str() {
            "GET /v1.41/nodes/n1" => {
                let index = 5 + posts.load(Ordering::SeqCst);
                let node = json!({"Version": {"Index": index},
                    "Spec": {"Role": "manager", "Availability": "active", "Labels": {"old": "1"}}});
                Reply::Say(200, node.to_string())
            }
            _ if posts.fetch_add(1, Ordering::SeqCst) == 0 => Reply::Say(500, late.into()),
            _ => Reply::Say(200, String::new()),
        }
    });
    let engine = fake.connect().await.unwrap();
    let add = BTreeMap::from([("new".into(), "true".into())]);
    engine
        .set_node_labels("n1", &add, &["old".into()])
        .await
        .unwrap();
    let heard = fake.heard();
    let last = heard.last().unwrap();
    assert_eq!(last.line, "POST /v1.41/nodes/n1/update?version=6");
    let expected = json!({"Role": "manager", "Availability": "active", "Labels": {"new": "true"}});
    assert_eq!(serde_json::from_str::<Value>(&last.body).unwrap(), expected);

    let before = fake.lines().len();
    let same = BTreeMap::from([("old".into(), "1".into())]);
    engine.set_node_labels("n1", &same, &[]).await.unwrap();
    assert_eq!(
        fake.lines().len(),
        before + 1,
        "a change of nothing was posted"
    );
}

#[tokio::test]
async fn removing_what_is_gone_is_done() {
    let fake = Fake::manager(|heard| match heard.line.as_str() {
        "DELETE /v1.41/configs/used" => Reply::Say(
            400,
            r#"{"message":"config 'used' is in use by the following service: a"}"#.into(),
        ),
        _ => Reply::Say(404, r#"{"message":"no such thing"}"#.into()),
    });
    let engine = fake.connect().await.unwrap();
    engine.remove_service("a").await.unwrap();
    engine.remove_network("a").await.unwrap();
    engine.remove_secret("a").await.unwrap();
    let error = engine.remove_config("used").await.unwrap_err();
    assert!(matches!(error, EngineError::InUse(_)), "{error:?}");
}

#[tokio::test]
async fn no_error_repeats_what_was_sent() {
    let fake = Fake::manager(|heard| match heard.line.as_str() {
        "POST /v1.41/secrets/create" => Reply::Say(500, "broken".into()),
        _ => Reply::Raw(Vec::new()),
    });
    let engine = fake.connect().await.unwrap();
    let sent = b"hunter2-hunter2";
    let encoded = "aHVudGVyMi1odW50ZXIy";
    let first = engine
        .create_secret("k", &BTreeMap::new(), sent)
        .await
        .unwrap_err();
    let config = ConfigSpec {
        name: "k".into(),
        data: sent.into(),
        ..ConfigSpec::default()
    };
    let second = engine.create_config(&config).await.unwrap_err();
    assert!(fake.heard()[2].body.contains(encoded));
    for error in [first, second] {
        let text = format!("{error} {error:?} {:?}", error.hint());
        assert!(
            !text.contains("hunter2") && !text.contains(encoded),
            "{text}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let fake = Fake::manager(|_| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 70000000\r\n\r\n";
        let mut bytes = head.as_bytes().to_vec();
        bytes.resize(bytes.len() + 70_000_000, b' ');
        Reply::Raw(bytes)
    });
    let engine = fake.connect().await.unwrap();
    let error = engine.find(Kind::Config, "x").await.unwrap_err();
    assert!(matches!(error, EngineError::TooLong { .. }), "{error:?}");
}

#[tokio::test]
async fn half_a_log_is_better_than_none() {
    let fake = Fake::manager(|heard| match heard.line.as_str() {
        "GET /v1.41/tasks/t/logs?stdout=true&stderr=true&tail=2" => {
            let body = b"\x01\0\0\0\0\0\0\x06a\nb\nc\n\x03\0\0\0\0\0\0\x05lost\n";
            let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
            let chunk = [format!("{:x}\r\n", body.len()).as_bytes(), body, b"\r\n"].concat();
            Reply::Hang([head.as_bytes(), &chunk].concat())
        }
        _ => Reply::Hang(Vec::new()),
    });
    let engine = fake.connect().await.unwrap();
    let start = Instant::now();
    assert_eq!(
        engine.task_logs("t", 2).await.unwrap(),
        ["c", "docker: lost"]
    );
    let error = engine.task_logs("u", 2).await.unwrap_err();
    assert!(matches!(error, EngineError::TimedOut { .. }), "{error:?}");
    assert!(start.elapsed() < Duration::from_secs(8));
}

#[tokio::test]
async fn events_wake_and_come_back() {
    let fake = Fake::manager(|_| {
        let head = "HTTP/1.1 200 OK\r\n\r\n";
        Reply::Raw(format!("{head}{{\"Type\":\"unheard of\"}}\n").into())
    });
    let engine = fake.connect().await.unwrap();
    let events = engine.events();
    for _ in 0..2 {
        let woken = tokio::time::timeout(Duration::from_secs(5), events.changed()).await;
        assert!(woken.is_ok(), "nothing was heard");
    }
}

#[tokio::test]
async fn what_others_hold_is_told_by_a_list_of_each_kind() {
    let task = |id: &str, service: &str, node: &str, state: &str| {
        json!({"ID": id, "ServiceID": service, "NodeID": node, "Status": {"State": state},
            "Spec": {"Resources": {"Reservations": {"NanoCPUs": 500, "MemoryBytes": 7}}}})
    };
    let tasks = json!([
        task("t1", "s1", "n1", "running"),
        task("t2", "s1", "n2", "starting"),
        task("t3", "s1", "n3", "failed"),
        task("t4", "s2", "n1", "running"),
        task("t5", "ours", "n1", "running"),
        task("t6", "s2", "", "pending"),
    ]);
    let port = |port: u32, mode: &str| json!({"Protocol": "tcp", "TargetPort": 80, "PublishedPort": port, "PublishMode": mode});
    let services = json!([
        {"ID": "s1", "Spec": {"Name": "shop_web", "Labels": null,
            "TaskTemplate": {"Networks": [{"Target": "z"}, {"Target": "y"}]},
            "EndpointSpec": {"Ports": [port(8080, "host"), port(0, "host")]}}},
        // Swarm picked the number.
        {"ID": "s2", "Spec": {"Name": "shop_api", "EndpointSpec": {"Ports": [port(0, "ingress")]}},
            "Endpoint": {"Ports": [port(30000, "ingress")]}},
        {"ID": "ours", "Spec": {"Name": "prod-milvus_proxy",
            "Labels": {"milvus-swarm.cluster": "prod"},
            "EndpointSpec": {"Ports": [port(19530, "host")]}}},
        {"ID": "s3", "Spec": {"Name": "prod-milvus_querynode",
            "Labels": {"com.docker.stack.namespace": "\u{1b}[2Jprod-milvus"}}},
    ]);
    let stored = |name: &str, of: &str| {
        json!({"ID": name, "Version": {"Index": 1},
            "Spec": {"Name": name, "Labels": {"milvus-swarm.cluster": of}}})
    };
    // The engine matches beginnings of names, which those of other clusters may be too.
    let configs = json!([
        stored("prod-lock", "prod"),
        stored("production-lock", "production")
    ]);
    let secrets = json!([{"ID": "x", "Spec": {"Name": "prod-minio-root-v1", "Labels": null}}]);
    let networks = json!([{"Id": "y", "Name": "prod_net", "Driver": "bridge",
        "Labels": {"milvus-swarm.cluster": "pro"},
        "IPAM": {"Config": [{"Subnet": "10.9.0.0/24"}]}},
        {"Id": "z", "Name": "prod_own", "Labels": {"milvus-swarm.cluster": "prod"},
        "IPAM": {"Config": [{"Subnet": "10.8.0.0/24"}]}}]);
    let attached = json!([{"ID": "t7", "NodeID": "n2", "Status": {"State": "running"},
        "Spec": {"Runtime": "attachment",
            "NetworkAttachmentSpec": {"ContainerID": "5f739db96fa23b342db8"}},
        "NetworksAttachments": [{"Network": {"Spec": {"Name": "prod_own"}}},
            {"Network": {"Spec": {"Name": "shop_net"}}}]}]);
    let fake = Fake::manager(move |heard| {
        let list = match heard.line.split('?').next().unwrap() {
            "GET /v1.41/services" => &services,
            "GET /v1.41/tasks" if heard.line.contains("attachment") => &attached,
            "GET /v1.41/tasks" => &tasks,
            "GET /v1.41/configs" => &configs,
            "GET /v1.41/secrets" => &secrets,
            "GET /v1.41/networks" => &networks,
            other => panic!("{other}"),
        };
        Reply::Say(200, list.to_string())
    });
    let engine = fake.connect().await.unwrap();
    let others = engine.observe_others("prod").await.unwrap();
    let held = |nano_cpus, memory_bytes| Reserved {
        nano_cpus,
        memory_bytes,
    };
    assert_eq!(
        others.reserved,
        BTreeMap::from([("n1".into(), held(1000, 14)), ("n2".into(), held(500, 7))])
    );
    let ports: Vec<_> = others
        .ports
        .iter()
        .map(|taken| (taken.port, taken.service.as_str(), taken.nodes.clone()))
        .collect();
    let homes = ["n1", "n2"].map(str::to_owned).into();
    assert_eq!(
        ports,
        [(8080, "shop_web", Some(homes)), (30000, "shop_api", None)]
    );
    let guest = |is| Guest {
        network: "prod_own".to_owned(),
        is,
    };
    let container = GuestKind::Container {
        id: "5f739db96fa2".to_owned(),
        node: "n2".to_owned(),
    };
    assert_eq!(
        others.guests,
        [GuestKind::Service("shop_web".to_owned()), container].map(guest)
    );
    let names: Vec<_> = others
        .names
        .iter()
        .map(|taken| (taken.kind, taken.name.as_str(), taken.owner.as_deref()))
        .collect();
    assert_eq!(
        names,
        [
            (
                ObjectKind::Network,
                "prod_net",
                Some("milvus-swarm.cluster=pro")
            ),
            (ObjectKind::Secret, "prod-minio-root-v1", None),
            (
                ObjectKind::Service,
                "prod-milvus_querynode",
                Some("com.docker.stack.namespace=[2Jprod-milvus")
            ),
        ]
    );
    let taken = ["10.9.0.0/24".to_owned()];
    assert_eq!(others.ranges.taken, taken.into());
    let lists = fake.lines().into_iter();
    assert_eq!(
        lists
            .filter(|line| line.starts_with("GET /v1.41/") && !line.ends_with("/info"))
            .count(),
        6
    );
}
