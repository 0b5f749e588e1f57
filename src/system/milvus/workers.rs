//! The workers, and the proxies before them.

use super::{COORDS, HEALTH, PORT, SECRET, gates};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, Kind, LAST, Process, Relied, Shape, StackName, Stops,
};
use crate::inventory::Image;
use crate::role::Role;
use crate::system::minio;

/// Write the log and hold what is in no segment yet.
pub const STREAMINGNODE: Component = Component {
    name: "streamingnode",
    title: "streaming nodes",
    one: "streaming node",
    whole: "streaming nodes",
    role: Role::Data,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: COORDS,
    milvus: Some(Process {
        run: "streamingnode",
        session: "streamingnode",
        kind: Kind::Worker,
    }),
    releases: (6, LAST),
    grace: 1800,
    upgrades_after: &["mixcoord"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("writes stall while channels move", 5),
        several: ("writes stall while channels move", 5),
        each: ("writes stall while channels move", 5),
        at_once: false,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[HEALTH],
    publishes: &[],
    secrets: &[minio::SECRET],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    gates: gates::worker,
};

/// Turn the log into segments.
pub const DATANODE: Component = Component {
    name: "datanode",
    title: "data nodes",
    one: "data node",
    whole: "data nodes",
    role: Role::Data,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: COORDS,
    milvus: Some(Process {
        run: "datanode",
        session: "datanode",
        kind: Kind::Worker,
    }),
    releases: (FIRST, LAST),
    grace: 1800,
    upgrades_after: &["querynode"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("writes stall while channels move", 5),
        several: ("writes stall while channels move", 5),
        each: ("writes stall while channels move", 5),
        at_once: false,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[HEALTH],
    publishes: &[],
    secrets: &[minio::SECRET],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: false,
        writes: true,
    },
    gates: gates::worker,
};

/// What users talk to.
pub const PROXY: Component = Component {
    name: "proxy",
    title: "proxies",
    one: "proxy",
    whole: "proxies",
    role: Role::Proxy,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: COORDS,
    milvus: Some(Process {
        run: "proxy",
        session: "proxy",
        kind: Kind::Front,
    }),
    releases: (FIRST, LAST),
    grace: 60,
    upgrades_after: &["datanode"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("no requests at all", 10),
        several: ("clients of these proxies are cut off and must reconnect", 5),
        each: (
            "one at a time: clients of that proxy are cut off and must reconnect",
            5,
        ),
        at_once: false,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[PORT, HEALTH],
    publishes: &[
        (PORT, |publish| publish.proxy),
        (HEALTH, |publish| publish.metrics),
    ],
    secrets: &[minio::SECRET, SECRET],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    gates: gates::front,
};

/// Hold loaded segments and search them.
pub const QUERYNODE: Component = Component {
    name: "querynode",
    title: "query nodes",
    one: "query node",
    whole: "query nodes",
    role: Role::Query,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: COORDS,
    milvus: Some(Process {
        run: "querynode",
        session: "querynode",
        kind: Kind::Leader,
    }),
    releases: (FIRST, LAST),
    grace: 1800,
    upgrades_after: &["querycoord", "streamingnode", "mixcoord"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("no searches until the data is loaded again", 30),
        several: (
            "searches miss what they had loaded until others have loaded it",
            30,
        ),
        each: (
            "one at a time, each handed over; where it leads a shard, exact searches may \
             miss rows for 2 to 7 s",
            7,
        ),
        at_once: false,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[HEALTH],
    publishes: &[],
    secrets: &[minio::SECRET],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: false,
    },
    gates: gates::worker,
};

/// Build indexes.
pub const INDEXNODE: Component = Component {
    name: "indexnode",
    title: "index nodes",
    one: "index node",
    whole: "index nodes",
    role: Role::Index,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: COORDS,
    milvus: Some(Process {
        run: "indexnode",
        session: "indexnode",
        kind: Kind::Worker,
    }),
    releases: (FIRST, 5),
    grace: 60,
    upgrades_after: &[],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("index builds start again", 5),
        several: ("index builds start again", 5),
        each: ("index builds start again", 5),
        at_once: false,
    },
    agreement: Agreement::Alone,
    data: Data::None,
    listens: &[HEALTH],
    publishes: &[],
    secrets: &[minio::SECRET],
    relied: Relied::variables(&[]),
    alias: None,
    keeps: "",
    stops: Stops {
        reads: false,
        writes: false,
    },
    gates: gates::worker,
};
