//! Objects in a store that is there already: a second MinIO, which is not the cluster's.

use std::fs;
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::cluster::Cluster;

/// Where the stores run, and who asks them.
const HOST: &str = "node03";
const ADDRESS: &str = "10.99.0.3";
const IMAGE: &str = "quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z";
const KEY: &str = "storekey";
const SECRET: &str = "storesecret1";

/// Each mistake has its sentence, at once; then Milvus keeps its objects there, and nothing of MinIO
/// is the cluster's.
pub fn keeps_its_objects_there(cluster: &mut Cluster) {
    for (file, text) in [("access", KEY), ("secret", SECRET), ("bad", "not-the-key")] {
        let path = cluster.folder().join(file);
        fs::write(&path, text).expect("a file can be written");
    }
    let plain = Store::start(cluster, "store", 9100, &[]);
    let tls = certificates(cluster)
        .map(|mount| Store::start(cluster, "tls-store", 9200, &["-v", &mount]));
    mistakes(cluster, tls.is_some());

    overlay(cluster, &[]);
    cluster.up();
    cluster.assert_healthy();
    let again = cluster.up();
    assert!(again.contains("nothing to do"), "{again}");
    cluster.load();
    cluster.check();
    assert!(plain.objects(cluster) > 3, "Milvus wrote nothing there");
    assert_eq!(tls.map_or(0, |tls| tls.objects(cluster)), 0);
    nothing_of_minio(cluster);
    somebody_elses(cluster);
    plain.is_missed(cluster);
    cluster.check();
    cluster.down_with_data();
    cluster.files.pop();
}

/// A store on a host of the lab, outside of the Swarm.
struct Store(&'static str);

impl Store {
    fn start(cluster: &Cluster, name: &'static str, port: u16, more: &[&str]) -> Self {
        let (user, password) = (
            format!("MINIO_ROOT_USER={KEY}"),
            format!("MINIO_ROOT_PASSWORD={SECRET}"),
        );
        let (address, console) = (format!(":{port}"), format!(":{}", port + 1));
        let run = ["run", "-d", "--name", name, "--network", "host"];
        let variables = ["-e", &user, "-e", &password, "-e", "MINIO_REGION=lab-1"];
        let server = ["server", "/data", "--address", &address];
        let console = ["--console-address", &console, "--certs-dir", "/certs"];
        let words = [&run[..], &variables, more, &[IMAGE], &server, &console].concat();
        cluster.docker_of(HOST, &words);
        let store = Self(name);
        let until = Instant::now() + Duration::from_secs(60);
        while !answers(cluster, port) {
            assert!(Instant::now() < until, "the store does not start");
            sleep(Duration::from_millis(300));
        }
        cluster.docker_of(HOST, &["exec", name, "mkdir", "/data/vectors"]);
        store
    }

    /// How many objects it has in the bucket.
    fn objects(&self, cluster: &Cluster) -> usize {
        let find = ["exec", self.0, "find", "/data/vectors", "-name", "xl.meta"];
        cluster.docker_of(HOST, &find).lines().count()
    }

    /// `status` tells that it is away, and that it is back.
    fn is_missed(&self, cluster: &Cluster) {
        cluster.docker_of(HOST, &["stop", self.0]);
        let output = cluster.run(&["status"]);
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(output.status.code(), Some(6), "{said}");
        assert!(said.contains("`10.99.0.3:9100` does not answer"), "{said}");
        cluster.docker_of(HOST, &["start", self.0]);
        let until = Instant::now() + Duration::from_secs(60);
        while cluster.run(&["status"]).status.code() != Some(0) {
            assert!(
                Instant::now() < until,
                "the store is back, and nobody sees it"
            );
            sleep(Duration::from_secs(1));
        }
    }
}

/// Whether a store says that it is there, with TLS or without.
fn answers(cluster: &Cluster, port: u16) -> bool {
    ["http", "https"].into_iter().any(|scheme| {
        let mut curl = cluster.lab.command(HOST).expect("the host is there");
        curl.args(["curl", "-skf", "-o", "/dev/null"]);
        curl.arg(format!("{scheme}://{ADDRESS}:{port}/minio/health/live"));
        curl.status().expect("curl runs").success()
    })
}

/// The inventory of the store, with something else in it.
fn overlay(cluster: &mut Cluster, changes: &[(&str, &str)]) {
    let mut text = format!(
        "storage:\n  s3:\n    endpoint: {ADDRESS}:9100\n    tls: false\n    region: lab-1\n    bucket: vectors\n    \
         access_key: {{ file: access }}\n    secret_key: {{ file: secret }}\n"
    );
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    cluster.overlay("s3.yml", &text);
}

/// What the inventory has wrong, what `up` says of it, and the secrets that are to be made anew.
type Mistake = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static [&'static str],
);

/// In an order in which each next `up` goes on from the one before.
const MISTAKES: &[Mistake] = &[
    (
        &[("file: access", "file: bad")],
        "does not know the access key",
        &["milvus-s3-access-key-v1", "milvus-s3-secret-key-v1"],
    ),
    (
        &[("file: secret", "file: bad")],
        "the secret key is not the one that goes with it",
        &["milvus-s3-secret-key-v1"],
    ),
    (
        &[("region: lab-1", "region: eu-9")],
        "is not in the region `eu-9`, it is in `lab-1`",
        &[],
    ),
    (
        &[("bucket: vectors", "bucket: pictures")],
        "has no bucket `pictures`",
        &[],
    ),
    (
        &[("tls: false", "tls: true")],
        "does not speak TLS on port 9100",
        &[],
    ),
    (
        &[("9100", "9200"), ("tls: false", "tls: true")],
        "nobody who is trusted vouches for the certificate",
        &[],
    ),
];

fn mistakes(cluster: &mut Cluster, has_tls: bool) {
    for (changes, sentence, secrets) in MISTAKES {
        if !has_tls && changes.iter().any(|(from, _)| *from == "9100") {
            println!("NOT RUN: {sentence}: there is no `openssl` to make certificates with");
            continue;
        }
        overlay(cluster, changes);
        let began = Instant::now();
        let output = cluster.run(&["up", "--yes"]);
        let took = began.elapsed();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(6), "{said}");
        assert!(said.contains(sentence), "{said}");
        // The probe that asks takes a few seconds of it.
        assert!(
            took < Duration::from_secs(30),
            "{} s: {said}",
            took.as_secs()
        );
        println!("on S3: {:.1} s until {sentence}", took.as_secs_f64());
        assert_eq!(cluster.services_of("rootcoord"), Vec::<String>::new());
        for secret in *secrets {
            cluster.docker(&["secret", "rm", secret]);
        }
        cluster.files.pop();
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// The roles of its hosts run nothing.
fn nothing_of_minio(cluster: &Cluster) {
    let services = cluster.docker(&["service", "ls", "--format", "{{.Name}}"]);
    assert!(!services.contains("minio"), "{services}");
    for host in ["node01", "node02", "node03"] {
        let volumes = cluster.docker_of(host, &["volume", "ls", "-q"]);
        assert!(!volumes.contains("minio"), "{volumes}");
        let labels = cluster.docker(&["node", "inspect", "-f", "{{json .Spec.Labels}}", host]);
        assert!(!labels.contains("minio"), "{labels}");
    }
    let secrets = cluster.docker(&["secret", "ls", "--format", "{{.Name}}"]);
    assert!(!secrets.contains("minio"), "{secrets}");
}

/// Another cluster finds the bucket taken; this one finds other places refused.
fn somebody_elses(cluster: &mut Cluster) {
    cluster.overlay("name.yml", "name: other\npublish: { proxy: 19531 }\n");
    let output = cluster.run(&["up", "--yes"]);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(6), "{said}");
    assert!(said.contains("is of the cluster `milvus`"), "{said}");
    cluster.down_with_data();
    cluster.files.pop();

    cluster.overlay("moved.yml", "storage: { s3: { root_path: elsewhere } }\n");
    let output = cluster.run(&["plan"]);
    let said = self::said(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(said.contains("filler-moves"), "{said}");
    cluster.files.pop();
}

/// A certificate for the store for which nobody but itself vouches, as a mount; none where there is
/// nothing to make it with.
fn certificates(cluster: &Cluster) -> Option<String> {
    let folder = cluster.folder().join("certificates");
    fs::create_dir(&folder).expect("a folder can be made");
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args(["-subj", "/CN=store", "-addext"])
        .arg(format!("subjectAltName=IP:{ADDRESS}"))
        .args(["-keyout", "private.key", "-out", "public.crt"])
        .current_dir(&folder)
        .output()
        .ok()?;
    let said = String::from_utf8_lossy(&made.stderr);
    assert!(made.status.success(), "{said}");
    Some(format!("{}:/certs", folder.display()))
}
