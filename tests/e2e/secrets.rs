//! Nobody gets in with a default password, and no credential is anywhere but in its secret.

use std::time::{Duration, Instant};

use crate::cluster::Cluster;

pub fn are_kept(cluster: &Cluster) {
    let ours = cluster.client("node01");
    assert_eq!(ours.run("login.py")["in"], true);
    for guess in ["Milvus", "", "milvus"] {
        let stranger = crate::client::Client {
            password: guess.to_owned(),
            ..cluster.client("node01")
        };
        let said = stranger.run("login.py");
        assert_eq!(said["in"], false, "`{guess}` is let in: {said}");
    }

    let credentials = cluster.json(&["credentials", "--json"]);
    let mut passwords = Vec::new();
    gather(&credentials, &mut passwords);
    assert!(passwords.len() >= 2, "root's and MinIO's");
    let services = cluster.docker(&["service", "ls", "-q"]);
    for service in services.lines() {
        let spec = cluster.docker(&["service", "inspect", service]);
        for password in &passwords {
            assert!(
                !spec.contains(password.as_str()),
                "{service} shows a password"
            );
        }
    }
    let plan = cluster.must(&["plan", "--json"]);
    for password in &passwords {
        assert!(!plan.contains(password.as_str()), "a plan shows a password");
    }

    // Nothing but the proxies is published.
    for service in services.lines() {
        let line = cluster.docker(&[
            "service",
            "inspect",
            "-f",
            "{{.Spec.Name}} {{range .Endpoint.Spec.Ports}}{{.PublishedPort}} {{end}}",
            service,
        ]);
        let mut words = line.split_whitespace();
        let name = words.next().expect("a name");
        let ports: Vec<&str> = words.collect();
        if name.ends_with("_proxy") {
            assert_eq!(ports, ["19530"], "{line}");
        } else {
            assert!(ports.is_empty(), "{line}");
        }
    }
}

/// One setting in etcd opens the proxies to everybody within seconds, and `status` says so.
pub fn strangers_are_noticed(cluster: &Cluster) {
    const KEY: &str = "milvus/config/common/security/authorizationEnabled";
    let etcd = cluster.docker(&["ps", "-q", "--filter", "name=milvus-store_etcd-"]);
    let etcd = etcd.lines().next().expect("a member of etcd on node01");
    let etcdctl = |words: &[&str]| cluster.docker(&[&["exec", etcd, "etcdctl"], words].concat());
    let said_until = |code: i32, words: &str| {
        let start = Instant::now();
        loop {
            let output = cluster.run(&["status"]);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            if output.status.code() == Some(code) && said.contains(words) {
                return said;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{said}");
        }
    };
    etcdctl(&["put", KEY, "false"]);
    let said = said_until(6, KEY);
    assert!(said.contains(&format!("etcdctl del {KEY}")), "{said}");
    said_until(6, "lets in whoever names no password");
    etcdctl(&["del", KEY]);
    said_until(0, "healthy");
}

/// Every text under a key called `password`.
fn gather(value: &serde_json::Value, out: &mut Vec<String>) {
    if let Some(object) = value.as_object() {
        for (key, value) in object {
            match value.as_str() {
                Some(text) if key == "password" => out.push(text.to_owned()),
                _ => gather(value, out),
            }
        }
    }
}
