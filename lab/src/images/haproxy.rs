//! HAProxy: that of Debian trixie, at the places of upstream's image.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::Image;
use super::layer::{Layer, Make};
use super::workshop::Workshop;
use crate::debian;

/// What is needed to run it, besides a shell for the script that upstream's image begins with.
const PACKAGES: [&str; 16] = [
    "base-files",
    "dash",
    "haproxy",
    "libc6",
    "libcrypt1",
    "libgcc-s1",
    "libjemalloc2",
    "liblua5.4-0",
    "libopentracing-c-wrapper0t64",
    "libopentracing1",
    "libpcre2-8-0",
    "libssl3t64",
    "libstdc++6",
    "libzstd1",
    "zlib1g",
    "ca-certificates",
];

/// Runs it in the foreground with a master process, as upstream's does (docker-library/haproxy:
/// `3.0/docker-entrypoint.sh`).
const ENTRYPOINT: &str = "#!/bin/sh\nset -e\nif [ \"$1\" = haproxy ]; then shift; set -- haproxy -W -db \"$@\"; fi\nexec \"$@\"\n";

/// As upstream's (`3.0/Dockerfile`).
const UID: u32 = 99;

pub fn image() -> Image {
    Image {
        name: "haproxy:3.0.11",
        made_of: "debian:trixie/haproxy=3.0.11",
        layers: vec!["haproxy"],
        config: json!({
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Entrypoint": ["docker-entrypoint.sh"],
            "Cmd": ["haproxy", "-f", "/usr/local/etc/haproxy/haproxy.cfg"],
            "WorkingDir": "/var/lib/haproxy",
            "User": "haproxy",
            "StopSignal": "SIGUSR1",
        }),
    }
}

pub fn layer() -> Layer {
    Layer {
        name: "haproxy",
        inputs: vec!["trixie 3.0.11", ENTRYPOINT, "1"],
        make: Make::Tree(made),
    }
}

fn made(workshop: &Workshop, tree: &Path) -> Result<()> {
    let unpacked = debian::unpack("trixie", &PACKAGES, &workshop.scratch("haproxy-packages")?)?;
    for dir in ["usr/bin", "usr/lib", "usr/lib64"] {
        copy(&unpacked.join(dir), &tree.join(dir))?;
    }
    for link in ["bin", "lib", "lib64"] {
        symlink(format!("usr/{link}"), tree.join(link))?;
    }
    for dir in [
        "etc/ssl",
        "tmp",
        "usr/local/bin",
        "usr/local/etc/haproxy",
        "usr/local/sbin",
        "var/lib/haproxy",
    ] {
        fs::create_dir_all(tree.join(dir))?;
    }
    fs::set_permissions(tree.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    chown(tree.join("var/lib/haproxy"), Some(UID), Some(UID))?;
    fs::copy(
        unpacked.join("usr/sbin/haproxy"),
        tree.join("usr/local/sbin/haproxy"),
    )?;
    let script = tree.join("usr/local/bin/docker-entrypoint.sh");
    fs::write(&script, ENTRYPOINT)?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?;
    let passwd = format!(
        "root:x:0:0:root:/root:/bin/sh\nhaproxy:x:{UID}:{UID}::/var/lib/haproxy:/bin/false\n"
    );
    fs::write(tree.join("etc/passwd"), passwd)?;
    fs::write(
        tree.join("etc/group"),
        format!("root:x:0:\nhaproxy:x:{UID}:\n"),
    )?;
    Ok(())
}

/// Copies a folder with its links as links.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    let mut copy = std::process::Command::new("cp");
    copy.arg("-a").arg(from.join(".")).arg(to);
    crate::shell::run(&mut copy)?;
    Ok(())
}
