//! Against a real engine, where one may be played with.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use milvus_swarm::engine::{Access, CLUSTER_LABEL, Engine, EngineError, Target, Tunnel};
use milvus_swarm::observed::{Observed, Task};
use milvus_swarm::question::Question;
use milvus_swarm::spec::*;

use crate::tunnel::{Place, all_of_it};

/// Clusters of the two tests, so that neither cleans up after the other.
const WRITTEN: &str = "engine-test-a";
const ASKED: &str = "engine-test-b";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// `None` where there is no engine to play with.
async fn engine() -> Option<Engine> {
    let Some(host) = variable("MILVUS_SWARM_TEST_HOST") else {
        println!("MILVUS_SWARM_TEST_HOST names no engine");
        return None;
    };
    let target = Target::parse(&host, "MILVUS_SWARM_TEST_HOST", &Access::default()).unwrap();
    Some(Engine::connect(target).await.unwrap())
}

fn labels(cluster: &str) -> Labels {
    BTreeMap::from([(CLUSTER_LABEL.into(), cluster.into())])
}

/// One task on the engine's own node.
fn spec(cluster: &str, node: &str, network: &str) -> ServiceSpec {
    let mut spec = ServiceSpec {
        name: format!("{cluster}_a"),
        labels: labels(cluster),
        ..ServiceSpec::default()
    };
    spec.mode.replicated = Some(Replicated { replicas: Some(1) });
    spec.endpoint_spec.mode = "dnsrr".into();
    let task = &mut spec.task_template;
    task.placement.constraints = vec![format!("node.id == {node}")];
    task.networks = vec![NetworkAttachment {
        target: network.into(),
        ..NetworkAttachment::default()
    }];
    let container = &mut task.container_spec;
    container.image = variable("MILVUS_SWARM_TEST_IMAGE").unwrap();
    container.command = ["bash", "-c", "echo up; echo oops >&2; exec sleep 900"]
        .map(Into::into)
        .into();
    container.stop_grace_period = Some(1_000_000_000);
    spec
}

async fn until(engine: &Engine, cluster: &str, what: impl Fn(&Observed) -> bool) -> Observed {
    let events = engine.events();
    for _ in 0..120 {
        let seen = engine.observe(cluster).await.unwrap();
        if what(&seen) {
            return seen;
        }
        let _ = tokio::time::timeout(Duration::from_millis(250), events.changed()).await;
    }
    panic!("{:#?}", engine.observe(cluster).await);
}

fn running(seen: &Observed) -> Option<&Task> {
    let of = |task: &&Task| !task.service.is_empty() && task.state == "running" && task.is_wanted();
    seen.tasks.iter().find(of)
}

/// Removes everything of the test, whatever a run before left.
async fn clean(engine: &Engine, cluster: &str) {
    let seen = engine.observe(cluster).await.unwrap();
    for service in seen.services.values() {
        engine.remove_service(&service.id).await.unwrap();
    }
    until(engine, cluster, |seen| seen.tasks.is_empty()).await;
    for name in seen.configs.keys() {
        engine.remove_config(name).await.unwrap();
    }
    for secret in seen.secrets.values() {
        engine.remove_secret(&secret.id).await.unwrap();
    }
    for name in seen.networks.keys() {
        while let Err(error) = engine.remove_network(name).await {
            assert!(matches!(error, EngineError::InUse(_)), "{error:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    let mark = vec![format!("milvus.{cluster}.mark")];
    let none = BTreeMap::new();
    engine
        .set_node_labels(&seen.this_node, &none, &mark)
        .await
        .unwrap();
}

#[tokio::test]
#[ignore = "needs MILVUS_SWARM_TEST_HOST, a manager that may be played with"]
async fn a_real_swarm_is_written_and_read_back() {
    let Some(engine) = engine().await else {
        return;
    };
    clean(&engine, WRITTEN).await;
    let seen = engine.observe(WRITTEN).await.unwrap();
    assert!(!seen.swarm_id.is_empty());
    let node = seen
        .nodes
        .iter()
        .find(|node| node.id == seen.this_node)
        .unwrap();
    assert!(node.takes_tasks() && node.memory_bytes > 0 && !node.addr.is_empty());

    let mark = BTreeMap::from([(format!("milvus.{WRITTEN}.mark"), "true".into())]);
    engine.set_node_labels(&node.id, &mark, &[]).await.unwrap();
    let network = NetworkSpec {
        name: format!("{WRITTEN}_net"),
        driver: "overlay".into(),
        attachable: true,
        ipam: Some(Ipam {
            config: vec![IpamConfig {
                subnet: "10.213.0.0/24".into(),
            }],
            ..Ipam::default()
        }),
        labels: labels(WRITTEN),
        ..NetworkSpec::default()
    };
    let config = ConfigSpec {
        name: format!("{WRITTEN}-config"),
        labels: labels(WRITTEN),
        data: b"key: {{ secret \"key\" }}\n".into(),
        template_driver: Some("golang".into()),
    };
    engine.create_network(&network).await.unwrap();
    engine.create_config(&config).await.unwrap();
    let key = format!("{WRITTEN}-key");
    engine
        .create_secret(&key, &labels(WRITTEN), b"se+/cret\n")
        .await
        .unwrap();
    let again = engine.create_config(&config).await.unwrap_err();
    assert!(matches!(again, EngineError::Conflict(_)), "{again:?}");

    let mut wanted = spec(WRITTEN, &node.id, &network.name);
    let target = |name: &str| FileTarget {
        name: name.into(),
        uid: "0".into(),
        gid: "0".into(),
        mode: 0o400,
        ..FileTarget::default()
    };
    let container = &mut wanted.task_template.container_spec;
    container.healthcheck = Some(Healthcheck {
        test: ["CMD", "bash", "-c", "exit 0"].map(Into::into).into(),
        interval: 2_000_000_000,
        ..Healthcheck::default()
    });
    container.configs.push(ConfigRef {
        file: Some(target("/etc/made.yaml")),
        name: config.name.clone(),
        ..ConfigRef::default()
    });
    container.secrets.push(SecretRef {
        file: Some(target("key")),
        name: key.clone(),
        ..SecretRef::default()
    });
    let id = engine.create_service(&wanted).await.unwrap();
    let seen = until(&engine, WRITTEN, |seen| running(seen).is_some()).await;
    let task = running(&seen).unwrap();
    let service = &seen.services[&wanted.name];
    assert_eq!((&service.id, &task.service_id), (&id, &id));
    assert_eq!(
        service.spec.task_template.networks,
        wanted.task_template.networks
    );
    let (got, sent) = (
        &service.spec.task_template.container_spec,
        &wanted.task_template.container_spec,
    );
    assert_eq!(got.healthcheck, sent.healthcheck);
    assert_eq!((&got.configs, &got.secrets), (&sent.configs, &sent.secrets));
    assert_eq!(task.spec_version, service.version);
    assert_eq!(task.exit_code, None);
    let held = &seen.configs[&config.name];
    assert_eq!(held.digest, Some(config.digest()));
    let mut more = config.labels.clone();
    more.insert("more".into(), "a label".into());
    let relabel = async |from| engine.update_config(&held.id, from, &more).await;
    let others = Labels::new();
    assert!(!relabel(&others).await.unwrap(), "somebody changed it");
    assert!(relabel(&config.labels).await.unwrap());
    assert!(relabel(&config.labels).await.unwrap(), "done already");
    let again = engine.observe(WRITTEN).await.unwrap();
    let again = &again.configs[&config.name];
    assert_eq!((&again.labels, &again.digest), (&more, &held.digest));
    let held = seen.secrets.values().next().expect("the secret");
    let relabel = async |from| engine.update_secret(&held.id, from, &more).await;
    assert!(!relabel(&others).await.unwrap(), "somebody changed it");
    assert!(relabel(&held.labels).await.unwrap());
    let again = engine.observe(WRITTEN).await.unwrap();
    assert_eq!(
        again.secrets.values().next().map(|one| &one.labels),
        Some(&more)
    );
    let address = task.addresses[&network.name].to_string();
    assert!(address.starts_with("10.213.0."), "{address}");
    assert_eq!(seen.networks[&network.name].spec, network);
    let node = seen.nodes.iter().find(|one| one.id == node.id).unwrap();
    assert!(
        mark.iter()
            .all(|(key, value)| node.labels.get(key) == Some(value))
    );
    assert_eq!(engine.task_logs(&task.id, 10).await.unwrap().len(), 2);

    let tunnel = Tunnel::open(&engine, &task.container_id).await.unwrap();
    for (path, bytes) in [
        ("/run/secrets/key", &b"se+/cret\n"[..]),
        ("/etc/made.yaml", b"key: se+/cret\n\n"),
    ] {
        let answer = tunnel.ask(Question::File { path: path.into() }).await;
        assert_eq!(answer.ok(), Ok(bytes));
    }

    let used = engine.remove_config(&config.name).await.unwrap_err();
    assert!(matches!(used, EngineError::InUse(_)), "{used:?}");
    let late = engine
        .update_service(&id, service.version - 1, &wanted)
        .await
        .unwrap_err();
    assert!(matches!(late, EngineError::OutOfSequence(_)), "{late:?}");
    wanted.task_template.force_update = 1;
    engine
        .update_service(&id, service.version, &wanted)
        .await
        .unwrap();
    let old = task.id.clone();
    let new = |seen: &Observed| running(seen).is_some_and(|task| task.id != old);
    let seen = until(&engine, WRITTEN, new).await;
    let fresh: Vec<_> = seen
        .tasks
        .iter()
        .filter(|task| task.spec_version > 0)
        .collect();
    assert_eq!(fresh.len(), 1);
    assert_eq!(
        seen.services[&wanted.name]
            .previous_spec
            .as_ref()
            .unwrap()
            .task_template
            .networks,
        wanted.task_template.networks
    );
    let by_name = engine.tasks_of(&[&wanted.name]).await.unwrap();
    assert_eq!(by_name.len(), seen.tasks.len());
    assert_eq!(engine.tasks_of(&[&id, "no-such"]).await.unwrap(), by_name);
    // Its container went, and with it the tunnel.
    let answer = tunnel
        .ask(Question::File {
            path: "/etc/passwd".into(),
        })
        .await;
    assert!(answer.ok().is_err() && !tunnel.is_alive(), "{answer:?}");

    let start = Instant::now();
    for _ in 0..20 {
        engine.observe(WRITTEN).await.unwrap();
    }
    println!("observe: {:?}", start.elapsed() / 20);
    let start = Instant::now();
    let held = engine.observe_others(WRITTEN).await.unwrap();
    println!(
        "reservations of {} nodes: {:?}",
        held.reserved.len(),
        start.elapsed()
    );
    clean(&engine, WRITTEN).await;
    let seen = engine.observe(WRITTEN).await.unwrap();
    assert!(seen.services.is_empty() && seen.networks.is_empty() && seen.secrets.is_empty());
}

#[tokio::test]
#[ignore = "needs MILVUS_SWARM_TEST_HOST, a manager that may be played with"]
async fn a_tunnel_into_a_real_container_does_all_of_it() {
    let Some(engine) = engine().await else {
        return;
    };
    let Some(address) = variable("MILVUS_SWARM_TEST_ADDRESS") else {
        println!("MILVUS_SWARM_TEST_ADDRESS does not say where this machine is");
        return;
    };
    let seen = engine.observe(ASKED).await.unwrap();
    let wanted = spec(ASKED, &seen.this_node, "host");
    clean(&engine, ASKED).await;
    engine.create_service(&wanted).await.unwrap();
    let seen = until(&engine, ASKED, |seen| running(seen).is_some()).await;
    let container = running(&seen).unwrap().container_id.clone();
    let place = Place {
        engine: engine.clone(),
        container,
        address,
    };
    all_of_it(&place).await;
    clean(&engine, ASKED).await;
}
