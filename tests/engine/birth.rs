//! The script that starts a process of Milvus once etcd has a birth, and what the health check makes of
//! another one.

use std::fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::session::{Container, MEMBERS};

/// What etcd says to who asks for its birth.
fn says(birth: Option<&str>) -> String {
    let header = json!({ "cluster_id": "1", "revision": "9", "raft_term": "2" });
    let rows = birth.map_or_else(String::new, |birth| {
        let row = json!({ "key": "eA==", "value": STANDARD.encode(birth) });
        format!(",\"kvs\":[{row}],\"count\":\"1\"")
    });
    format!("{{\"header\":{header}{rows}}}")
}

fn plant(container: &Container, birth: Option<&str>) {
    container.plant(&MEMBERS, "birth", &says(birth));
}

/// A process that says `started` where it is started.
fn start(container: &Container) -> Child {
    let started = container.path().join("started");
    let mut command = container.script("await-birth.sh");
    command.arg("touch").arg(started);
    command.stderr(Stdio::null()).spawn().unwrap()
}

fn is_started(container: &Container) -> bool {
    container.path().join("started").exists()
}

fn within(limit: Duration, done: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if done() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

#[test]
fn a_process_starts_once_etcd_has_a_birth() {
    let container = Container::new();
    let mut child = start(&container);
    let nothing = || within(Duration::from_millis(2500), || is_started(&container));
    assert!(!nothing(), "etcd says nothing");
    for bad in ["", "{}", "null", r#"{"error":"timed out","code":14}"#] {
        container.plant(&MEMBERS, "birth", bad);
        assert!(!nothing(), "{bad}");
    }
    let whole = says(Some("b1rth"));
    container.plant(&MEMBERS, "birth", &whole[..whole.len() - 1]);
    assert!(!nothing(), "half of an answer");
    plant(&container, None);
    assert!(!nothing(), "it was emptied");
    container.silence();
    container.plant(&["etcd-2"], "birth", &whole);
    assert!(within(Duration::from_secs(20), || is_started(&container)));
    assert!(child.wait().unwrap().success());
    let known = fs::read_to_string(container.path().join("shm/milvus-birth")).unwrap();
    assert_eq!(known.trim(), STANDARD.encode("b1rth"));
    let left = fs::read_dir(container.path().join("shm")).unwrap().count();
    assert_eq!(left, 1);
}

/// Which data it waits for is in its log.
#[test]
fn what_is_waited_for_is_said_once() {
    let container = Container::new();
    plant(&container, None);
    let mut command = container.script("await-birth.sh");
    let mut child = command.arg("true").stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_secs(4));
    plant(&container, Some("b1rth"));
    let output = {
        use std::io::Read;
        let mut text = String::new();
        let mut stderr = child.stderr.take().unwrap();
        stderr.read_to_string(&mut text).unwrap();
        text
    };
    assert!(child.wait().unwrap().success());
    assert_eq!(output.matches("etcd has no birth").count(), 1, "{output}");
}

#[test]
fn a_process_ends_at_once_where_etcd_has_another_birth() {
    for other in [None, Some("an0ther")] {
        let container = Container::new();
        container.sessions(&[]);
        plant(&container, Some("b1rth"));
        assert!(start(&container).wait().unwrap().success());
        let mut milvus = container.child_of(1);
        assert!(container.is_well());
        // Silence and half of an answer end nothing.
        container.silence();
        container.sessions(&[]);
        assert!(container.is_well());
        let whole = says(other);
        for bad in [
            &whole[..whole.len() - 1],
            "",
            "{}",
            r#"{"error":"x","code":14}"#,
        ] {
            container.plant(&MEMBERS, "birth", bad);
            assert!(container.is_well(), "{bad}");
        }
        assert_eq!(milvus.try_wait().unwrap(), None);
        container.plant(&["etcd-1"], "birth", &whole);
        assert!(!container.look().status.success());
        assert!(!milvus.wait().unwrap().success());
    }
}

/// One that somebody starts in another way knows of none, and is left to its session.
#[test]
fn who_was_started_without_a_birth_is_not_asked_for_one() {
    let container = Container::new();
    container.sessions(&[]);
    plant(&container, None);
    let mut milvus = container.child_of(1);
    assert!(container.is_well());
    assert_eq!(milvus.try_wait().unwrap(), None);
    milvus.kill().unwrap();
    milvus.wait().unwrap();
}
