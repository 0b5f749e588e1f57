//! The coordinators: of each kind one leads, the others stand by.
//!
//! Milvus 2.3.5 leaves a leader's session to its lease: 29 s until the next one leads, while Swarm
//! restarts the others. What stands still meanwhile was seen there too: each request takes a time
//! from rootcoord, an insert a segment from datacoord, and searches of recent rows wait for inserts
//! that wait.

use super::{BACKENDS, FIRST_PASSWORD, FIRST_SECRET, HEALTH, IMAGE, RELIED, STACK, gates};
use crate::component::{
    Agreement, Away, Before, Component, Data, FIRST, Kind, LAST, Process, Relied, Shape, Stops,
};
use crate::release::Line;
use crate::role::Role;

/// Gives out times and numbers, and knows collections.
pub const ROOTCOORD: Component = Component {
    name: "rootcoord",
    title: "root coordinator",
    one: "root coordinator",
    whole: "root coordinator",
    role: Role::Coord,
    stack: STACK,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "rootcoord",
        before: None,
        session: "rootcoord",
        kind: Kind::Coordinator,
        mixed: Some((FIRST, (2, 2))),
        local: None,
    }),
    releases: (FIRST, (2, 5)),
    grace: 15,
    upgrades_after: &["indexnode"],
    uid: 0,
    uid_since: None,
    image: IMAGE,
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
    secrets: &[(FIRST_SECRET, FIRST_PASSWORD)],
    relied: RELIED,
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    checks: gates::OF_COORDINATORS,
    birth: None,
    gates: gates::coordinator,
};

/// Knows segments.
pub const DATACOORD: Component = Component {
    name: "datacoord",
    title: "data coordinator",
    one: "data coordinator",
    whole: "data coordinator",
    role: Role::Coord,
    stack: STACK,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "datacoord",
        before: None,
        session: "datacoord",
        kind: Kind::Coordinator,
        mixed: Some((FIRST, (2, 2))),
        local: None,
    }),
    releases: (FIRST, (2, 5)),
    grace: 15,
    upgrades_after: &["rootcoord"],
    uid: 0,
    uid_since: None,
    image: IMAGE,
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
    secrets: &[],
    relied: RELIED,
    alias: None,
    keeps: "",
    stops: Stops {
        reads: false,
        writes: true,
    },
    checks: gates::OF_COORDINATORS,
    birth: None,
    gates: gates::coordinator,
};

/// Says which query node has what loaded.
pub const QUERYCOORD: Component = Component {
    name: "querycoord",
    title: "query coordinator",
    one: "query coordinator",
    whole: "query coordinator",
    role: Role::Coord,
    stack: STACK,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "querycoord",
        before: None,
        session: "querycoord",
        kind: Kind::Coordinator,
        mixed: Some((FIRST, (2, 2))),
        local: None,
    }),
    releases: (FIRST, (2, 5)),
    grace: 15,
    upgrades_after: &["datacoord", "indexcoord"],
    uid: 0,
    uid_since: None,
    image: IMAGE,
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
    secrets: &[],
    relied: RELIED,
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: false,
    },
    checks: gates::OF_COORDINATORS,
    birth: None,
    gates: gates::coordinator,
};

/// Says which index node builds what.
pub const INDEXCOORD: Component = Component {
    name: "indexcoord",
    title: "index coordinator",
    one: "index coordinator",
    whole: "index coordinator",
    role: Role::Coord,
    stack: STACK,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "indexcoord",
        before: None,
        session: "indexcoord",
        kind: Kind::Coordinator,
        mixed: None,
        local: None,
    }),
    releases: (FIRST, (2, 2)),
    grace: 15,
    upgrades_after: &["datacoord"],
    uid: 0,
    uid_since: None,
    image: IMAGE,
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
    secrets: &[],
    relied: RELIED,
    alias: None,
    keeps: "",
    stops: Stops {
        reads: false,
        writes: false,
    },
    checks: gates::OF_COORDINATORS,
    birth: None,
    gates: gates::coordinator,
};

/// The first minor in which the inventory may ask for all coordinators in one process.
pub const MIXED: Line = (2, 3);

/// How it is run before 2.6, which is when `milvus run` learns of it (milvus 2.3 to 2.6:
/// `cmd/milvus/util.go`, `GetMilvusRoles`). Each part registers for itself
/// (`internal/rootcoord/root_coord.go` and so on); that of indexes is datacoord's work.
const MIXTURE: Before = Before {
    line: (2, 6),
    run: "mixture",
    flags: &["-rootcoord", "-querycoord", "-datacoord", "-indexcoord"],
    sessions: &["rootcoord", "datacoord", "querycoord"],
};

/// All of them in one.
pub const MIXCOORD: Component = Component {
    name: "mixcoord",
    title: "coordinator",
    one: "coordinator",
    whole: "coordinator",
    role: Role::Coord,
    stack: STACK,
    shape: Shape::Replicas,
    needs: BACKENDS,
    milvus: Some(Process {
        run: "mixcoord",
        before: Some(MIXTURE),
        session: "mixcoord",
        kind: Kind::Coordinator,
        mixed: Some((MIXED, LAST)),
        local: None,
    }),
    releases: ((2, 6), LAST),
    grace: 15,
    upgrades_after: &["indexnode"],
    uid: 0,
    uid_since: None,
    image: IMAGE,
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
    secrets: &[(FIRST_SECRET, FIRST_PASSWORD)],
    relied: Relied {
        argument: |argument| MIXTURE.flags.contains(&argument) || (RELIED.argument)(argument),
        ..RELIED
    },
    alias: None,
    keeps: "",
    stops: Stops {
        reads: true,
        writes: true,
    },
    checks: gates::OF_COORDINATORS,
    birth: None,
    gates: gates::coordinator,
};
