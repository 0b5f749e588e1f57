//! Known holes of Milvus, and the releases without them.
//!
//! A hole that is neither here nor in the list of what upstream published is not known to this tool.

use super::{METRICS, PROXY};
use crate::system::advisory::Advisory;

pub(super) const ALL: &[Advisory] = &[
    // GHSA-mhjq-8c7m-3f7p (golang/vulndb#4114). The proxy takes gRPC metadata `sourceid` with a word
    // that stands in the sources for a process of the cluster and asks for no password then (milvus:
    // `internal/proxy/authentication_interceptor.go`, `validSourceID`; in 2.3 line 31 and called in
    // line 60, gone from 2.6.20 and 3.0). Fixed by milvus#45379 and #45383; 2.2 and 2.3 got no release.
    Advisory {
        name: "CVE-2025-64513",
        also: "GO-2025-4114",
        only: Some(PROXY.name),
        through: None,
        lets: "whoever reaches the proxies is root without a password",
        fixed: &[(2, 4, 24), (2, 5, 21), (2, 6, 5)],
    },
    // GHSA-7ppg-37fh-vcr6 (golang/vulndb#4481). `/expr` on the port of the metrics takes the root path
    // in etcd, which is the cluster's name, for a password and evaluates what it is sent, and
    // `/api/v1` there asks for none (milvus: `internal/distributed/proxy/service.go`,
    // `registerHTTPServer`; in 2.6.20 line 174 asks for one). Fixed by milvus#47130 and #47278. Every
    // process of Milvus listens there.
    Advisory {
        name: "CVE-2026-26190",
        also: "GHSA-7ppg-37fh-vcr6",
        only: None,
        through: Some(&METRICS),
        lets: "whoever reaches the port of the metrics reads passwords of the cluster and makes users",
        fixed: &[(2, 5, 27), (2, 6, 10)],
    },
];
