//! The grammar as a JSON Schema, so that editors complete and check inventories.

use serde_json::{Map, Value, json};

use crate::role::Role;

use super::grammar::{INVENTORY, PASSWORD};
use super::names::Form;
use super::shape::{Key, Shape};

/// The JSON Schema (draft 2020-12) of an inventory or an overlay.
#[must_use]
pub fn schema() -> Value {
    let mut root = map(INVENTORY);
    root.insert(
        "$schema".into(),
        "https://json-schema.org/draft/2020-12/schema".into(),
    );
    root.insert("title".into(), "milvus-swarm inventory".into());
    Value::Object(root)
}

/// The schema as the file `inventory/schema.json` has it.
#[must_use]
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

fn map(keys: &[Key]) -> Map<String, Value> {
    let properties: Map<String, Value> = keys
        .iter()
        .map(|key| {
            let mut value = shape(&key.shape);
            if !key.required {
                value = or_null(value);
            }
            value.insert("description".into(), key.doc.into());
            (key.name.to_owned(), Value::Object(value))
        })
        .collect();
    let required: Vec<&str> = keys
        .iter()
        .filter(|key| key.required)
        .map(|key| key.name)
        .collect();
    let mut object = fields(json!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    }));
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object
}

fn shape(shape: &Shape) -> Map<String, Value> {
    match shape {
        Shape::Word(form) => word(*form),
        Shape::Bool => fields(json!({ "type": "boolean" })),
        Shape::Whole(from, to) => {
            fields(json!({ "type": "integer", "minimum": from, "maximum": to }))
        }
        Shape::OneOf(words) => fields(json!({ "enum": words })),
        Shape::Some(form) => {
            let one = word(*form);
            fields(json!({ "anyOf": [one, { "type": "array", "items": one }] }))
        }
        Shape::SomeOf(words) => {
            let one = json!({ "enum": words });
            fields(json!({ "anyOf": [one, { "type": "array", "items": one }] }))
        }
        Shape::List(item) => fields(json!({ "type": "array", "items": self::shape(item) })),
        Shape::Map(keys) => map(keys),
        Shape::Free => fields(json!({ "type": "object" })),
        Shape::Password => map(PASSWORD),
    }
}

fn word(form: Form) -> Map<String, Value> {
    if form == Form::Role {
        return fields(json!({ "enum": Role::ALL.map(Role::name) }));
    }
    let mut word = fields(json!({ "type": "string", "pattern": form.pattern() }));
    if form.takes_numbers() {
        word.insert("type".into(), json!(["string", "number"]));
        word.insert("minimum".into(), json!(0));
    }
    word
}

/// The same schema, which null satisfies too: a null key means its default.
fn or_null(mut schema: Map<String, Value>) -> Map<String, Value> {
    if let Some(kind) = schema.get_mut("type") {
        *kind = match kind.take() {
            Value::Array(mut kinds) => {
                kinds.push("null".into());
                Value::Array(kinds)
            }
            one => json!([one, "null"]),
        };
    } else if let Some(Value::Array(words)) = schema.get_mut("enum") {
        words.push(Value::Null);
    } else if let Some(Value::Array(kinds)) = schema.get_mut("anyOf") {
        kinds.push(json!({ "type": "null" }));
    }
    schema
}

fn fields(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}
