//! Another password for root: changed with the tool, and with a client that tells nobody. Another user
//! of MinIO for Milvus.

use std::fs;
use std::time::Instant;

use crate::client::Client;
use crate::cluster::Cluster;

/// With one proxy, since each takes half a minute to restart.
pub fn of_root(cluster: &Cluster) {
    cluster.shown(&["scale", "proxy=1", "--yes"]);
    let proxy = cluster.services_of("proxy")[0].clone();
    // A new task may be on another host.
    let host = || {
        let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
        let host = cluster.docker(&[&["service", "ps", &proxy], &running[..]].concat());
        host.trim().to_owned()
    };
    let as_root = |password: &str| Client {
        password: password.to_owned(),
        ..cluster.client(&host())
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
    // Only that manager says it to Milvus.
    let status = cluster.asked(&host(), &["status"]);
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

/// MinIO, asked from a task of it.
struct Store<'a> {
    cluster: &'a Cluster,
    host: String,
    container: String,
}

impl<'a> Store<'a> {
    fn of(cluster: &'a Cluster) -> Self {
        let service = cluster.services_of("minio")[0].clone();
        let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
        let host = cluster.docker(&[&["service", "ps", &service], &running[..]].concat());
        let host = host.trim().to_owned();
        let name = format!("name={service}");
        let container = cluster.docker_of(&host, &["ps", "--quiet", "--filter", &name]);
        Self {
            cluster,
            container: container.trim().to_owned(),
            host,
        }
    }

    /// The status of an answer.
    fn says(&self, (user, key): (&str, &str), method: &str, path: &str) -> String {
        let (login, url) = (format!("{user}:{key}"), format!("http://minio:9000{path}"));
        let ask = [
            "exec",
            &self.container,
            "curl",
            "--silent",
            "--output",
            "/dev/null",
            "--write-out",
            "%{http_code}",
            "--aws-sigv4",
            "aws:amz:us-east-1:s3",
            "--user",
            &login,
            // The administration takes no request without it; this is of nothing.
            "--header",
            "x-amz-content-sha256: \
             e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "--request",
            method,
            &url,
        ];
        self.cluster.docker_of(&self.host, &ask)
    }
}

/// Who Milvus is to MinIO, and with which key.
fn milvus_in_minio(cluster: &Cluster) -> (String, String) {
    let secrets = cluster.docker(&["secret", "ls", "--format", "{{.Name}}"]);
    let mut users = secrets.lines().filter(|name| name.contains("minio-milvus"));
    let user = users.next().expect("it has one").to_owned();
    assert_eq!(users.next(), None, "{secrets}");
    let proxy = cluster.services_of("proxy")[0].clone();
    let running = ["--filter", "desired-state=running", "--format", "{{.Node}}"];
    let hosts = cluster.docker(&[&["service", "ps", &proxy], &running[..]].concat());
    let host = hosts.lines().next().expect("a proxy runs");
    let tasks = cluster.docker_of(host, &["ps", "--quiet", "--filter", "name=_proxy"]);
    let task = tasks.lines().next().expect("it runs there");
    let key = cluster.docker_of(host, &["exec", task, "cat", "/run/secrets/minio-milvus"]);
    (user, key.trim().to_owned())
}

const ADMIN: &str = "/minio/admin/v3/list-users";
const OURS: &str = "/milvus-milvus/?list-type=2";

/// What Milvus may not do in MinIO, where its root may.
pub fn of_minio(cluster: &Cluster) {
    let store = Store::of(cluster);
    let logins = cluster.json(&["credentials", "--json"]);
    let word = |key: &str| logins["minio"][key].as_str().expect("MinIO has a root");
    let root = (word("user"), word("password"));
    let (user, key) = milvus_in_minio(cluster);
    let milvus = (user.as_str(), key.as_str());
    assert_eq!(store.says(root, "PUT", "/of-others/"), "200");
    for (who, asked, says) in [
        (root, ADMIN, "200"),
        (milvus, ADMIN, "403"),
        (root, "/of-others/?list-type=2", "200"),
        (milvus, "/of-others/?list-type=2", "403"),
        (milvus, OURS, "200"),
    ] {
        assert_eq!(store.says(who, "GET", asked), says, "{} {asked}", who.0);
    }
    assert_eq!(store.says(root, "DELETE", "/of-others/"), "204");
}

/// Another user of MinIO for Milvus while it is used: nothing acknowledged is lost.
pub fn of_minio_while_used(cluster: &Cluster) {
    let store = Store::of(cluster);
    let (user, key) = milvus_in_minio(cluster);
    let users = cluster.client("node03").use_it();
    let start = Instant::now();
    let plan = cluster.shown(&["credentials", "set", "minio", "--yes"]);
    println!(
        "another user of MinIO: {:.1}s",
        start.elapsed().as_secs_f64()
    );
    let counted = users.stop();
    println!("meanwhile: {counted}");
    // Query nodes leave one by one, each leading a shard: Milvus 2.3.5 misses rows meanwhile.
    assert!(plan.contains("exact searches may miss rows"), "{plan}");
    assert_eq!(counted["lost"], 0, "{counted}");
    let (next, other) = milvus_in_minio(cluster);
    assert_ne!((&user, &key), (&next, &other));
    assert_eq!(store.says((&next, &other), "GET", OURS), "200");
    assert_eq!(
        store.says((&user, &key), "GET", OURS),
        "403",
        "the former is let in"
    );
    cluster.check();
    assert!(cluster.must(&["plan", "--probe"]).contains("nothing to do"));
    cluster.assert_healthy();
}
