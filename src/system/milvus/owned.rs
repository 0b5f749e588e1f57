//! What of Milvus' settings about itself the tool derives.

use crate::system::Kept;

/// Settings of Milvus that the tool derives, and where their values come from.
pub(super) const OWNED: &[(&str, &str)] = &[
    ("proxy.port", "the port that users reach is `publish.proxy`"),
    ("rootCoord.enableActiveStandby", STANDBY),
    ("dataCoord.enableActiveStandby", STANDBY),
    ("queryCoord.enableActiveStandby", STANDBY),
    ("indexCoord.enableActiveStandby", STANDBY),
    ("mixCoord.enableActiveStandby", STANDBY),
    (
        "common.security.defaultRootPassword",
        "the password is `credentials.root_password`",
    ),
    (
        "common.security.authorizationEnabled",
        "authentication is always on",
    ),
    (
        "common.security.tlsMode",
        "it stays 0: health is asked of Milvus without TLS",
    ),
];

/// Settings of Milvus that stay as Milvus has them: the values that they may have, and why.
pub(super) const KEPT: &[Kept] = &[
    (
        "proxy.http.enabled",
        &["true"],
        "proxies are asked over HTTP whether they serve",
    ),
    (
        "proxy.http.port",
        &["", "19530"],
        "HTTP is asked for on the port of gRPC",
    ),
    (
        "common.security.internaltlsEnabled",
        &["false"],
        "Milvus' processes have no certificates here; `network.encrypted` encrypts the whole network",
    ),
    (
        "common.security.rootShouldBindRole",
        &["false"],
        "root has no role before the first start, and could do nothing",
    ),
];

const STANDBY: &str = "it follows from the number of hosts with the role `coord`";
