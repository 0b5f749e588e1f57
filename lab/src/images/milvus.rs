//! Milvus: the real binary and libraries, built "-lite", that a PyPI package carries.

use std::fs;
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
            inputs: vec![PIN_235, UNPACK],
            make: Make::Tree(|workshop, tree| fill(workshop, tree, PIN_235, "milvus-2.3.5")),
        },
        Layer {
            name: "milvus-2.3.0",
            inputs: vec![PIN_230, UNPACK],
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
            // build/docker/milvus/ubuntu20.04/Dockerfile of 2.3.5; that of 2.3.0 is the same.
            "Env": [
                "PATH=/milvus/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "LD_LIBRARY_PATH=/milvus/lib::/usr/lib",
                "LD_PRELOAD=/milvus/lib/libjemalloc.so",
                "MALLOC_CONF=background_thread:true",
            ],
            "Entrypoint": ["/tini", "--"],
            "WorkingDir": "/milvus/",
        }),
    }
}

fn fill(workshop: &Workshop, tree: &Path, pin: &str, name: &str) -> Result<()> {
    let wheel = pypi::unpack(workshop, pin, name)?;
    let milvus = tree.join("milvus");
    for dir in ["bin", "configs", "lib"] {
        fs::create_dir_all(milvus.join(dir))?;
    }
    let script = workshop.scratch(name)?.join("unpack.py");
    fs::write(&script, UNPACK)?;
    shell::run(
        Command::new("python3")
            .arg(script)
            .arg(wheel.join("milvus/data"))
            .arg(&milvus),
    )
    .map(drop)
}
