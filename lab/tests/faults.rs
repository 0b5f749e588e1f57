//! Faults on a real lab. Needs root, takes a minute once the images are cached:
//! `cargo test -p milvus-swarm-lab -- --ignored`.

use std::time::{Duration, Instant};

use milvus_swarm_lab::{Lab, Progress, UpOptions};

#[test]
#[ignore = "makes a lab: needs root and the machine to itself"]
fn a_killed_host_comes_back() {
    let lab = Lab::up_with(&UpOptions::new(3), &Progress::silent()).unwrap();
    assert_eq!(node(&lab, "node03"), "ready");
    lab.kill_host("node03").unwrap();
    wait(&lab, "down");
    lab.start_host("node03").unwrap();
    wait(&lab, "ready");
    lab.partition_host("node03").unwrap();
    wait(&lab, "down");
    lab.heal_host("node03").unwrap();
    wait(&lab, "ready");
    lab.freeze_host("node03").unwrap();
    wait(&lab, "down");
    lab.thaw_host("node03").unwrap();
    wait(&lab, "ready");
    lab.freeze_host("node03").unwrap();
    lab.kill_host("node03").unwrap();
    lab.start_host("node03").unwrap();
    wait(&lab, "ready");
    Lab::down(&Progress::silent()).unwrap();
    assert!(Lab::attach().is_err());
}

fn node(lab: &Lab, name: &str) -> String {
    let hosts = lab.status().unwrap();
    hosts
        .into_iter()
        .find(|host| host.name == name)
        .unwrap()
        .node
}

fn wait(lab: &Lab, state: &str) {
    let until = Instant::now() + Duration::from_secs(60);
    while node(lab, "node03") != state {
        assert!(Instant::now() < until, "node03 does not become {state}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
