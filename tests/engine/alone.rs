//! The program itself against an engine in a play: who is refused, what is left behind.

use std::time::Duration;

use milvus_swarm::lock::BEAT;
use serde_json::Value;

use crate::lock::{holder, live};
use crate::play::{made, program, run, said, swarm, until};

#[tokio::test]
async fn who_finds_it_locked_is_told_by_whom_and_changes_nothing() {
    let (fake, shared) = swarm();
    let ann = live(&fake, "milvus").await;
    let held = ann
        .take_lock(&holder("ann"), Duration::ZERO, |_, _| {})
        .await
        .unwrap();
    let work = async {
        for verb in [&["up", "--yes"][..], &["up", "--yes", "--lock-wait", "3"]] {
            let (code, text) = run(&fake, verb).await;
            assert_eq!(code, Some(8), "{text}");
            assert!(
                text.contains("`up` of ann@desk, since 2024-05-01T10:00:00Z"),
                "{text}"
            );
            assert!(text.contains("`milvus-swarm unlock`"), "{text}");
        }
        let (code, text) = run(&fake, &["unlock", "--yes"]).await;
        assert_eq!(code, Some(8), "{text}");
        assert!(text.contains("lives"), "{text}");

        let (_, text) = run(&fake, &["plan"]).await;
        assert!(text.contains("somebody works on the cluster"), "{text}");
        let status = program(&fake, &["status", "--json"])
            .output()
            .await
            .unwrap();
        let status: Value = serde_json::from_slice(&status.stdout).unwrap();
        assert_eq!(status["lock"]["who"], "ann@desk");
        assert_eq!(made(&fake), Vec::<String>::new());

        let (code, text) = run(&fake, &["unlock", "--yes", "--force"]).await;
        assert_eq!(code, Some(0), "{text}");
        held.lost().await
    };
    held.beside(work).await;
    assert_eq!(shared.lock().unwrap().locks(), 0);
    let (code, text) = run(&fake, &["unlock"]).await;
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nobody holds its lock"), "{text}");
}

#[tokio::test]
async fn a_scale_that_is_refused_leaves_the_inventory_alone() {
    let (fake, shared) = swarm();
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    let before = include_str!("../../inventory/local.yml");
    std::fs::write(&file, before).unwrap();
    let now = || std::fs::read_to_string(&file).unwrap();
    let scale = ["scale", "query=1", "--yes"];

    let ann = live(&fake, "milvus").await;
    let held = ann
        .take_lock(&holder("ann"), Duration::ZERO, |_, _| {})
        .await
        .unwrap();
    let (code, text) = held.beside(run(&fake, &scale)).await;
    assert_eq!(code, Some(8), "{text}");
    assert_eq!(now(), before);
    held.release().await.unwrap();

    shared.lock().unwrap().moves_under_the_lock = true;
    let (code, text) = run(&fake, &scale).await;
    assert_eq!(code, Some(7), "{text}");
    assert_eq!(now(), before);

    shared.lock().unwrap().refuses_services = true;
    let (code, text) = run(&fake, &scale).await;
    assert_eq!(code, Some(1), "{text}");
    assert_ne!(now(), before, "what was agreed on is in the inventory");
}

#[tokio::test]
async fn a_password_that_cannot_be_used_stops_up_before_its_first_step() {
    let (fake, _) = swarm();
    let folder = fake.socket.parent().unwrap();
    let text = include_str!("../../inventory/local.yml");
    let folder = folder.join("cluster");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("c.yml"),
        format!("{text}credentials: {{ minio_password: {{ file: minio }} }}\n"),
    )
    .unwrap();
    let up = ["-i", "cluster/c.yml", "up", "--yes"];
    for (password, why) in [
        (None, "cannot read `cluster/minio`: "),
        (Some("\n"), "cannot use `cluster/minio`: the file is empty"),
        (
            Some("seven77\n"),
            "the password in `cluster/minio` can't be used: it has 7 bytes",
        ),
    ] {
        if let Some(password) = password {
            std::fs::write(folder.join("minio"), password).unwrap();
        }
        let (code, text) = run(&fake, &up).await;
        assert_eq!(code, Some(3), "{text}");
        assert!(text.contains(why), "{text}");
        assert!(text.contains("or leave it out of `credentials`"), "{text}");
        assert_eq!(made(&fake), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_failure_lets_the_lock_go() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().refuses_services = true;
    let (code, text) = run(&fake, &["up", "--yes"]).await;
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("no such thing"), "{text}");
    assert_eq!(shared.lock().unwrap().locks(), 0);
    assert!(made(&fake).contains(&"POST /v1.41/services/create".to_owned()));
}

#[tokio::test]
async fn what_moved_before_the_lock_was_taken_is_seen_and_nothing_is_done() {
    let (fake, shared) = swarm();
    shared.lock().unwrap().moves_under_the_lock = true;
    let (code, text) = run(&fake, &["up", "--yes"]).await;
    assert_eq!(code, Some(7), "{text}");
    assert!(
        text.contains("no longer in the plan: create network"),
        "{text}"
    );
    assert_eq!(shared.lock().unwrap().locks(), 0);
    assert_eq!(made(&fake), Vec::<String>::new());
}

#[tokio::test]
async fn who_loses_the_lock_stops_and_says_to_whom() {
    let (fake, shared) = swarm();
    let child = program(&fake, &["up", "--yes"]).spawn().unwrap();
    until(&shared, |swarm| {
        swarm.locks() == 1 && !swarm.networks.is_empty()
    })
    .await;
    {
        let mut swarm = shared.lock().unwrap();
        let at = swarm.store.find("milvus-lock").unwrap();
        let lock = &mut swarm.store.configs[at];
        lock["Spec"]["Labels"]["milvus-swarm.lock.taken-by"] = "bob@desk".into();
        lock["Version"]["Index"] = 10_000.into();
    }
    let ended = tokio::time::timeout(BEAT * 3, child.wait_with_output()).await;
    let (code, text) = said(ended.unwrap().unwrap());
    assert_eq!(code, Some(8), "{text}");
    assert!(
        text.contains("the lock was taken over by bob@desk"),
        "{text}"
    );
    assert!(
        text.contains("`milvus-swarm -H unix:///") && text.contains(".sock up` goes on from here"),
        "{text}"
    );
}

#[tokio::test]
async fn a_killed_run_is_found_dead_and_its_lock_taken_over() {
    let (fake, shared) = swarm();
    let mut child = program(&fake, &["up", "--yes"]).spawn().unwrap();
    until(&shared, |swarm| {
        swarm.locks() == 1 && !swarm.networks.is_empty()
    })
    .await;
    child.kill().await.unwrap();
    assert_eq!(shared.lock().unwrap().locks(), 1);
    // The killed run may have got to its gates, or not to its first service: this one is to end
    // the same way after either.
    let (code, text) = run(&fake, &["up", "--yes", "--gate-timeout", "1"]).await;
    assert_eq!(code, Some(6), "{text}");
    assert!(text.contains("taking its lock over"), "{text}");
    assert_eq!(shared.lock().unwrap().locks(), 0);
}
