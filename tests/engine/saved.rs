//! Plans that were saved, and objects of others, through the program itself.

use std::time::Duration;

use serde_json::{Value, json};

use crate::fake::Fake;
use crate::play::{Shared, made, network, program, run, swarm, touch};

const ETCD: &str = "milvus-store_etcd-0";

/// A Swarm on which `up` got as far as gates that nobody opens, and then somebody changed etcd.
async fn changed_by_hand() -> (Fake, Shared) {
    let (fake, shared) = swarm();
    let (code, text) = run(&fake, &["up", "--yes", "--gate-timeout", "1"]).await;
    assert_eq!(code, Some(6), "{text}");
    let mut swarm = shared.lock().unwrap();
    let etcd = swarm.service(ETCD);
    touch(etcd);
    etcd["Spec"]["Labels"]["by"] = "hand".into();
    drop(swarm);
    (fake, shared)
}

async fn up(fake: &Fake) -> (Option<i32>, String) {
    run(fake, &["up", "plan.json", "--yes", "--gate-timeout", "1"]).await
}

fn updates(fake: &Fake) -> Vec<String> {
    let made = made(fake).into_iter();
    made.filter(|line| line.contains("/update?"))
        .filter(|line| line.contains("/services/"))
        .collect()
}

async fn save(fake: &Fake) {
    let (code, text) = run(fake, &["plan", "--out", "plan.json"]).await;
    assert_eq!(code, Some(0), "{text}");
}

#[tokio::test]
async fn a_saved_plan_is_executed_as_it_is() {
    let (fake, shared) = changed_by_hand().await;
    save(&fake).await;
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(6), "all but the gates: {text}");
    assert_eq!(updates(&fake).len(), 1);
    let labels = shared.lock().unwrap().service(ETCD)["Spec"]["Labels"].clone();
    assert_eq!(labels["by"], Value::Null);
    // Done once, it is not the plan any more.
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(7), "{text}");
    let gone = format!("no longer in the plan: update service {ETCD}");
    assert!(text.contains(&gone), "{text}");
}

#[tokio::test]
async fn a_version_that_moved_with_an_equal_spec_is_no_change() {
    let (fake, shared) = changed_by_hand().await;
    save(&fake).await;
    touch(shared.lock().unwrap().service(ETCD));
    shared.lock().unwrap().touched_under_the_lock = Some(ETCD);
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(6), "all but the gates: {text}");
    let versions: Vec<String> = updates(&fake)
        .iter()
        .map(|line| line.rsplit('=').next().unwrap().to_owned())
        .collect();
    assert_eq!(
        versions,
        ["12", "13"],
        "that of the plan made now, and the fresh one at the second try"
    );
    let labels = shared.lock().unwrap().service(ETCD)["Spec"]["Labels"].clone();
    assert_eq!(labels["by"], Value::Null);
}

#[tokio::test]
async fn a_spec_that_moved_is_refused() {
    let (fake, shared) = changed_by_hand().await;
    save(&fake).await;
    {
        let mut swarm = shared.lock().unwrap();
        let etcd = swarm.service(ETCD);
        touch(etcd);
        etcd["Spec"]["Labels"]["by"] = "another hand".into();
    }
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(7), "{text}");
    assert!(text.contains("no longer in the plan"), "{text}");
    assert_eq!(updates(&fake), Vec::<String>::new());

    // One that moves at the last moment is seen by its version.
    save(&fake).await;
    shared.lock().unwrap().moves_under_an_update = true;
    shared.lock().unwrap().service(ETCD)["Spec"]["Labels"]["by"] = "hand".into();
    save(&fake).await;
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(7), "{text}");
    assert!(
        text.contains("was changed: labels.by: hand -> another hand"),
        "{text}"
    );
}

#[tokio::test]
async fn a_file_that_is_no_plan_of_ours_is_told_apart_before_anything_is_done() {
    let (fake, _) = swarm();
    save(&fake).await;
    let file = fake.socket.with_file_name("plan.json");
    let plan: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let last = plan["steps"].as_array().unwrap().len() - 1;
    for after in [json!([9999]), json!([last]), json!([last, 0])] {
        let mut broken = plan.clone();
        broken["steps"][last]["after"] = after;
        std::fs::write(&file, broken.to_string()).unwrap();
        let (code, text) = up(&fake).await;
        assert_eq!(code, Some(2), "{text}");
        assert!(text.contains("`plan.json` is no saved plan"), "{text}");
    }
    for text in ["", "[]", "{\"cluster\": \"milvus\"", "\u{0}\u{1}"] {
        std::fs::write(&file, text).unwrap();
        let (code, text) = up(&fake).await;
        assert_eq!(code, Some(2), "{text}");
    }
    let mut other = plan.clone();
    other["cluster"] = "other".into();
    std::fs::write(&file, other.to_string()).unwrap();
    let (code, text) = up(&fake).await;
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("cluster `other`"), "{text}");
    assert_eq!(made(&fake), Vec::<String>::new());
}

#[tokio::test]
async fn somebody_elses_network_is_refused_and_never_taken_for_ours() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().loses_the_network = true;
    let (code, text) = run(&fake, &["up", "--yes"]).await;
    assert_eq!(code, Some(7), "{text}");
    assert!(
        text.contains("network `milvus_net` was made by somebody else since the plan was made"),
        "{text}"
    );
    let services = |made: Vec<String>| made.iter().any(|line| line.contains("/services/create"));
    assert!(!services(made(&fake)));
    // From now on the plan says so.
    let output = program(&fake, &["plan"]).output().await.unwrap();
    assert_eq!(output.status.code(), Some(4));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(text.contains("[name-taken]"), "{text}");
    assert!(text.contains("com.docker.stack.namespace=shop"), "{text}");
}

#[tokio::test]
async fn a_network_that_the_last_run_made_is_as_good() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().networks.push(network("milvus_net"));
    let child = program(&fake, &["up", "--yes", "--gate-timeout", "1"]).output();
    let ended = tokio::time::timeout(Duration::from_secs(180), child).await;
    assert_eq!(ended.unwrap().unwrap().status.code(), Some(6));
}
