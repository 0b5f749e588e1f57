//! What ends upstream's way back from a line of Milvus to the one before it.

use serde_json::Value;

use crate::inventory::Inventory;
use crate::release::{Line, show};
use crate::render::plain;
use crate::tag::Version;

/// By line: the setting that ends it once it is true, and what data is written in from then on.
///
/// 3.0 reads what 2.6 wrote and goes on writing it (`configs/milvus.yaml:1064`: false); nothing before
/// 3.0 reads Storage V3, and to set it back converts nothing (milvus.io/docs/storage-v3.md, "Before you
/// enable Storage V3"). Who reads it: `internal/compaction/params.go:45`,
/// `internal/streamingnode/server/wal/interceptors/shard/shards/segment_alloc_worker.go:150`.
const ENDS: [(Line, &str, &str); 1] = [((3, 0), "common.storage.useLoonFFI", "Storage V3")];

/// What to know before a cluster is brought from one version to another.
#[must_use]
pub(crate) fn told(inventory: &Inventory, from: Version, to: Version) -> Option<String> {
    let ends = ENDS.iter().find(|(line, ..)| *line == to.line());
    let (_, key, format) = ends.filter(|(line, ..)| from.line() < *line)?;
    let until = if is_true(&inventory.config, "", &plain(key)) {
        format!("`config` sets `{key}`: take it out until you are sure")
    } else {
        format!("leave `{key}` out of `config` until you are sure")
    };
    Some(format!(
        "from Milvus {from} to {to} there is no way back with this tool; upstream's to {} ends with the \
         first data in {format}: {until}",
        show(from.line())
    ))
}

/// Whether a configuration has a setting, by its letters, and as true.
fn is_true(config: &Value, path: &str, key: &str) -> bool {
    match config {
        Value::Object(map) => map
            .iter()
            .any(|(name, value)| is_true(value, &format!("{path}{}", plain(name)), key)),
        Value::Bool(is) => *is && path == key,
        Value::String(text) => text.eq_ignore_ascii_case("true") && path == key,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Source, THREE_HOST};

    fn version(tag: &str) -> Version {
        Version::of_tag(tag).expect("a version")
    }

    #[test]
    fn what_ends_the_way_back_is_told_before() {
        let plain = Inventory::parse(&[Source::new("i.yml", THREE_HOST)]).expect("an inventory");
        let says = |inventory: &Inventory, from: &str, to: &str| {
            told(inventory, version(from), version(to))
        };
        for (from, to) in [
            ("2.5.27", "2.6.24"),
            ("3.0.0", "3.0.2"),
            ("2.6.1", "2.6.24"),
        ] {
            assert_eq!(says(&plain, from, to), None, "{from} to {to}");
        }
        let text = says(&plain, "2.6.24", "3.0.2").expect("it is told");
        let wanted = "from Milvus 2.6.24 to 3.0.2 there is no way back with this tool; upstream's to 2.6 \
                      ends with the first data in Storage V3: leave `common.storage.useLoonFFI` out of \
                      `config` until you are sure";
        assert_eq!(text, wanted);
        for config in [
            serde_json::json!({"common": {"storage": {"useLoonFFI": true}}}),
            serde_json::json!({"common.storage": {"use_loonffi": "True"}}),
        ] {
            let mut set = plain.clone();
            set.config = config;
            let text = says(&set, "2.6.24", "3.0.2").expect("it is told");
            assert!(text.ends_with(
                "`config` sets `common.storage.useLoonFFI`: take it out until you are sure"
            ));
        }
        let mut off = plain;
        off.config = serde_json::json!({"common": {"storage": {"useLoonFFI": false}}});
        assert_eq!(says(&off, "2.6.24", "3.0.2").as_deref(), Some(wanted));
    }
}
