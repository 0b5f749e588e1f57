//! How a tunnel begins, what others see of it, and how it ends.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use milvus_swarm::engine::{EngineError, Tunnel};
use milvus_swarm::question::Question;

use crate::fake::{Fake, Reply};
use crate::tunnel::{component, failed, here, words};

/// Command lines of processes on this machine.
fn command_lines() -> String {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|one| std::fs::read(one.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .collect()
}

#[tokio::test]
async fn what_is_asked_is_in_no_command_line() {
    let (_fake, place) = here().await;
    let port = component("127.0.0.1").await;
    let tunnel = Tunnel::open(&place.engine, "c1").await.unwrap();
    // Put together here, or this very test would be found.
    let secret = ["tell", "nobody"].join("-");
    let question = Question::get("127.0.0.1", port, "/never")
        .with_header("Authorization", secret.clone())
        .within(Duration::from_secs(2));
    let look = async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let lines = command_lines();
        assert!(lines.contains("--path-as-is"), "curl does not run");
        assert!(!lines.contains(&secret));
        assert!(!lines.contains("dGVsbC1ub2JvZHk"), "in base64");
    };
    tokio::join!(tunnel.ask(question), look);
}

#[tokio::test]
async fn the_death_of_a_session_is_told_to_all() {
    let (fake, place) = here().await;
    let port = component("127.0.0.1").await;
    let tunnel = Tunnel::open(&place.engine, "c1").await.unwrap();
    let questions = (0..40).map(|_| tunnel.ask(Question::get("127.0.0.1", port, "/never")));
    let kill = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let all_of_bash = format!("-{}", fake.log.children.lock().unwrap()[0]);
        std::process::Command::new("kill")
            .args(["-9", "--", &all_of_bash])
            .status()
            .unwrap();
    };
    let start = Instant::now();
    let (answers, ()) = tokio::join!(join_all(questions), kill);
    assert!(start.elapsed() < Duration::from_secs(3));
    for answer in &answers {
        assert!(failed(answer).starts_with("the tunnel ended"), "{answer:?}");
    }
    assert!(!tunnel.is_alive());
    let answer = tunnel
        .ask(Question::get("127.0.0.1", port, "/healthz"))
        .await;
    assert!(failed(&answer).starts_with("the tunnel ended"));
}

#[tokio::test]
async fn a_session_ends_when_it_is_dropped() {
    let (fake, place) = here().await;
    let tunnel = Tunnel::open(&place.engine, "c1").await.unwrap();
    let bash = fake.log.children.lock().unwrap()[0];
    let alive = || std::fs::exists(format!("/proc/{bash}/cmdline")).unwrap();
    assert!(alive());
    drop(tunnel);
    for _ in 0..50 {
        if !alive() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("bash lives on");
}

#[tokio::test]
async fn a_container_may_lack_what_is_needed() {
    let command = Mutex::new(Vec::new());
    let fake = Fake::manager(move |heard| match heard.line.as_str() {
        "POST /v1.41/containers/c1/exec" => {
            *command.lock().unwrap() = words(heard);
            Reply::Say(201, r#"{"Id":"e1"}"#.into())
        }
        "POST /v1.41/exec/e1/start" => {
            let mut words = vec!["env".into(), "PATH=/nowhere".into(), "/bin/bash".into()];
            words.extend_from_slice(&command.lock().unwrap()[1..]);
            Reply::Run(words)
        }
        _ => Reply::Say(404, r#"{"message":"No such container: c2"}"#.into()),
    });
    let engine = fake.connect().await.unwrap();
    let error = Tunnel::open(&engine, "c1").await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "cannot run a command in container `c1`: lacks base64"
    );
    let error = Tunnel::open(&engine, "c2").await.err().unwrap();
    assert!(matches!(error, EngineError::NotFound(_)), "{error:?}");
}
