//! Nobody gets in with a default password, and no credential is anywhere but in its secret.

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
