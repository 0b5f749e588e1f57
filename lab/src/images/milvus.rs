//! Milvus: the real binary and libraries, built "-lite", that a PyPI package carries.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use super::layer::{Layer, Make};
use super::workshop::Workshop;
use super::{Image, pypi};
use crate::shell;

const PIN_235: &str =
    "milvus==2.3.5 --hash=sha256:69515a0630ce29fd10e101fa442afea8ca1387b93a456cd9bd41fdf3deb93d04";
const PIN_230: &str =
    "milvus==2.3.0 --hash=sha256:0560c279f4559bb338a0e9642a5c1e323ac0a3de276a6d34a7b8197b467acfc1";

/// Starts the binary after merging `default.yaml` and `user.yaml`, as upstream's does itself.
const WRAPPER: &str = include_str!("../../images/milvus/milvus");

/// Unpacks the binaries and renders the configuration template to upstream's values.
const UNPACK: &str = include_str!("../../images/milvus/unpack.py");

pub fn images() -> [Image; 2] {
    [
        image(
            "milvusdb/milvus:v2.3.5",
            "pypi:milvus==2.3.5",
            "milvus-2.3.5",
        ),
        image(
            "milvusdb/milvus:v2.3.0",
            "pypi:milvus==2.3.0",
            "milvus-2.3.0",
        ),
    ]
}

pub fn layers() -> [Layer; 2] {
    [
        Layer {
            name: "milvus-2.3.5",
            inputs: vec![PIN_235, WRAPPER, UNPACK],
            make: Make::Tree(|workshop, tree| fill(workshop, tree, PIN_235, "milvus-2.3.5")),
        },
        Layer {
            name: "milvus-2.3.0",
            inputs: vec![PIN_230, WRAPPER, UNPACK],
            make: Make::Tree(|workshop, tree| fill(workshop, tree, PIN_230, "milvus-2.3.0")),
        },
    ]
}

fn image(name: &'static str, made_of: &'static str, layer: &'static str) -> Image {
    Image {
        name,
        made_of,
        layers: vec!["debian", "curl", "milvus-tools", layer],
        config: json!({
            "Env": ["PATH=/milvus/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Entrypoint": ["/tini", "--"],
            "WorkingDir": "/milvus",
        }),
    }
}

fn fill(workshop: &Workshop, tree: &Path, pin: &str, name: &str) -> Result<()> {
    let wheel = pypi::unpack(workshop, pin, name)?;
    let milvus = tree.join("milvus");
    for dir in ["bin", "configs", "lib"] {
        fs::create_dir_all(milvus.join(dir))?;
    }
    fs::create_dir_all(tree.join("var/lib/milvus/data"))?;
    let script = workshop.scratch(name)?.join("unpack.py");
    fs::write(&script, UNPACK)?;
    shell::run(
        Command::new("python3")
            .arg(script)
            .arg(wheel.join("milvus/data"))
            .arg(&milvus),
    )?;
    let wrapper = milvus.join("bin/milvus");
    fs::write(&wrapper, WRAPPER)?;
    fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
