//! Verbs that must not act, and say what to do; credentials of a cluster that is down.

use std::path::Path;
use std::sync::{Arc, Mutex};

use milvus_swarm::inventory::LOCAL;
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::play::{Shared, made, network, program, run, said, swarm};
use crate::tunnel::words;

/// What `down` leaves of credentials.
pub fn secrets() -> Vec<Value> {
    let secret = |name: &str| {
        json!({
            "ID": format!("id-of-{name}"),
            "Version": { "Index": 3 },
            "Spec": { "Name": name, "Labels": { "milvus-swarm.cluster": "milvus" } },
        })
    };
    [
        "milvus-milvus-root-v1",
        "milvus-minio-root-v1",
        "milvus-minio-milvus-v1",
    ]
    .map(secret)
    .into()
}

/// A plan writes nothing by itself; told to, it starts a probe and takes it away.
#[tokio::test]
async fn a_plan_starts_a_probe_only_where_it_is_told_to() {
    for (arguments, probes) in [(&["plan"][..], 0), (&["plan", "--probe"], 1)] {
        let (fake, shared) = swarm();
        {
            let mut swarm = shared.lock().unwrap();
            swarm.networks.push(network("milvus_net"));
            swarm.secrets = secrets();
            swarm.runs_services = true;
        }
        let output = program(&fake, arguments).output().await.unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(0), "{text}");
        assert_eq!(
            text.contains("`milvus-swarm plan --probe`"),
            probes == 0,
            "{text}"
        );
        let deeds: Vec<String> = fake.lines();
        let of = |line: &str| deeds.iter().filter(|deed| **deed == line).count();
        assert_eq!(of("POST /v1.41/services/create"), probes);
        assert_eq!(of("DELETE /v1.41/services/id-milvus-probe"), probes);
        assert!(probes > 0 || made(&fake).is_empty(), "{deeds:#?}");
        assert_eq!(shared.lock().unwrap().services, Vec::<Value>::new());
    }
}

#[tokio::test]
async fn data_is_lost_only_to_who_types_the_name_of_the_cluster() {
    let (fake, shared) = swarm();
    {
        let mut swarm = shared.lock().unwrap();
        swarm.networks.push(network("milvus_net"));
        swarm.secrets = secrets();
    }
    let down = ["down", "--data", "--yes"];
    for wrong in ["WRONG", "", "Milvus", "milvus "] {
        let typed = [&down[..], &["--confirm", wrong]].concat();
        let (code, text) = run(&fake, &typed).await;
        assert_eq!(code, Some(4), "{text}");
        let no = format!("`{wrong}` is not the name of the cluster, `milvus` is");
        assert!(text.contains(&no), "{text}");
        assert!(text.contains("nothing was changed"), "{text}");
    }
    // `--yes` is no name.
    let (code, text) = run(&fake, &down).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("say --confirm milvus"), "{text}");
    assert_eq!(made(&fake), Vec::<String>::new());
    assert_eq!(shared.lock().unwrap().locks(), 0);
    let wrote = |line: &String| !line.starts_with("GET");
    let lines: Vec<String> = fake.lines().into_iter().filter(wrote).collect();
    assert_eq!(lines, Vec::<String>::new());
}

#[tokio::test]
async fn down_ends_once_the_engine_has_forgotten_the_network() {
    let (fake, shared) = swarm();
    {
        let mut swarm = shared.lock().unwrap();
        swarm.networks.push(network("milvus_net"));
        swarm.networks_linger = 3;
    }
    let (code, text) = run(&fake, &["down", "--yes"]).await;
    assert_eq!(code, Some(0), "{text}");
    let swarm = shared.lock().unwrap();
    assert_eq!(swarm.removed_networks, [], "{text}");
    assert_eq!(swarm.networks, Vec::<Value>::new());
}

#[tokio::test]
async fn what_stays_is_told_before_down_is_agreed_to() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().networks.push(network("milvus_net"));
    for (arguments, stays) in [(&["down"][..], true), (&["down", "--data"], false)] {
        let output = program(&fake, arguments).output().await.unwrap();
        let plan = String::from_utf8_lossy(&output.stdout);
        assert!(plan.contains("- remove network milvus_net"), "{plan}");
        let last = "data, member labels and credentials stay (without `--data`)\n";
        assert_eq!(plan.ends_with(last), stays, "{plan}");
    }
}

#[tokio::test]
async fn up_without_a_terminal_shows_the_plan_and_says_how_to_agree_to_it() {
    let (fake, shared) = swarm();
    let output = program(&fake, &["up"]).output().await.unwrap();
    let plan = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(plan.contains("+ network milvus_net"), "{plan}");
    let (code, text) = said(output);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.contains("nobody can be asked here: say --yes to go ahead"),
        "{text}"
    );
    assert_eq!(made(&fake), Vec::<String>::new());
    assert_eq!(shared.lock().unwrap().locks(), 0);
}

#[tokio::test]
async fn a_manager_that_takes_no_tasks_is_refused_at_once() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().is_drained = true;
    let refused = async |verb: &[&str]| {
        let (code, text) = run(&fake, verb).await;
        assert_eq!(code, Some(1), "{text}");
        let way_out = "docker node update --availability active node01";
        assert!(text.contains(way_out), "{text}");
        assert!(text.contains("availability `drain`"), "{text}");
        assert_eq!(made(&fake), Vec::<String>::new());
        assert_eq!(shared.lock().unwrap().locks(), 0);
    };
    // The cluster is on another node, so that nothing is wrong with it.
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    std::fs::write(&file, LOCAL.replace("\"@this\"", "node02")).unwrap();
    refused(&["up", "--yes"]).await;

    shared.lock().unwrap().secrets = secrets();
    refused(&["credentials"]).await;
    shared.lock().unwrap().networks = vec![network("milvus_net")];
    refused(&["credentials"]).await;
}

#[tokio::test]
async fn a_password_file_that_others_can_use_is_warned_of() {
    let (fake, _) = swarm();
    let folder = fake.socket.parent().unwrap();
    let credentials =
        "credentials: { minio_password: { file: minio }, root_password: { file: root } }";
    std::fs::write(
        folder.join("milvus-swarm.yml"),
        format!("{LOCAL}{credentials}\n"),
    )
    .unwrap();
    for (name, mode) in [("minio", 0o640), ("root", 0o600)] {
        std::fs::write(folder.join(name), "long enough").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(folder.join(name), mode).unwrap();
    }
    let output = program(&fake, &["plan", "--json"]).output().await.unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let warnings = plan["warnings"].as_array().unwrap().iter();
    let warnings: Vec<&str> = warnings
        .map(|one| one.as_str().unwrap())
        .filter(|one| one.contains("chmod"))
        .collect();
    let warning = "`minio` holds a password, and others than its owner can use it (mode 0640); \
                   `chmod 600 minio` keeps it to its owner";
    assert_eq!(warnings, [warning]);

    let output = program(&fake, &["up"]).output().await.unwrap();
    let shown = String::from_utf8_lossy(&output.stdout);
    let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(shown.contains("(mode 0640); `chmod 600 minio`"), "{shown}");
}

/// Where tasks find their secrets, in a folder of the test.
const HEAD: &str = r#"#!/bin/bash
case "${@: -1}" in
    /run/secrets/*) exec cat "${0%/*}/${@: -1}" ;;
    *) PATH=${PATH#*:} exec head "$@" ;;
esac
"#;

/// A Swarm on which services run, as far as one can run commands in their task.
fn running(folder: &Path) -> (Fake, Shared) {
    let mounted = folder.join("run/secrets");
    std::fs::create_dir_all(&mounted).unwrap();
    std::fs::write(mounted.join("milvus-root"), "pass-of-root").unwrap();
    std::fs::write(mounted.join("minio-root"), "pass-of-minio\n").unwrap();
    let head = folder.join("head");
    std::fs::write(&head, HEAD).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&head, executable).unwrap();
    let path = std::env::var("PATH").unwrap();
    let path = format!("PATH={}:{path}", folder.display());

    let swarm = Shared::default();
    let shared = Arc::clone(&swarm);
    let command = Mutex::new(Vec::new());
    let fake = Fake::manager(move |heard| match heard.line.as_str() {
        "POST /v1.41/containers/c1/exec" => {
            let inside = ["env".to_owned(), path.clone()];
            *command.lock().unwrap() = inside.into_iter().chain(words(heard)).collect();
            Reply::Say(201, r#"{"Id":"e1"}"#.into())
        }
        "POST /v1.41/exec/e1/start" => Reply::Run(command.lock().unwrap().clone()),
        _ => shared.lock().unwrap().answer(heard),
    });
    (fake, swarm)
}

#[tokio::test]
async fn credentials_of_a_cluster_that_is_down_are_read_without_its_network() {
    // A version before this one made two.
    for are_there in [3, 2] {
        let folder = tempfile::tempdir().unwrap();
        let (fake, shared) = running(folder.path());
        {
            let mut swarm = shared.lock().unwrap();
            swarm.secrets = secrets();
            swarm.secrets.truncate(are_there);
            swarm.runs_services = true;
        }
        let output = program(&fake, &["credentials", "--json"])
            .output()
            .await
            .unwrap();
        let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        let (code, text) = said(output);
        assert_eq!(code, Some(0), "{text}");
        assert_eq!(found["milvus"]["password"], "pass-of-root");
        assert_eq!(found["minio"]["password"], "pass-of-minio");

        let heard = fake.heard();
        let mut specs = heard
            .iter()
            .filter(|one| one.line == "POST /v1.41/services/create");
        let spec: Value = serde_json::from_str(&specs.next().unwrap().body).unwrap();
        assert!(specs.next().is_none(), "one task is enough");
        let task = &spec["TaskTemplate"];
        let networks = task["Networks"].as_array().map_or(0, Vec::len);
        assert_eq!(networks, 0, "{spec:#}");
        assert_eq!(task["Placement"]["Constraints"], json!(["node.id == n1"]));
        // `up` leaves it alone and `down` removes it, should this run be killed.
        assert_eq!(spec["Labels"]["milvus-swarm.cluster"], "milvus");
        assert_eq!(spec["Labels"]["milvus-swarm.component"], "probe");
        assert_eq!(shared.lock().unwrap().services, Vec::<Value>::new());
    }
}

/// What is refused changes nothing: not even a probe is started to ask how its components are.
#[tokio::test]
async fn an_up_that_is_refused_starts_nothing() {
    let (fake, shared) = swarm();
    {
        let mut swarm = shared.lock().unwrap();
        swarm.networks.push(network("milvus_net"));
        swarm.secrets = secrets();
        swarm.services.push(json!({
            "ID": "id-of-etcd",
            "Version": { "Index": 4 },
            "Spec": {
                "Name": "milvus-store_etcd-0",
                "Labels": { "milvus-swarm.cluster": "milvus" },
                "Mode": { "Replicated": { "Replicas": 1 } },
                "TaskTemplate": { "ContainerSpec": { "Image": "quay.io/coreos/etcd:v3.6.9" } },
            },
        }));
    }
    let output = program(&fake, &["up", "--yes"]).output().await.unwrap();
    let plan = String::from_utf8_lossy(&output.stdout).into_owned();
    let (code, text) = said(output);
    assert_eq!(code, Some(4), "{plan}{text}");
    assert!(plan.contains("quay.io/coreos/etcd:v3.6.9"), "{plan}");
    let lines = fake.lines();
    let created = lines.iter().filter(|line| line.ends_with("/create"));
    assert_eq!(created.count(), 0, "{lines:#?}");
}
