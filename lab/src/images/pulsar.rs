//! Pulsar, BookKeeper and ZooKeeper: the released jars from Maven Central under
//! launch scripts and configuration files of our own, with the upstream names.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::Image;
use super::layer::{Layer, Make};
use super::workshop::Workshop;
use crate::shell;

const POM: &str = include_str!("../../images/pulsar/pom.xml");

/// Everything under `/pulsar` that is not a jar: path and content.
const FILES: [(&str, &str); 12] = [
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
        "conf/bookkeeper.conf",
        include_str!("../../images/pulsar/conf/bookkeeper.conf"),
    ),
    (
        "conf/broker.conf",
        include_str!("../../images/pulsar/conf/broker.conf"),
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

/// Runs each role once in the image's root and keeps the classes that it loaded.
const ARCHIVE: &str = include_str!("../../images/pulsar/archive-classes.sh");

pub fn image() -> Image {
    Image {
        name: "apachepulsar/pulsar:2.8.2",
        made_of: "maven:org.apache.pulsar:pulsar-broker:2.8.2",
        layers: vec![
            "debian",
            "curl",
            "java",
            "pulsar-jars",
            "pulsar-files",
            "pulsar-classes",
        ],
        config: json!({
            "User": "10000",
            "WorkingDir": "/pulsar",
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "JAVA_HOME=/usr/lib/jvm/java-17-openjdk-amd64",
                "PULSAR_ROOT_LOGGER=INFO,CONSOLE",
            ],
            "Volumes": {"/pulsar/conf": {}, "/pulsar/data": {}},
        }),
    }
}

pub fn layers() -> [Layer; 3] {
    let mut inputs = vec!["1"];
    inputs.extend(FILES.iter().flat_map(|(path, text)| [*path, *text]));
    [
        Layer {
            name: "pulsar-jars",
            inputs: vec![POM],
            make: Make::Tree(jars),
        },
        Layer {
            name: "pulsar-files",
            inputs,
            make: Make::Tree(files),
        },
        Layer {
            name: "pulsar-classes",
            inputs: vec![],
            make: Make::Chroot {
                on: &["debian", "curl", "java", "pulsar-jars", "pulsar-files"],
                script: ARCHIVE,
                network: false,
            },
        },
    ]
}

fn jars(workshop: &Workshop, tree: &Path) -> Result<()> {
    let dir = workshop.scratch("pulsar-pom")?;
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
                &format!("-DoutputDirectory={}", lib.display()),
            ])
            .current_dir(&dir),
    )
    .map(drop)
}

fn files(_: &Workshop, tree: &Path) -> Result<()> {
    let pulsar = tree.join("pulsar");
    for dir in ["bin", "conf", "data", "logs"] {
        fs::create_dir_all(pulsar.join(dir))?;
    }
    for (path, text) in FILES {
        let file = pulsar.join(path);
        fs::write(&file, text)?;
        let mode = if path.starts_with("bin/") {
            0o755
        } else {
            0o664
        };
        fs::set_permissions(&file, fs::Permissions::from_mode(mode))?;
    }
    // As upstream: the user is 10000 in group 0, and writes in these three.
    for path in ["", "conf", "data", "logs"] {
        let dir = pulsar.join(path);
        chown(&dir, Some(10000), Some(0))?;
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o775))?;
    }
    for (path, _) in FILES.iter().filter(|(path, _)| path.starts_with("conf/")) {
        chown(pulsar.join(path), Some(10000), Some(0))?;
    }
    Ok(())
}
