//! What of Milvus' settings about itself the tool derives.

/// Settings of Milvus that the tool derives, and where their values come from.
pub const OWNED: &[(&str, &str)] = &[
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

const STANDBY: &str = "it follows from the number of hosts with the role `coord`";
