//! The coordinators: of each kind one leads, the others stand by.
//!
//! Milvus 2.3.5 leaves a leader's session to its lease: 29 s until the next one leads, while Swarm
//! restarts the others. What stands still meanwhile was seen there too: each request takes a time
//! from rootcoord, an insert a segment from datacoord, and searches of recent rows wait for inserts
//! that wait.

use super::{BACKENDS, HEALTH, gates};
use crate::component::{
    Agreement, Away, Component, Data, FIRST, Kind, LAST, Process, Relied, Shape, StackName, Stops,
};
use crate::inventory::Image;
use crate::role::Role;
use crate::system::minio;

/// Gives out times and numbers, and knows collections.
pub const ROOTCOORD: Component = Component {
    name: "rootcoord",
    title: "root coordinator",
    one: "root coordinator",
    whole: "root coordinator",
    role: Role::Coord,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "rootcoord",
        session: "rootcoord",
        kind: Kind::Coordinator,
    }),
    releases: (FIRST, 5),
    grace: 15,
    upgrades_after: &["indexnode"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("no request is served until a coordinator leads again", 30),
        several: ("no request is served until a coordinator leads again", 30),
        each: ("no request is served until a coordinator leads again", 30),
        at_once: true,
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
    gates: gates::coordinator,
};

/// Knows segments.
pub const DATACOORD: Component = Component {
    name: "datacoord",
    title: "data coordinator",
    one: "data coordinator",
    whole: "data coordinator",
    role: Role::Coord,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "datacoord",
        session: "datacoord",
        kind: Kind::Coordinator,
    }),
    releases: (FIRST, 5),
    grace: 15,
    upgrades_after: &["rootcoord"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: (
            "no flush; writes, and searches of what was written last, wait until a \
             coordinator leads again",
            30,
        ),
        several: (
            "no flush; writes, and searches of what was written last, wait until a \
             coordinator leads again",
            30,
        ),
        each: (
            "no flush; writes, and searches of what was written last, wait until a \
             coordinator leads again",
            30,
        ),
        at_once: true,
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
    gates: gates::coordinator,
};

/// Says which query node has what loaded.
pub const QUERYCOORD: Component = Component {
    name: "querycoord",
    title: "query coordinator",
    one: "query coordinator",
    whole: "query coordinator",
    role: Role::Coord,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "querycoord",
        session: "querycoord",
        kind: Kind::Coordinator,
    }),
    releases: (FIRST, 5),
    grace: 15,
    upgrades_after: &["datacoord", "indexcoord"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: (
            "no load; some searches wait until a coordinator leads again",
            30,
        ),
        several: (
            "no load; some searches wait until a coordinator leads again",
            30,
        ),
        each: (
            "no load; some searches wait until a coordinator leads again",
            30,
        ),
        at_once: true,
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
    gates: gates::coordinator,
};

/// Says which index node builds what.
pub const INDEXCOORD: Component = Component {
    name: "indexcoord",
    title: "index coordinator",
    one: "index coordinator",
    whole: "index coordinator",
    role: Role::Coord,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "indexcoord",
        session: "indexcoord",
        kind: Kind::Coordinator,
    }),
    releases: (FIRST, 2),
    grace: 15,
    upgrades_after: &["datacoord"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("no index build until a coordinator leads again", 30),
        several: ("no index build until a coordinator leads again", 30),
        each: ("no index build until a coordinator leads again", 30),
        at_once: true,
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
    gates: gates::coordinator,
};

/// All of them in one.
pub const MIXCOORD: Component = Component {
    name: "mixcoord",
    title: "coordinator",
    one: "coordinator",
    whole: "coordinator",
    role: Role::Coord,
    stack: StackName::Milvus,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "mixcoord",
        session: "mixcoord",
        kind: Kind::Coordinator,
    }),
    releases: (6, LAST),
    grace: 15,
    upgrades_after: &["indexnode"],
    uid: 0,
    image: Image::Milvus,
    away: Away {
        all: ("no request is served until a coordinator leads again", 30),
        several: ("no request is served until a coordinator leads again", 30),
        each: ("no request is served until a coordinator leads again", 30),
        at_once: true,
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
    gates: gates::coordinator,
};
