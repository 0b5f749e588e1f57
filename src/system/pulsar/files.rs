//! The files that Pulsar's services mount.

use crate::component::File;
use crate::system::Text;

const ZOOKEEPER_CONF: Text = Text {
    name: "zookeeper.conf",
    text: include_str!("../../../templates/pulsar/zookeeper.conf"),
};
const START_ZOOKEEPER: Text = Text {
    name: "start-zookeeper.sh",
    text: include_str!("../../../templates/pulsar/start-zookeeper.sh"),
};
const INIT_METADATA: Text = Text {
    name: "init-metadata.sh",
    text: include_str!("../../../templates/pulsar/init-metadata.sh"),
};
const START_PULSAR: Text = Text {
    name: "start-pulsar.sh",
    text: include_str!("../../../templates/pulsar/start-pulsar.sh"),
};

pub(super) const FILES: &[File] = &[
    File {
        template: ZOOKEEPER_CONF,
        key: "zookeeper-conf",
        variable: "zookeeper_conf",
        target: "/pulsar/conf/zookeeper.conf",
        is_templated: false,
        is_of: |_, _| true,
    },
    File {
        template: START_ZOOKEEPER,
        key: "start-zookeeper",
        variable: "start_zookeeper",
        target: "/pulsar/start-zookeeper.sh",
        is_templated: false,
        is_of: |_, _| true,
    },
    File {
        template: INIT_METADATA,
        key: "init-metadata",
        variable: "init_metadata",
        target: "/pulsar/init-metadata.sh",
        is_templated: false,
        is_of: |_, _| true,
    },
    File {
        template: START_PULSAR,
        key: "start-pulsar",
        variable: "start_pulsar",
        target: "/pulsar/start-pulsar.sh",
        is_templated: false,
        is_of: |_, _| true,
    },
];
