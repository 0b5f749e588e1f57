//! Services that live for a moment: one that somebody else gave such a name stays.

use std::sync::{Arc, Mutex};

use milvus_swarm::drive::Swarm as _;
use milvus_swarm::live::Live;
use milvus_swarm::plan::Action;
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::play::{network, program, swarm};
use crate::verbs::secrets;

const WIPE: &str = "c-wipe-node02";

/// An engine on which a service with these labels has the name of a wipe; its tasks end well.
fn taken(labels: &Value) -> Fake {
    let theirs = json!({ "ID": "left", "Spec": { "Name": WIPE, "Labels": labels } });
    // One whose name begins alike is found with it.
    let other = json!({ "ID": "other", "Spec": { "Name": format!("{WIPE}0"), "Labels": labels } });
    let services = Arc::new(Mutex::new(vec![other, theirs]));
    Fake::manager(move |heard| {
        let mut services = services.lock().unwrap();
        match heard.line.split('?').next().unwrap() {
            "GET /v1.41/services" => Reply::Say(200, json!(*services).to_string()),
            "POST /v1.41/services/create" if services.len() > 1 => {
                Reply::Say(409, r#"{"message":"name conflicts"}"#.into())
            }
            "POST /v1.41/services/create" => Reply::Say(201, r#"{"ID":"ours"}"#.into()),
            "GET /v1.41/tasks" => Reply::Say(
                200,
                r#"[{"ID":"t1","ServiceID":"ours","Status":{"State":"complete"}}]"#.into(),
            ),
            line => {
                let gone = line.strip_prefix("DELETE /v1.41/services/");
                services.retain(|one| gone.is_none_or(|gone| one["ID"] != gone));
                Reply::Say(200, "[]".into())
            }
        }
    })
}

/// What an action on node02 came to, and what it removed.
async fn done(labels: &Value, action: &Action) -> (Result<(), String>, Vec<String>) {
    let fake = taken(labels);
    let live = Live::new(fake.connect().await.unwrap(), "c", false);
    let done = live.act(action).await.map_err(|failure| {
        assert!(!failure.moved);
        format!("{}; {}", failure.message, failure.hint.unwrap_or_default())
    });
    let mut removed = fake.lines();
    removed.retain(|line| line.starts_with("DELETE"));
    (done, removed)
}

fn wipe() -> Action {
    Action::RemoveVolumes {
        hostname: "node02".into(),
        volumes: vec!["c_etcd".into()],
    }
}

#[tokio::test]
async fn what_lacks_a_label_is_neither_removed_nor_taken_for_ours() {
    for labels in [
        json!({}),
        json!(null),
        json!({ "milvus-swarm.cluster": "d", "milvus-swarm.component": "wipe" }),
        json!({ "milvus-swarm.cluster": "c" }),
        json!({ "milvus-swarm.cluster": "c", "milvus-swarm.component": "directories" }),
    ] {
        let (done, removed) = done(&labels, &wipe()).await;
        let why = done.unwrap_err();
        assert!(
            why.contains(&format!("service `{WIPE}` is not one that this tool made")),
            "{why}"
        );
        assert!(
            why.contains(&format!("`docker service rm {WIPE}`")),
            "{why}"
        );
        assert_eq!(removed, Vec::<String>::new(), "{labels}");
    }
}

#[tokio::test]
async fn what_a_killed_run_left_is_removed_by_its_identifier() {
    let labels = json!({ "milvus-swarm.cluster": "c", "milvus-swarm.component": "wipe" });
    let (done, removed) = done(&labels, &wipe()).await;
    assert_eq!(done, Ok(()));
    let by_id = ["left", "ours"].map(|id| format!("DELETE /v1.41/services/{id}"));
    assert_eq!(removed, by_id);
}

#[tokio::test]
async fn a_task_that_the_engine_refuses_is_not_waited_for() {
    let fake = Fake::manager(|heard| match heard.line.as_str() {
        "POST /v1.41/services/create" => Reply::Say(400, r#"{"message":"no such thing"}"#.into()),
        _ => Reply::Say(200, "[]".into()),
    });
    let live = Live::new(fake.connect().await.unwrap(), "c", false);
    let make = Action::MakeDirectories {
        hostname: "node02".into(),
        directories: Vec::new(),
        node_id: "n2".into(),
    };
    let failure = live.act(&make).await.unwrap_err();
    assert!(failure.message.contains("no such thing"), "{failure:?}");
}

#[tokio::test]
async fn a_service_that_has_the_name_of_a_probe_stays_and_is_pointed_out() {
    let (fake, shared) = swarm();
    let theirs = json!({
        "ID": "theirs", "Version": { "Index": 1 },
        "Spec": { "Name": "milvus-probe", "Labels": { "team": "shop" } },
    });
    // Of the cluster something is there to be asked.
    let ours = json!({
        "ID": "ours", "Version": { "Index": 1 },
        "Spec": {
            "Name": "milvus-milvus_proxy", "Labels": { "milvus-swarm.cluster": "milvus" },
        },
    });
    {
        let mut swarm = shared.lock().unwrap();
        swarm.networks.push(network("milvus_net"));
        swarm.secrets = secrets();
        swarm.services = vec![theirs.clone(), ours.clone()];
    }
    let output = program(&fake, &["status"]).output().await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("service `milvus-probe` is not one that this tool made"),
        "{said}"
    );
    assert!(said.contains("`docker service rm milvus-probe`"), "{said}");
    assert_eq!(shared.lock().unwrap().services, [theirs, ours]);
    let removes = |line: &String| line.starts_with("DELETE");
    assert!(!fake.lines().iter().any(removes), "{:#?}", fake.lines());
}
