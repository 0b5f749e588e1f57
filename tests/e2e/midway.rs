//! The program in the middle of its work: its own events (`docs/json.md`) tell when it is there,
//! so a slow machine and a fast one stop it at the same place.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Output, Stdio};
use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use crate::cluster::Cluster;

/// Starts a verb and returns once it waits at a gate of `part`.
fn waiting_at(cluster: &Cluster, arguments: &[&str], part: &str) -> Child {
    let mut child = cluster
        .command(arguments)
        .arg("--json")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut events = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut heard = String::new();
    loop {
        let start = heard.len();
        let read = events.read_line(&mut heard).expect("events are text");
        if read == 0 {
            let Output { status, stderr, .. } = child.wait_with_output().expect("it ended");
            let said = String::from_utf8_lossy(&stderr);
            panic!("{arguments:?} never waited at {part}: {status}\n{heard}{said}");
        }
        let event = serde_json::from_str(&heard[start..]).expect("each line is an object");
        if is_at(&event, part) {
            break;
        }
    }
    child.stdout = Some(events.into_inner());
    child
}

/// Whether a gate of the part was asked. One that is open at the first question never waits.
fn is_at(event: &Value, part: &str) -> bool {
    let is_gate = event["title"]
        .as_str()
        .is_some_and(|title| title.starts_with("wait for "));
    is_gate && event["part"] == part && (event["event"] == "waiting" || event["event"] == "passed")
}

/// Kills without warning; gives what was said on standard error.
fn kill(mut child: Child) -> String {
    child.kill().expect("it can be killed");
    let Output { status, stderr, .. } = child.wait_with_output().expect("it ended");
    let said = String::from_utf8_lossy(&stderr).into_owned();
    assert_eq!(
        status.signal(),
        Some(9),
        "it ended by itself: {status}\n{said}"
    );
    said
}

/// `up`, killed while it waits at a gate of one component.
pub fn up_killed_at(cluster: &Cluster, component: &str) -> String {
    let said = kill(waiting_at(cluster, &["up", "--yes"], component));
    assert_ne!(cluster.services_of(component), Vec::<String>::new());
    assert_eq!(cluster.locks().len(), 1, "a killed holder leaves its lock");
    said
}

/// `up`, killed after a while, wherever it is by then.
pub fn up_killed_after(cluster: &Cluster, time: Duration) {
    let mut child = cluster
        .command(&["up", "--yes"])
        .spawn()
        .expect("the program starts");
    sleep(time);
    child.kill().expect("it can be killed");
    child.wait().expect("it ended");
}
