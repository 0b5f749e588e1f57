//! The roles of processes of Milvus.

use super::{
    DATACOORD, DATANODE, INDEXCOORD, INDEXNODE, MIXCOORD, QUERYCOORD, QUERYNODE, ROOTCOORD,
    STREAMINGNODE,
};
use crate::role::{Agreement, Duty, Role, Scaling};

/// Of coordinators.
pub const COORD: Duty = Duty {
    role: Role::Coord,
    is_required: true,
    gone: None,
    beside: None,
    also: &[
        ROOTCOORD.name,
        DATACOORD.name,
        QUERYCOORD.name,
        INDEXCOORD.name,
        MIXCOORD.name,
        "coordinator",
    ],
    agreement: Agreement::Alone,
    scaling: Scaling::StandBy,
    is_heavy: false,
    is_greedy: false,
    java: None,
};

/// Of data nodes and streaming nodes.
pub const DATA: Duty = Duty {
    role: Role::Data,
    is_required: true,
    gone: None,
    beside: Some((Role::Coord, "data nodes run")),
    also: &[DATANODE.name, STREAMINGNODE.name],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: true,
    java: None,
};

/// Of index nodes.
pub const INDEX: Duty = Duty {
    role: Role::Index,
    is_required: true,
    gone: Some((
        6,
        "since 2.6 data nodes build indexes: remove the role, and add `data` where it ran",
    )),
    beside: None,
    also: &[INDEXNODE.name],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: true,
    is_greedy: true,
    java: None,
};

/// Of query nodes.
pub const QUERY: Duty = Duty {
    role: Role::Query,
    is_required: true,
    gone: None,
    beside: None,
    also: &[QUERYNODE.name],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: true,
    is_greedy: true,
    java: None,
};

/// Of proxies.
pub const PROXIES: Duty = Duty {
    role: Role::Proxy,
    is_required: true,
    gone: None,
    beside: Some((Role::Manager, "proxies run")),
    also: &[],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: false,
    java: None,
};
