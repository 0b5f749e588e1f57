//! Labels of nodes.

use serde_json::Value;

use super::Engine;
use super::error::EngineError;
use super::request::{Request, escaped};
use crate::spec::Labels;

/// Nodes change their own version whenever they register again, so a few tries are normal.
const TRIES: usize = 8;

impl Engine {
    /// Adds and removes labels, leaving all else of the node as it is.
    ///
    /// # Errors
    /// `NotFound` for a node that left; `OutOfSequence` if it changes without end.
    pub async fn set_node_labels(
        &self,
        node_id: &str,
        add: &Labels,
        remove: &[String],
    ) -> Result<(), EngineError> {
        let path = format!("/nodes/{}", escaped(node_id));
        let mut tries = 0;
        loop {
            let node: Value = self.http.json(Request::get(path.clone())).await?;
            let mut spec = node["Spec"].clone();
            if !relabel(&mut spec, add, remove) {
                return Ok(());
            }
            let version = node["Version"]["Index"].to_string();
            let update = Request::post(format!("{path}/update"))
                .query("version", &version)
                .body(&spec)?;
            tries += 1;
            match self.http.done(update).await {
                Err(EngineError::OutOfSequence(_)) if tries < TRIES => {}
                done => return done,
            }
        }
    }
}

/// Whether anything changed.
fn relabel(spec: &mut Value, add: &Labels, remove: &[String]) -> bool {
    let Some(spec) = spec.as_object_mut() else {
        return false;
    };
    let labels = spec.entry("Labels").or_insert(Value::Null);
    if !labels.is_object() {
        *labels = Value::Object(serde_json::Map::default());
    }
    let Some(labels) = labels.as_object_mut() else {
        return false;
    };
    let mut changed = false;
    for key in remove.iter().filter(|key| !add.contains_key(*key)) {
        changed |= labels.remove(key).is_some();
    }
    for (key, value) in add {
        let value = Value::from(value.as_str());
        changed |= labels.insert(key.clone(), value.clone()) != Some(value);
    }
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_a_change() {
        let mut spec = serde_json::json!({"Role": "worker", "Labels": {"a": "1", "b": "2"}});
        let add = Labels::from([("a".into(), "1".into())]);
        assert!(!relabel(&mut spec, &add, &["c".into()]));
        assert!(relabel(&mut spec, &add, &["a".into(), "b".into()]));
        assert_eq!(
            spec,
            serde_json::json!({"Role": "worker", "Labels": {"a": "1"}})
        );

        let mut bare = serde_json::json!({"Role": "worker", "Labels": null});
        assert!(relabel(&mut bare, &add, &[]));
        assert_eq!(bare["Labels"]["a"], "1");
    }
}
