//! Which process reads which section of Milvus' configuration.
//!
//! A changed key must restart the services that read it and no others. A section of a worker or a
//! coordinator goes to those who read most of it, and the few keys of it that others read too to
//! these; what others dial it with (`grpc`, `ip`, `port`) and every other section goes to all.
//!
//! Who reads a key: milvus 2.2 to 3.0, the uses outside of tests of what
//! `pkg/util/paramtable/component_param.go` and `quota_param.go` make of it (2.2:
//! `internal/util/paramtable`). A streaming node runs the code of both query and data nodes.

use serde_json::{Map, Value};

use crate::render::plain;

/// Sections that not every process reads, and the components that do.
const READERS: [(&str, &[&str]); 11] = [
    ("rootCoord", &["rootcoord", "mixcoord"]),
    ("queryCoord", &["querycoord", "mixcoord"]),
    // Data nodes read the slots of compactions, streaming nodes when to seal a segment (milvus:
    // `internal/datanode`, `internal/streamingnode/server/wal/interceptors/shard`).
    (
        "dataCoord",
        &["datacoord", "mixcoord", "datanode", "streamingnode"],
    ),
    // datacoord does its work since 2.3 (milvus: `dataCoordConfig`).
    ("indexCoord", &["indexcoord", "datacoord", "mixcoord"]),
    ("mixCoord", &["mixcoord"]),
    // rootcoord sets the rates and proxies hold to them (milvus: `internal/util/quota`).
    ("quotaAndLimits", &["rootcoord", "proxy", "mixcoord"]),
    // querycoordv2 reads nothing of it (milvus: `internal/querycoordv2`, `params.Params`).
    ("queryNode", &["querynode", "streamingnode"]),
    (
        "dataNode",
        &["datanode", "streamingnode", "datacoord", "mixcoord"],
    ),
    (
        "indexNode",
        &[
            "indexnode",
            "datanode",
            "datacoord",
            "indexcoord",
            "mixcoord",
        ],
    ),
    ("streamingNode", &["streamingnode", "mixcoord"]),
    (
        "proxy",
        &["proxy", "rootcoord", "datacoord", "querycoord", "mixcoord"],
    ),
];

/// Keys of such a section, by how their path begins, and the components that read them besides
/// those of the section; none named: all. The comments say where in milvus.
const KEYS: [(&str, &[&str]); 34] = [
    // `internal/proxy/task.go`
    ("rootCoord.maxPartitionNum", &["proxy"]),
    // 2.2 and 2.3: `internal/datacoord/segment_manager.go`
    ("rootCoord.importTaskExpiration", &["datacoord"]),
    // `internal/datacoord/broker`; 2.4: `internal/datanode/broker`
    ("queryCoord.brokerTimeout", &["datacoord", "datanode"]),
    // `queryNodeConfig` reads these two.
    (
        "queryCoord.cleanExcludeSegmentInterval",
        &["querynode", "streamingnode"],
    ),
    (
        "queryCoord.overloadedMemoryThresholdPercentage",
        &["querynode", "streamingnode"],
    ),
    // `internal/querynodev2/segments/index_meta.go`, `services.go`
    ("dataCoord.segment.maxSize", &["querynode"]),
    ("dataCoord.segment.sealProportion", &["querynode"]),
    // 2.4 and 2.5: `internal/querynodev2/segments/segment.go`
    ("dataCoord.index.memSizeEstimateMultiplier", &["querynode"]),
    // `internal/proxy/task_index.go`, `task_import.go`, `task_snapshot.go`,
    // `task_flush_all_streaming.go`, `task.go`
    ("dataCoord.index.hybridIndex", &["proxy"]),
    ("dataCoord.import.maxImportFileNumPerReq", &["proxy"]),
    ("dataCoord.snapshot.maxCompactionProtection", &["proxy"]),
    ("dataCoord.flushAllMaxParallelTasks", &["proxy"]),
    ("dataCoord.compaction.bumpSchemaVersion", &["proxy"]),
    ("dataCoord.compaction.storageVersion", &["proxy"]),
    // 2.5: `internal/indexnode/task_stats.go` runs code of `internal/datanode/compaction`.
    ("dataCoord.compaction.clustering", &["indexnode"]),
    ("dataNode.segment.binlog", &["indexnode"]),
    // `internal/datacoord/import_util.go`
    ("quotaAndLimits.limitWriting.diskProtection", &["datacoord"]),
    // 2.4: `services.go` of `internal/querynodev2` and `internal/datanode`
    (
        "quotaAndLimits.limitWriting.ttProtection",
        &["querynode", "datanode", "streamingnode"],
    ),
    // `internal/querynodev2/segments`, `internal/util/segcore`
    (
        "quotaAndLimits.limits.maxOutputSize",
        &["querynode", "streamingnode"],
    ),
    // `internal/querycoordv2/meta/resource_manager.go`
    (
        "quotaAndLimits.limits.maxResourceGroupNumOfQueryNode",
        &["querycoord"],
    ),
    // `commonConfig` falls back on `queryNode.gcenabled` and `queryNode.gchelper`.
    ("queryNode.gc", &[]),
    // 2.6: `internal/util/cgo`, which these link
    (
        "queryNode.scheduler.maxReadConcurrentRatio",
        &["proxy", "datanode", "mixcoord"],
    ),
    (
        "queryNode.segcore.cgoPoolSizeRatio",
        &["proxy", "datanode", "mixcoord"],
    ),
    // `internal/proxy/impl.go`, `internal/distributed/proxy/httpserver`
    (
        "queryNode.segcore.tieredStorage.storageUsageTracking",
        &["proxy"],
    ),
    // 2.5: `internal/indexnode`
    ("queryNode.segcore.jsonIndex", &["indexnode"]),
    // `internal/datanode/io`, `internal/flushcommon/io`
    ("queryNode.bloomFilterApply", &["datanode"]),
    // `internal/storage/stats.go`
    ("queryNode.idfOracle.bm25StatsBytesPerEntry", &["datanode"]),
    // `internal/datanode/external`
    ("queryNode.externalCollection", &["datanode"]),
    // 3.0: `internal/querynodev2/segments/segment.go`
    ("dataNode.text", &["querynode"]),
    // `internal/util/flowgraph`; the other one in 2.2: `internal/querynode`
    ("dataNode.dataSync.skipMode", &["querynode"]),
    ("dataNode.skip.BFStats", &["querynode"]),
    // `http_param.go`: every process serves it (`internal/http`).
    ("proxy.http", &[]),
    // `internal/streamingnode/server/wal/interceptors/timetick/inspector`
    ("proxy.timeTickInterval", &["streamingnode"]),
    // 2.6: `queryNodeConfig`
    (
        "proxy.partialResultRequiredDataRatio",
        &["querynode", "streamingnode"],
    ),
];

/// Keys of a section that all read, and the components that read them.
const FEW: [(&str, &[&str]); 1] = [
    // A password: whoever has it in a file mounts it (milvus: `internal/rootcoord`).
    (
        "common.security.defaultRootPassword",
        &["rootcoord", "mixcoord"],
    ),
];

/// Keys of a section that not all read which every process reads, to dial who is described there
/// (milvus: `pkg/util/paramtable/grpc_param.go`).
const DIALLED: [&str; 3] = ["grpc", "ip", "port"];

/// The part of a configuration that a component reads; with no component, what all do.
pub(crate) fn of(config: &Value, component: &str) -> Value {
    let Value::Object(sections) = config else {
        return config.clone();
    };
    let few: Vec<String> = FEW
        .iter()
        .filter(|(_, readers)| !readers.contains(&component))
        .map(|(key, _)| plain(key))
        .collect();
    let mut own = Map::new();
    for (name, section) in sections {
        let path = plain(name);
        let foreign = READERS
            .iter()
            .any(|(key, readers)| plain(key) == path && !readers.contains(&component));
        match section {
            Value::Object(_) if foreign => {
                let read: Vec<String> = KEYS
                    .iter()
                    .filter(|(_, readers)| readers.is_empty() || readers.contains(&component))
                    .map(|(key, _)| plain(key))
                    .chain(DIALLED.map(|key| format!("{path}{key}")))
                    .collect();
                if let Some(part) = part(section, &path, &read) {
                    own.insert(name.clone(), part);
                }
            }
            other => {
                if let Some(rest) = without(other, &path, &few) {
                    own.insert(name.clone(), rest);
                }
            }
        }
    }
    Value::Object(own)
}

/// A value at a path but for what is at these paths.
fn without(value: &Value, path: &str, keys: &[String]) -> Option<Value> {
    if keys.iter().any(|key| key == path) {
        return None;
    }
    let Value::Object(map) = value else {
        return Some(value.clone());
    };
    let rest = map.iter().filter_map(|(key, value)| {
        let rest = without(value, &format!("{path}{}", plain(key)), keys)?;
        Some((key.clone(), rest))
    });
    Some(Value::Object(rest.collect()))
}

/// What of a value at a path lies under one of the paths that are read.
fn part(value: &Value, path: &str, read: &[String]) -> Option<Value> {
    if read.iter().any(|key| path.starts_with(key)) {
        return Some(value.clone());
    }
    let parts: Map<String, Value> = value
        .as_object()?
        .iter()
        .filter_map(|(key, value)| {
            let part = part(value, &format!("{path}{}", plain(key)), read)?;
            Some((key.clone(), part))
        })
        .collect();
    (!parts.is_empty()).then_some(Value::Object(parts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_worker_reads_its_own_section_and_all_read_how_to_dial_it() {
        let config = json!({
            "queryNode": {"grpc": {"clientMaxSendSize": 1}, "gracefulStopTimeout": 60},
            "log": {"level": "info"},
        });
        assert_eq!(of(&config, "querynode"), config);
        assert_eq!(of(&config, "streamingnode"), config);
        assert_eq!(
            of(&config, "proxy"),
            json!({"queryNode": {"grpc": {"clientMaxSendSize": 1}}, "log": {"level": "info"}})
        );
    }

    #[test]
    fn a_key_that_others_read_goes_to_them_without_its_section() {
        let config = json!({
            "quotaAndLimits": {
                "enabled": true,
                "limitWriting": {"forceDeny": true, "diskProtection": {"diskQuota": 1}},
            },
            "queryCoord": {"balancer": "x", "brokerTimeout": 1},
        });
        assert_eq!(
            of(&config, "datacoord"),
            json!({
                "quotaAndLimits": {"limitWriting": {"diskProtection": {"diskQuota": 1}}},
                "queryCoord": {"brokerTimeout": 1},
            })
        );
        assert_eq!(of(&config, "mixcoord"), config);
        assert_eq!(of(&config, "indexnode"), json!({}));
    }

    #[test]
    fn a_key_may_be_written_in_any_way_that_milvus_takes() {
        for config in [
            json!({"datacoord": {"segment": {"maxsize": 1}}}),
            json!({"dataCoord": {"segment.max_size": 1}}),
            json!({"dataCoord.segment": {"maxSize": 1}}),
        ] {
            assert_eq!(of(&config, "querynode"), config);
        }
        let config = json!({"rootcoord": {"maxDatabaseNum": 1, "GRPC": {"x": 1}}});
        assert_eq!(
            of(&config, "querynode"),
            json!({"rootcoord": {"GRPC": {"x": 1}}})
        );
    }

    #[test]
    fn a_password_goes_to_those_that_read_it() {
        let rest = json!({"common": {"security": {"authorizationEnabled": true}}});
        for security in [
            json!({"authorizationEnabled": true, "defaultRootPassword": "x"}),
            json!({"authorizationEnabled": true, "default_root_password": "x"}),
        ] {
            let config = json!({"common": {"security": security}});
            assert_eq!(of(&config, "rootcoord"), config);
            assert_eq!(of(&config, "mixcoord"), config);
            assert_eq!(of(&config, "proxy"), rest);
            assert_eq!(of(&config, ""), rest);
        }
    }

    #[test]
    fn some_keys_of_a_section_go_to_all() {
        let config = json!({"proxy": {"http": {"enablePprof": false}, "maxNameLength": 1}});
        let shared = json!({"proxy": {"http": {"enablePprof": false}}});
        assert_eq!(of(&config, "querynode"), shared);
        assert_eq!(of(&config, ""), shared);
    }

    #[test]
    fn keys_belong_to_a_section_that_not_all_read() {
        for (key, _) in KEYS {
            let (section, _) = key.split_once('.').unwrap();
            assert!(READERS.iter().any(|(name, _)| *name == section), "{key}");
        }
    }

    #[test]
    fn readers_are_components() {
        for (section, readers) in READERS.into_iter().chain(KEYS).chain(FEW) {
            for reader in readers {
                assert!(
                    crate::component::Component::named(reader).is_some(),
                    "{section}: {reader}"
                );
            }
        }
    }
}
