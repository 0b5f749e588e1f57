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
    since: None,
    became: None,
    beside: None,
    sized_as: None,
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

/// Of data nodes.
pub const DATA: Duty = Duty {
    role: Role::Data,
    is_required: true,
    since: None,
    became: None,
    beside: Some((Role::Coord, "data nodes run")),
    sized_as: None,
    also: &[DATANODE.name],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: true,
    java: None,
};

/// Of streaming nodes.
pub const STREAMING: Duty = Duty {
    role: Role::Streaming,
    is_required: false,
    since: Some((2, 6)),
    became: None,
    beside: Some((Role::Data, "streaming nodes run")),
    sized_as: Some(Role::Data),
    also: &[STREAMINGNODE.name],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: true,
    java: None,
};

/// Of index nodes; from 2.6 on data nodes build indexes.
pub const INDEX: Duty = Duty {
    role: Role::Index,
    is_required: true,
    since: None,
    became: Some(((2, 6), Role::Data)),
    beside: None,
    sized_as: None,
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
    since: None,
    became: None,
    beside: None,
    sized_as: None,
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
    since: None,
    became: None,
    beside: Some((Role::Manager, "proxies run")),
    sized_as: None,
    also: &[],
    agreement: Agreement::Alone,
    scaling: Scaling::Tasks,
    is_heavy: false,
    is_greedy: false,
    java: None,
};
