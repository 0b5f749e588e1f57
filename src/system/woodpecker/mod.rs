//! Woodpecker, the log inside Milvus' own processes, in place of Pulsar: what is written goes to where
//! objects are, and etcd knows where.
//!
//! Embedded it has no process, port, volume or credential of its own (milvus 2.6 and 3.0:
//! `pkg/streaming/walimpls/impls/wp/builder.go`, `NewEmbedClient`): its objects are below `wp` in the root
//! path of the store, asked for with the settings and keys of `minio`.

mod grammar;
mod owned;
mod refuse;

use serde_json::{Value, json};

use super::etcd::ETCD;
use super::minio::MINIO;
use super::{Choice, Filler, Plot, Slot, System};

/// The whole of it.
pub(super) const SYSTEM: System = System {
    name: NAME,
    title: "Woodpecker",
    fills: Some(Filler {
        slot: Slot::Log,
        choice: Some(Choice {
            key: grammar::SETTINGS,
            check: |_| Vec::new(),
            // Where its objects are is remembered with the store.
            identity: |_| NAME.to_owned(),
            needs: &[ETCD.name, MINIO.name],
            demands: &[(Slot::Storage, super::CONDITIONS)],
            hangs_on: &[(MINIO.name, "no writes: the log is there too")],
        }),
    }),
    runs: None,
    elsewhere: None,
    templates: &[],
    files: &[],
    values,
    secrets: &[],
    owned: owned::OWNED,
    kept: owned::KEPT,
    advice: &[],
    rules_of_data: &[refuse::EARLY],
    rules_of_images: &[],
    advisories: &[],
};

/// As Milvus calls it too (milvus: `internal/util/dependency/factory.go`, `mqTypeWoodpecker`).
const NAME: &str = "woodpecker";

/// What templates see of it.
fn values(_: &Plot<'_>) -> Vec<(&'static str, Value)> {
    let log = json!({ "type": NAME, "settings": { "storage": { "type": "minio" } } });
    vec![("log", log)]
}
