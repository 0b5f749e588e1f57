//! Milvus' `user.yaml`: the template, the user's own keys over it, written out in one style.

use serde_json::{Map, Value};

use super::quote;

/// `over` laid over `base`: mappings merge, everything else replaces. Milvus ignores the case of
/// keys, so `LOG` is laid over `log`: both in one file would leave it to chance which counts.
pub(super) fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                let same = base.keys().find(|own| own.eq_ignore_ascii_case(key));
                let key = same.unwrap_or(key).clone();
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
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
        let mut base = json!({"a": {"b": 1, "c": [1]}, "d": 2});
        merge(&mut base, &json!({"a": {"c": [2], "e": 3}, "d": {"x": 1}}));
        assert_eq!(
            base,
            json!({"a": {"b": 1, "c": [2], "e": 3}, "d": {"x": 1}})
        );
        merge(&mut base, &json!({"A": {"B": 2}}));
        assert_eq!(base["a"], json!({"b": 2, "c": [2], "e": 3}));
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
