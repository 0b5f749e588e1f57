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
                // Upstream's tools, paths and user of 3.0 (docker/pulsar/Dockerfile).
                script: concat!(
                    "mkdir -p /usr/share/man/man1 /opt/java; ",
                    apt!(
                        "openjdk-17-jre-headless netcat-openbsd dnsutils less procps iputils-ping wget \
                         python3 python3-kazoo python3-yaml"
                    ),
                    "; ln -s /usr/lib/jvm/java-17-openjdk-amd64 /opt/java/openjdk",
                    "; printf 'networkaddress.cache.ttl=1\nnetworkaddress.cache.negative.ttl=1\n'",
                    " >> /etc/java-17-openjdk/security/java.security",
                    "; useradd pulsar -u 10000 -g 0 --no-create-home --home-dir /pulsar/data",
                ),
                network: true,
            },
        },
        Layer {
            name: "milvus-tools",
            inputs: vec![],
            make: Make::Chroot {
                on: &["debian", "curl"],
                script: concat!(
                    apt!("libjemalloc2 libaio1 libgomp1 procps tini"),
                    "; cp /usr/bin/tini-static /tini; mkdir -p /milvus/lib; ",
                    "cp /usr/lib/x86_64-linux-gnu/libjemalloc.so.2 /milvus/lib/libjemalloc.so"
                ),
                network: true,
            },
        },
    ]
}
