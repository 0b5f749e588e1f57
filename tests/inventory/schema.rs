//! The JSON Schema is current, and agrees with the parser.

use std::fs;

use milvus_swarm::inventory::schema::{schema, schema_text};
use milvus_swarm::inventory::{INIT, LAB, LOCAL, PRODUCTION_26, THREE_HOST};
use regex::Regex;
use serde_json::Value;

use super::{BASE, parse};

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/inventory/schema.json");

#[test]
fn the_file_is_current() {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(FILE, schema_text()).unwrap();
    }
    let file = fs::read_to_string(FILE).unwrap_or_default();
    assert!(
        file == schema_text(),
        "inventory/schema.json is old: run the tests with UPDATE=1"
    );
}

#[test]
fn shipped_inventories_fit() {
    for text in [LOCAL, THREE_HOST, PRODUCTION_26, LAB, INIT, BASE] {
        assert_eq!(misfits(text), Vec::<String>::new());
    }
}

/// What the parser refuses for its form, the schema refuses too, and the other way round.
#[test]
fn schema_and_parser_agree_on_forms() {
    let forms = [
        (
            "name",
            &[
                "a",
                "prod-1",
                "A",
                "1a",
                "a_b",
                "a-very-long-name-of-a-cluster-x",
                "a-very-long-name-of-a-cluster-xy",
            ][..],
        ),
        (
            "milvus",
            &["2.3", "'2.3.21'", "v2.4", "'2.1'", "'2.3.4.5'", "x"],
        ),
        (
            "images.milvus",
            &["a:1", "r:5000/a/b:v1", "a", "'a:'", "$x:1", "-a:1"],
        ),
        ("images.resolve", &["never", "maybe", "1"]),
        (
            "images.registry",
            &["r.example.com:5000/m", "'https://r'", "r/", "'@'"],
        ),
        (
            "roles.query.replicas",
            &["1", "3", "0", "-1", "1.5", "x", "'3'"],
        ),
        ("roles.query.cpus.limit", &["8", "0.5", "'1.25'", "x", "-1"]),
        (
            "roles.bookie.heap",
            &["4GiB", "512MiB", "1.5g", "1073741824", "4X", "GiB"],
        ),
        ("roles.etcd.replicas", &["3"]),
        ("data.dir", &["/mnt/data", "/", "mnt", "'/a b'"]),
        ("publish.proxy", &["19531", "~", "0", "65536"]),
        ("network.encrypted", &["true", "yes", "1"]),
        ("network.subnet", &["10.50.0.0/20", "10.50.0.0", "x/20"]),
        ("credentials.minio_user", &["milvus", "ab", "-abc"]),
        ("credentials.minio_password", &["{ file: x }", "x", "{}"]),
        ("pulsar.ensemble", &["2", "0"]),
    ];
    for (path, values) in forms {
        for value in values {
            let mut lines = BASE.replace("name: t\n", "");
            for (depth, key) in path.split('.').enumerate() {
                lines.push_str(&format!("{}{key}:\n", " ".repeat(depth)));
            }
            let text = format!("{} {value}\n", lines.trim_end());
            let parsed = parse(&text)
                .err()
                .map(|errors| errors.render())
                .unwrap_or_default();
            assert_eq!(
                misfits(&text).is_empty(),
                parsed.is_empty(),
                "{text}\n{parsed}"
            );
        }
    }
}

fn misfits(yaml: &str) -> Vec<String> {
    let options = serde_saphyr::options! { strict_booleans: true };
    let value: Value = serde_saphyr::from_str_with_options(yaml, options).unwrap();
    let mut found = Vec::new();
    fit(&value, &schema(), "", &mut found);
    found
}

/// As much of JSON Schema as ours uses; a keyword that is not known here is an error.
fn fit(value: &Value, schema: &Value, path: &str, found: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => match rule {
                Value::Array(kinds) => kinds.iter().any(|kind| is(value, kind)),
                kind => is(value, kind),
            },
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
            "pattern" => value
                .as_str()
                .is_none_or(|text| Regex::new(rule.as_str().unwrap()).unwrap().is_match(text)),
            "anyOf" => rule.as_array().unwrap().iter().any(|option| {
                let mut inner = Vec::new();
                fit(value, option, path, &mut inner);
                inner.is_empty()
            }),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    fit(item, rule, &format!("{path}[{index}]"), found);
                }
                true
            }
            "properties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    match rule.get(key) {
                        Some(schema) => fit(inner, schema, &format!("{path}.{key}"), found),
                        None => found.push(format!("{path}.{key} is unknown")),
                    }
                }
                true
            }
            "additionalProperties" => rule == false,
            "required" => {
                let keys = rule.as_array().unwrap();
                value.as_object().is_none_or(|map| {
                    keys.iter()
                        .all(|key| map.contains_key(key.as_str().unwrap()))
                })
            }
            other => panic!("unknown keyword {other}"),
        };
        if !fits {
            found.push(format!("{path}: {value} breaks {keyword} {rule}"));
        }
    }
}

fn is(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("unknown type {other}"),
    }
}
