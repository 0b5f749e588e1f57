//! `status --watch`: what it prints, and how little it asks an engine for.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;
use tokio::time::sleep;

use crate::fake::{Fake, Heard, Reply};
use crate::machine::{place, plain};
use crate::play::{Swarm, network, program, signal};
use crate::tunnel::words;
use crate::verbs::secrets;

#[tokio::test]
async fn a_watched_status_is_one_after_the_other_where_nobody_looks() {
    let fake = place();
    for arguments in [&["status", "--watch"][..], &["status", "--watch", "--json"]] {
        let mut child = program(&fake, arguments).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        // It goes on until it is told to end.
        let first = lines.next_line().await.unwrap().unwrap();
        said.push(first.clone());
        while let Some(line) = lines.next_line().await.unwrap() {
            let again = line == first || arguments.contains(&"--json");
            said.push(line);
            if again {
                break;
            }
        }
        signal(child.id().unwrap(), "-INT");
        while let Some(line) = lines.next_line().await.unwrap() {
            said.push(line);
        }
        let output = child.wait_with_output().await.unwrap();
        plain(arguments, &output);
        assert_eq!(output.status.code(), Some(6));
        assert!(!said.concat().contains('\u{1b}'), "{said:?}");
        if arguments.contains(&"--json") {
            for line in said {
                let status: Value = serde_json::from_str(&line).unwrap();
                assert_eq!(status["cluster"], "milvus");
            }
        }
    }
}

/// An engine on which a proxy runs in container `c1`, and nothing happens.
struct Quiet {
    swarm: Swarm,
    execs: Vec<Vec<String>>,
    has_bash: bool,
}

impl Quiet {
    fn engine(has_bash: bool) -> (Fake, Arc<Mutex<Self>>) {
        let mut swarm = Swarm::default();
        swarm.networks.push(network("milvus_net"));
        swarm.secrets = secrets();
        swarm.runs_services = true;
        swarm.services.push(json!({
            "ID": "s1", "Version": { "Index": 1 },
            "Spec": { "Name": "milvus-milvus_proxy", "Labels": { "milvus-swarm.cluster": "milvus" } },
        }));
        let quiet = Arc::new(Mutex::new(Self {
            swarm,
            execs: Vec::new(),
            has_bash,
        }));
        let shared = Arc::clone(&quiet);
        let fake = Fake::manager(move |heard| shared.lock().unwrap().answer(heard));
        (fake, quiet)
    }

    fn answer(&mut self, heard: &Heard) -> Reply {
        let path = heard.line.split('?').next().unwrap();
        match path {
            "GET /v1.41/events" => {
                Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n".to_vec())
            }
            "POST /v1.41/containers/c1/exec" => {
                self.execs.push(words(heard));
                let id = self.execs.len() - 1;
                Reply::Say(201, json!({ "Id": id.to_string() }).to_string())
            }
            _ if path.starts_with("POST /v1.41/exec/") && !self.has_bash => {
                Reply::Say(500, json!({ "message": "no such program" }).to_string())
            }
            _ if path.starts_with("POST /v1.41/exec/") => {
                let id: usize = path.split('/').nth(3).unwrap().parse().unwrap();
                Reply::Run(self.execs[id].clone())
            }
            _ => self.swarm.answer(heard),
        }
    }
}

/// Watches for so long after the first seconds, and gives what was asked and printed meanwhile.
async fn watched(fake: &Fake, seconds: u64) -> (Vec<String>, usize, Child) {
    let mut command = program(fake, &["status", "--watch", "--json"]);
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let printed = Arc::new(Mutex::new(0));
    let count = Arc::clone(&printed);
    tokio::spawn(async move {
        while let Ok(Some(_)) = lines.next_line().await {
            *count.lock().unwrap() += 1;
        }
    });
    sleep(Duration::from_secs(4)).await;
    let (asked, before) = (fake.lines().len(), *printed.lock().unwrap());
    sleep(Duration::from_secs(seconds)).await;
    let asked = fake.lines().split_off(asked);
    let printed = *printed.lock().unwrap() - before;
    (asked, printed, child)
}

#[tokio::test]
async fn an_idle_watch_asks_an_engine_for_tasks_alone() {
    let (fake, quiet) = Quiet::engine(true);
    let (asked, printed, child) = watched(&fake, 20).await;
    assert!((1..=4).contains(&asked.len()), "{asked:#?}");
    let tasks = |line: &String| line.starts_with("GET /v1.41/tasks?");
    assert!(asked.iter().all(tasks), "{asked:#?}");
    // Components are asked all the time, through one process.
    assert!(printed >= 5, "{printed}");
    assert_eq!(quiet.lock().unwrap().execs.len(), 1);
    signal(child.id().unwrap(), "-INT");
}

#[tokio::test]
async fn a_place_that_can_not_be_asked_from_is_tried_less_and_less() {
    let (fake, quiet) = Quiet::engine(false);
    let (_, printed, child) = watched(&fake, 20).await;
    let tries = quiet.lock().unwrap().execs.len();
    assert!((2..=20).contains(&tries), "{tries} in 24 s");
    assert!(printed >= 1, "{printed}");
    signal(child.id().unwrap(), "-INT");
}
