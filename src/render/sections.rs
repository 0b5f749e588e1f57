//! Which process reads which section of Milvus' configuration.
//!
//! A changed key must restart the services that read it and no others. A section of a worker
//! goes to that worker and, unless it is known not to look, to the coordinators that direct it;
//! what others dial it with (`grpc`, `ip`, `port`) and every other section goes to all.

use serde_json::{Map, Value};

/// Sections that not every process reads, and the components that do.
const READERS: [(&str, &[&str]); 5] = [
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

/// Keys of such a section that every process reads, to dial who is described there
/// (milvus: `pkg/util/paramtable/grpc_param.go`).
const DIALLED: [&str; 3] = ["grpc", "ip", "port"];

/// The part of a configuration that a component reads; with no component, what all do.
pub(super) fn of(config: &Value, component: &str) -> Value {
    let Value::Object(sections) = config else {
        return config.clone();
    };
    let mut own = Map::new();
    for (name, section) in sections {
        let foreign = READERS
            .iter()
            .any(|(key, readers)| key == name && !readers.contains(&component));
        match section {
            Value::Object(keys) if foreign => {
                let dialled: Map<String, Value> = keys
                    .iter()
                    .filter(|(key, _)| DIALLED.contains(&key.as_str()))
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect();
                if !dialled.is_empty() {
                    own.insert(name.clone(), Value::Object(dialled));
                }
            }
            other => {
                own.insert(name.clone(), other.clone());
            }
        }
    }
    Value::Object(own)
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
    fn readers_are_components() {
        for (section, readers) in READERS {
            for reader in readers {
                assert!(
                    crate::component::Component::named(reader).is_some(),
                    "{section}: {reader}"
                );
            }
        }
    }
}
