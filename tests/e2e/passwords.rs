//! Another password for root: changed with the tool, and with a client that tells nobody.

use std::fs;
use std::time::Instant;

use crate::client::Client;
use crate::cluster::Cluster;

/// With one proxy, since each takes half a minute to restart.
pub fn of_root(cluster: &Cluster) {
    cluster.shown(&["scale", "proxy=1", "--yes"]);
    let proxy = cluster.services_of("proxy")[0].clone();
    // A new task may be on another host.
    let as_root = |password: &str| {
        let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
        let host = cluster.docker(&[&["service", "ps", &proxy], &running[..]].concat());
        Client {
            password: password.to_owned(),
            ..cluster.client(host.trim())
        }
    };
    let is_let_in = |password: &str| as_root(password).run("login.py")["in"] == true;

    let first = cluster.client("node01").password;
    let start = Instant::now();
    let said = cluster.shown(&["credentials", "set", "root", "--yes"]);
    println!(
        "another root password: {:.1}s",
        start.elapsed().as_secs_f64()
    );
    let second = cluster.client("node01").password;
    assert_ne!(first, second);
    assert!(!said.contains(&second), "it is shown");
    assert!(is_let_in(&second));
    assert!(!is_let_in(&first));
    let secrets = cluster.docker(&["secret", "ls", "--format", "{{.Name}}"]);
    let of_root: Vec<&str> = secrets
        .lines()
        .filter(|name| name.contains("milvus-root"))
        .collect();
    assert_eq!(of_root.len(), 1, "{secrets}");
    assert!(cluster.must(&["plan", "--probe"]).contains("nothing to do"));

    // The first thing that an administrator does.
    let third = "chosen by a person 1";
    let client = as_root(&format!("{second}\n{third}"));
    assert_eq!(client.run("change_password.py")["changed"], true);
    let status = cluster.run(&["status"]);
    assert_eq!(status.status.code(), Some(6));
    let said = String::from_utf8_lossy(&status.stdout);
    let way = "credentials set root --password-file";
    assert!(said.contains(way), "{said}");

    let file = cluster.folder().join("password.txt");
    fs::write(&file, format!("{third}\n")).expect("the folder takes a file");
    let path = file.display().to_string();
    cluster.shown(&[
        "credentials",
        "set",
        "root",
        "--password-file",
        &path,
        "--yes",
    ]);
    assert_eq!(cluster.client("node01").password, third);
    assert!(is_let_in(third));
    cluster.assert_healthy();
}
