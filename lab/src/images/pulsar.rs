//! Pulsar, BookKeeper and ZooKeeper: the released jars from Maven Central under
//! launch scripts and configuration files of our own, with the upstream names.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::Image;
use super::layer::{Layer, Make};
use super::workshop::Workshop;
use crate::shell;

const POM: &str = include_str!("../../images/pulsar/pom.xml");

/// A file under `/pulsar` and its content.
type File = (&'static str, &'static str);

/// Everything under `/pulsar` that is not a jar and is the same in every release.
const FILES: [File; 11] = [
    (
        "bin/apply-config-from-env.py",
        include_str!("../../images/pulsar/bin/apply-config-from-env.py"),
    ),
    (
        "bin/bookkeeper",
        include_str!("../../images/pulsar/bin/bookkeeper"),
    ),
    (
        "bin/generate-zookeeper-config.sh",
        include_str!("../../images/pulsar/bin/generate-zookeeper-config.sh"),
    ),
    (
        "bin/lab-java.sh",
        include_str!("../../images/pulsar/bin/lab-java.sh"),
    ),
    ("bin/pulsar", include_str!("../../images/pulsar/bin/pulsar")),
    (
        "bin/pulsar-zookeeper-ruok.sh",
        include_str!("../../images/pulsar/bin/pulsar-zookeeper-ruok.sh"),
    ),
    (
        "conf/bkenv.sh",
        include_str!("../../images/pulsar/conf/bkenv.sh"),
    ),
    (
        "conf/client.conf",
        include_str!("../../images/pulsar/conf/client.conf"),
    ),
    (
        "conf/log4j2.xml",
        include_str!("../../images/pulsar/conf/log4j2.xml"),
    ),
    (
        "conf/pulsar_env.sh",
        include_str!("../../images/pulsar/conf/pulsar_env.sh"),
    ),
    (
        "conf/zookeeper.conf",
        include_str!("../../images/pulsar/conf/zookeeper.conf"),
    ),
];

/// What a release has of its own.
const OWN_307: [File; 3] = [
    (
        "bin/lab-release.sh",
        include_str!("../../images/pulsar/3.0.7/lab-release.sh"),
    ),
    (
        "conf/bookkeeper.conf",
        include_str!("../../images/pulsar/3.0.7/bookkeeper.conf"),
    ),
    (
        "conf/broker.conf",
        include_str!("../../images/pulsar/3.0.7/broker.conf"),
    ),
];
const OWN_282: [File; 3] = [
    (
        "bin/lab-release.sh",
        include_str!("../../images/pulsar/2.8.2/lab-release.sh"),
    ),
    (
        "conf/bookkeeper.conf",
        include_str!("../../images/pulsar/2.8.2/bookkeeper.conf"),
    ),
    (
        "conf/broker.conf",
        include_str!("../../images/pulsar/2.8.2/broker.conf"),
    ),
];

/// Its files are those of 2.8.2, whose keys it knows; what came since is as the released jars have it.
const OWN_2105: [File; 3] = [
    (
        "bin/lab-release.sh",
        include_str!("../../images/pulsar/2.10.5/lab-release.sh"),
    ),
    OWN_282[1],
    OWN_282[2],
];

/// Runs each role once in the image's root and keeps the classes that it loaded.
const ARCHIVE: &str = include_str!("../../images/pulsar/archive-classes.sh");

pub fn images() -> [Image; 2] {
    [
        Image {
            name: "apachepulsar/pulsar:3.0.7",
            made_of: "maven:org.apache.pulsar:pulsar-broker:3.0.7",
            layers: vec![
                "debian",
                "curl",
                "java",
                "pulsar-3.0.7-jars",
                "pulsar-3.0.7-files",
                "pulsar-3.0.7-classes",
            ],
            config: config("10000"),
        },
        // Root, as every release before 2.10.
        Image {
            name: "apachepulsar/pulsar:2.8.2",
            made_of: "maven:org.apache.pulsar:pulsar-broker:2.8.2",
            layers: vec![
                "debian",
                "curl",
                "java",
                "pulsar-2.8.2-jars",
                "pulsar-2.8.2-files",
            ],
            config: config(""),
        },
    ]
}

/// Those that only a test asks for.
pub fn on_request() -> [Image; 1] {
    // User 10000 in group 0 "since the 2.10.0 release" (apache/pulsar: docker/README.md, lines 24-26).
    [Image {
        name: "apachepulsar/pulsar:2.10.5",
        made_of: "maven:org.apache.pulsar:pulsar-broker:2.10.5",
        layers: vec![
            "debian",
            "curl",
            "java",
            "pulsar-2.10.5-jars",
            "pulsar-2.10.5-files",
        ],
        config: config("10000"),
    }]
}

/// As docker/pulsar/Dockerfile of 3.0 has it.
fn config(user: &str) -> Value {
    json!({
        "User": user,
        "WorkingDir": "/pulsar",
        "Env": [
            "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/java/openjdk/bin",
            "JAVA_HOME=/opt/java/openjdk",
            "PULSAR_ROOT_LOGGER=INFO,CONSOLE",
        ],
    })
}

pub fn layers() -> [Layer; 7] {
    [
        Layer {
            name: "pulsar-3.0.7-jars",
            inputs: vec![POM, "3.0.7"],
            make: Make::Tree(|workshop, tree| jars(workshop, tree, "3.0.7")),
        },
        Layer {
            name: "pulsar-3.0.7-files",
            inputs: inputs(&OWN_307),
            make: Make::Tree(|_, tree| {
                files(tree, &OWN_307)?;
                give_to_user(tree)
            }),
        },
        Layer {
            name: "pulsar-3.0.7-classes",
            inputs: vec![],
            make: Make::Chroot {
                on: &[
                    "debian",
                    "curl",
                    "java",
                    "pulsar-3.0.7-jars",
                    "pulsar-3.0.7-files",
                ],
                script: ARCHIVE,
                network: false,
            },
        },
        Layer {
            name: "pulsar-2.8.2-jars",
            inputs: vec![POM, "2.8.2"],
            make: Make::Tree(|workshop, tree| jars(workshop, tree, "2.8.2")),
        },
        Layer {
            name: "pulsar-2.8.2-files",
            inputs: inputs(&OWN_282),
            make: Make::Tree(|_, tree| files(tree, &OWN_282)),
        },
        Layer {
            name: "pulsar-2.10.5-jars",
            inputs: vec![POM, "2.10.5"],
            make: Make::Tree(|workshop, tree| jars(workshop, tree, "2.10.5")),
        },
        Layer {
            name: "pulsar-2.10.5-files",
            inputs: inputs(&OWN_2105),
            make: Make::Tree(|_, tree| {
                files(tree, &OWN_2105)?;
                give_to_user(tree)
            }),
        },
    ]
}

fn inputs(own: &[File]) -> Vec<&'static str> {
    let files = FILES.iter().chain(own);
    let mut inputs = vec!["2"];
    inputs.extend(files.flat_map(|(path, text)| [*path, *text]));
    inputs
}

fn jars(workshop: &Workshop, tree: &Path, version: &str) -> Result<()> {
    let dir = workshop.scratch(&format!("pulsar-{version}-pom"))?;
    fs::write(dir.join("pom.xml"), POM)?;
    let lib = tree.join("pulsar/lib");
    shell::run(
        Workshop::gentle("mvn")
            .args([
                "--quiet",
                "--batch-mode",
                "--strict-checksums",
                "dependency:copy-dependencies",
            ])
            .args([
                "-DincludeScope=runtime",
                &format!("-Dpulsar={version}"),
                &format!("-DoutputDirectory={}", lib.display()),
            ])
            .current_dir(&dir),
    )
    .map(drop)
}

fn files(tree: &Path, own: &[File]) -> Result<()> {
    let pulsar = tree.join("pulsar");
    for dir in ["bin", "conf", "data"] {
        fs::create_dir_all(pulsar.join(dir))?;
    }
    for (path, text) in FILES.iter().chain(own) {
        let file = pulsar.join(path);
        fs::write(&file, text)?;
        let mode = if path.starts_with("bin/") {
            0o755
        } else {
            0o644
        };
        fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
    }
    Ok(())
}

/// As upstream from 2.10 on: user 10000 in group 0 writes in these.
fn give_to_user(tree: &Path) -> Result<()> {
    let pulsar = tree.join("pulsar");
    fs::set_permissions(&pulsar, fs::Permissions::from_mode(0o775))?;
    for name in ["conf", "data", "download", "logs"] {
        let dir = pulsar.join(name);
        fs::create_dir_all(&dir)?;
        for entry in fs::read_dir(&dir)? {
            let file = entry?.path();
            chown(&file, Some(10000), Some(0))?;
            fs::set_permissions(&file, fs::Permissions::from_mode(0o664))?;
        }
        chown(&dir, Some(10000), Some(0))?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o775))?;
    }
    Ok(())
}
