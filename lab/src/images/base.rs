//! Debian, in the few pieces that the images share.

use super::layer::{Layer, Make};

/// Installs packages without what they recommend.
macro_rules! apt {
    ($packages:literal) => {
        concat!(
            "apt-get update -q && apt-get install -y -q --no-install-recommends ",
            $packages
        )
    };
}

pub fn layers() -> Vec<Layer> {
    vec![
        Layer {
            name: "debian",
            inputs: vec!["bookworm minbase ca-certificates 1"],
            make: Make::Base,
        },
        Layer {
            name: "curl",
            inputs: vec![],
            make: Make::Chroot {
                on: &["debian"],
                script: apt!("curl"),
                network: true,
            },
        },
        Layer {
            name: "java",
            inputs: vec![],
            make: Make::Chroot {
                on: &["debian", "curl"],
                script: concat!(
                    "mkdir -p /usr/share/man/man1; ",
                    apt!("openjdk-17-jre-headless python3-minimal netcat-openbsd procps wget")
                ),
                network: true,
            },
        },
        Layer {
            name: "milvus-tools",
            inputs: vec![],
            make: Make::Chroot {
                on: &["debian", "curl"],
                // Upstream's image has no Python: a health check must not find one.
                script: concat!(
                    apt!("libjemalloc2 libaio1 procps python3-minimal python3-yaml tini"),
                    "; cp /usr/bin/tini-static /tini; mkdir -p /opt/lab; ",
                    "mv \"$(readlink -f /usr/bin/python3)\" /opt/lab/python3; rm -f /usr/bin/python3*"
                ),
                network: true,
            },
        },
    ]
}
