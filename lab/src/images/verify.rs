//! Starts each image's main command once and sees that it answers.

use std::process::Command;

use anyhow::{Result, bail};

use super::load::with_engine;
use crate::paths::Paths;
use crate::progress::Progress;
use crate::toolchain;

/// A command per image, and what it must say.
const ANSWERS: [(&str, &[&str], &str); 14] = [
    (
        "quay.io/coreos/etcd:v3.5.35",
        &["etcd", "--version"],
        "etcd Version: 3.5.35",
    ),
    (
        "quay.io/coreos/etcd:v3.5.35",
        &["etcdctl", "version"],
        "etcdctl version: 3.5.35",
    ),
    (
        "quay.io/coreos/etcd:v3.5.35",
        &["etcdutl", "version"],
        "etcdutl version: 3.5.35",
    ),
    // Upstream's has no shell: a health check must not find one.
    (
        "quay.io/coreos/etcd:v3.5.35",
        &["sh", "-c", "true"],
        "executable file not found",
    ),
    (
        "quay.io/coreos/etcd:v3.5.1",
        &["etcd", "--version"],
        "etcd Version: 3.5.1",
    ),
    (
        "quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z",
        &["--version"],
        "RELEASE.2026-02-12T20-18-48Z",
    ),
    (
        "minio/minio:RELEASE.2026-02-12T20-18-48Z",
        &["minio", "--version"],
        "RELEASE.2026-02-12T20-18-48Z",
    ),
    (
        "apachepulsar/pulsar:3.0.7",
        &["bin/pulsar", "broker", "--help"],
        "--broker-conf",
    ),
    (
        "apachepulsar/pulsar:3.0.7",
        &["bin/bookkeeper", "shell", "help"],
        "whatisinstanceid",
    ),
    (
        "apachepulsar/pulsar:3.0.7",
        &[
            "bash",
            "-c",
            "nc -h 2>&1 | head -1; curl --version; python3 --version; echo $(id -u):$(id -g) $PWD",
        ],
        "10000:0 /pulsar",
    ),
    (
        "apachepulsar/pulsar:2.8.2",
        &["bin/pulsar", "broker", "--help"],
        "--broker-conf",
    ),
    (
        "apachepulsar/pulsar:2.8.2",
        &["bash", "-c", "echo $(id -u):$(id -g) $PWD"],
        "0:0 /pulsar",
    ),
    (
        "milvusdb/milvus:v2.3.5",
        &["milvus", "run"],
        "milvus run [server type]",
    ),
    (
        "milvusdb/milvus:v2.3.0",
        &["milvus", "run"],
        "milvus run [server type]",
    ),
];

/// Runs them all on the private engine.
pub fn verify(paths: &Paths, progress: &Progress) -> Result<()> {
    with_engine(paths, |api| {
        for (image, command, answer) in ANSWERS {
            progress.step(format!("{image}: {}", command.join(" ")));
            let output = Command::new(toolchain::docker(paths))
                .args(["run", "--rm", "--network", "none", image])
                .args(command)
                .env("DOCKER_HOST", format!("unix://{}", api.socket().display()))
                .output()?;
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said);
            if !said.contains(answer) {
                bail!(
                    "{image}: `{}` did not say `{answer}`, but:\n{said}",
                    command.join(" ")
                );
            }
        }
        progress.done("every image's main command answers");
        Ok(())
    })
}
