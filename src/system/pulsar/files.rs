//! The files that Pulsar's services mount.

use crate::component::{File, StackName};

pub const FILES: &[File] = &[
    File {
        template: "zookeeper.conf",
        stack: StackName::Pulsar,
        key: "zookeeper-conf",
        variable: "zookeeper_conf",
        target: "/pulsar/conf/zookeeper.conf",
    },
    File {
        template: "start-zookeeper.sh",
        stack: StackName::Pulsar,
        key: "start-zookeeper",
        variable: "start_zookeeper",
        target: "/pulsar/start-zookeeper.sh",
    },
    File {
        template: "init-metadata.sh",
        stack: StackName::Pulsar,
        key: "init-metadata",
        variable: "init_metadata",
        target: "/pulsar/init-metadata.sh",
    },
    File {
        template: "start-pulsar.sh",
        stack: StackName::Pulsar,
        key: "start-pulsar",
        variable: "start_pulsar",
        target: "/pulsar/start-pulsar.sh",
    },
];
