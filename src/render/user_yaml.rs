//! Milvus' settings: the template, the user's own keys over it, written out in one style.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::quote;

/// `over` laid over `base` as Milvus lays one file over another: by the letters of whole paths,
/// so that `dataCoord.segment.max_size` leaves no `dataCoord: { segment: { maxSize } }` beside it.
pub(super) fn laid_over(mut base: Value, over: &Value) -> Value {
    let (mut said, mut same) = (BTreeSet::new(), BTreeSet::new());
    leaves(over, "", &mut |path| {
        said.insert(plain(path));
        same.insert(path.to_lowercase());
    });
    // What is written alike keeps its place and its spelling.
    let is_said = |path: &str| said.contains(&plain(path)) && !same.contains(&path.to_lowercase());
    drop_leaves(&mut base, "", &is_said);
    merge(&mut base, over);
    base
}

/// Tells the path of every value that is no mapping.
fn leaves(value: &Value, path: &str, tell: &mut impl FnMut(&str)) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                leaves(value, &format!("{path}/{key}"), tell);
            }
        }
        _ => tell(path),
    }
}

fn drop_leaves(base: &mut Value, path: &str, is_dropped: &impl Fn(&str) -> bool) {
    let Value::Object(map) = base else {
        return;
    };
    map.retain(|key, value| {
        let path = format!("{path}/{key}");
        drop_leaves(value, &path, is_dropped);
        value.is_object() || !is_dropped(&path)
    });
}

/// Mappings merge and other values replace, whatever the case of keys. But a value where there is
/// a section takes nothing away: no setting has the name of a section, and a second file would
/// not empty it.
fn merge(base: &mut Value, over: &Value) {
    let (Value::Object(map), Value::Object(more)) = (&mut *base, over) else {
        *base = over.clone();
        return;
    };
    for (key, value) in more {
        let same = map.keys().find(|own| own.eq_ignore_ascii_case(key));
        let key = same.unwrap_or(key).clone();
        let own = map.entry(key).or_insert_with(|| Value::Object(Map::new()));
        let is_section = own.as_object().is_some_and(|own| !own.is_empty());
        if value.is_object() || !is_section {
            merge(own, value);
        }
    }
}

/// A key as milvus compares it (`formatKey` in `pkg/config/config.go`).
pub(crate) fn plain(key: &str) -> String {
    key.to_lowercase().replace(['/', '_', '.'], "")
}

/// Keeps a user's text from being taken for a template: the file is expanded by Go's
/// `text/template` on the node.
pub(super) fn escape_templates(value: &mut Value) {
    match value {
        Value::String(text) => *text = text.replace("{{", "{{`{{`}}"),
        Value::Array(items) => items.iter_mut().for_each(escape_templates),
        Value::Object(map) => {
            let escaped: Map<String, Value> = std::mem::take(map)
                .into_iter()
                .map(|(key, mut value)| {
                    escape_templates(&mut value);
                    (key.replace("{{", "{{`{{`}}"), value)
                })
                .collect();
            *map = escaped;
        }
        _ => {}
    }
}

/// Block YAML with quoted strings and sorted keys.
pub(super) fn write(value: &Value) -> String {
    let mut out = String::new();
    block(value, 0, &mut out);
    out
}

fn block(value: &Value, depth: usize, out: &mut String) {
    let Value::Object(map) = value else {
        out.push_str(&quote::flow(value));
        out.push('\n');
        return;
    };
    for (key, value) in map {
        out.push_str(&"  ".repeat(depth));
        out.push_str(&quote_key(key));
        out.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                out.push('\n');
                block(value, depth + 1, out);
            }
            _ => {
                out.push(' ');
                out.push_str(&quote::flow(value));
                out.push('\n');
            }
        }
    }
}

fn quote_key(key: &str) -> String {
    let plain = key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        && !matches!(
            key.to_ascii_lowercase().as_str(),
            "y" | "n" | "yes" | "no" | "on" | "off" | "true" | "false" | "null"
        );
    if plain {
        key.to_owned()
    } else {
        quote::yaml(key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn maps_merge_and_the_rest_replaces() {
        let base = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        let base = laid_over(base, &json!({"a": {"c": [2], "e": 3}, "d": {"x": 1}}));
        assert_eq!(
            base,
            json!({"a": {"b": 1, "c": [2], "e": 3}, "d": {"x": 1}})
        );
        let base = laid_over(base, &json!({"A": {"B": 2}}));
        assert_eq!(base["a"], json!({"b": 2, "c": [2], "e": 3}));
    }

    #[test]
    fn a_setting_stands_once_however_it_is_written() {
        let base = json!({"dataCoord": {"segment": {"maxSize": 512, "sealProportion": 0.12}}});
        for over in [
            json!({"datacoord": {"SEGMENT": {"maxsize": 1}}}),
            json!({"dataCoord": {"segment.max_size": 1}}),
            json!({"dataCoord.segment": {"maxSize": 1}}),
            json!({"data_coord": {"segment/maxSize": 1}}),
        ] {
            let whole = laid_over(base.clone(), &over);
            let mut text = whole.to_string().to_lowercase();
            text.retain(|c| !matches!(c, '_' | '/' | '.'));
            assert_eq!(text.matches("maxsize").count(), 1, "{whole}");
            assert!(text.contains("sealproportion") && !text.contains("512"));
        }
    }

    #[test]
    fn a_value_where_upstream_has_a_section_takes_nothing_away() {
        let base = json!({"trace": {"exporter": "stdout"}, "list": [1]});
        let over = json!({"trace": null, "list": [2], "new": {"a": {}}});
        assert_eq!(
            laid_over(base, &over),
            json!({"trace": {"exporter": "stdout"}, "list": [2], "new": {"a": {}}})
        );
    }

    #[test]
    fn users_cannot_write_templates() {
        let mut value = json!({"a": "{{ secret `x` }}"});
        escape_templates(&mut value);
        assert_eq!(value, json!({"a": "{{`{{`}} secret `x` }}"}));
    }

    #[test]
    fn written_as_blocks() {
        let text = write(&json!({"b": {"c": "x", "no": []}, "a": 1}));
        assert_eq!(text, "a: 1\nb:\n  c: \"x\"\n  \"no\": []\n");
    }
}
