//! The YAML parser, wrapped: text in, [`Node`]s out.
//!
//! `serde-saphyr` parses, within bounds; [`super::tree`] makes the nodes.

use serde_saphyr::options::{DuplicateKeyPolicy, NonFiniteFloatPolicy};

use super::error::{Path, Place, Problem, StackError};
use super::node::Node;
use super::raw::Placed;
use super::trail::Trail;
use super::tree;
use super::warning::Warning;

/// Bytes of a stack file: enough for some eight thousand members with a service each.
const LIMIT: usize = 16 << 20;

/// Parses one YAML document whose root must be a mapping.
///
/// A second document is an error; docker/cli reads the first one and drops the rest.
pub(super) fn parse(text: &str) -> Result<(Node, Vec<Warning>), StackError> {
    if text.len() > LIMIT {
        return Err(file_error(
            Place::default(),
            Problem::TooLarge {
                bytes: text.len(),
                limit: LIMIT,
            },
        ));
    }
    // With a newline at its end, a block scalar always spans one.
    let text = &format!("{text}\n");
    let options = serde_saphyr::options! {
        legacy_octal_numbers: true,
        strict_booleans: true,
        duplicate_keys: DuplicateKeyPolicy::Error,
        non_finite_float_policy: NonFiniteFloatPolicy::AsString,
        with_snippet: false,
        emit_comments: false,
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 100_000,
            max_replay_stack_depth: 16,
        },
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 1_000_000,
            max_events: 3_000_000,
            max_documents: 2,
            max_aliases: 10_000,
            max_merge_keys: 10_000,
            max_total_scalar_bytes: 4 * LIMIT,
        },
    };
    let raw: Placed = serde_saphyr::from_str_with_options(text, options).map_err(refused)?;
    let mut builder = tree::Builder::new(text);
    let root = builder.node(Trail::default(), raw)?;
    root.map()?;
    Ok((root, builder.warnings))
}

fn refused(error: serde_saphyr::Error) -> StackError {
    let place = error.location().map_or_else(Place::default, tree::place);
    let problem = match error.without_snippet() {
        serde_saphyr::Error::MultipleDocuments { .. } => Problem::SecondDocument,
        serde_saphyr::Error::DuplicateMappingKey { key, .. } => Problem::Duplicate {
            item: key.clone().unwrap_or_default(),
        },
        error => {
            // The place is in front of the error already.
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default();
            Problem::Yaml {
                message: message.to_owned(),
            }
        }
    };
    file_error(place, problem)
}

fn file_error(place: Place, problem: Problem) -> StackError {
    StackError {
        place,
        path: Path::default(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::Value;
    use super::super::scalar;
    use super::super::warning::Quirk;
    use super::*;

    fn at(root: &Node, name: &str) -> Value {
        let entries = root.map().unwrap();
        let entry = entries.iter().find(|(key, _)| &*key.text == name);
        entry.unwrap().1.value.clone()
    }

    #[test]
    fn quoting_decides_what_a_scalar_is() {
        let (root, warnings) = parse(concat!(
            "plain: 0440\nquoted: \"0440\"\nsingle: '12'\ndate: \"2024-01-01\"\n",
            "tagged: !!str 12\nanchored: &a 12\nalias: *a\nblock: |\n  12\nword: yes\nempty:\n",
            "emptied: \"\"\nspaced: \"12 \"\n",
        ))
        .unwrap();
        let quirks: Vec<_> = warnings.iter().map(|w| (w.place.line, &w.quirk)).collect();
        let word = "yes".to_owned();
        assert_eq!(quirks, [(10, &Quirk::OldBoolean { word })]);
        assert_eq!(at(&root, "plain"), Value::Int(288));
        assert_eq!(at(&root, "quoted"), scalar::text("0440"));
        assert_eq!(at(&root, "single"), scalar::text("12"));
        assert_eq!(at(&root, "date"), scalar::text("2024-01-01"));
        assert_eq!(at(&root, "tagged"), scalar::text("12"));
        assert_eq!(at(&root, "anchored"), Value::Int(12));
        assert_eq!(at(&root, "alias"), Value::Int(12));
        assert_eq!(at(&root, "block"), scalar::text("12\n"));
        assert_eq!(at(&root, "word"), scalar::text("yes"));
        assert_eq!(at(&root, "empty"), Value::Null);
        assert_eq!(at(&root, "emptied"), scalar::text(""));
        assert_eq!(at(&root, "spaced"), scalar::text("12 "));
    }

    #[test]
    fn errors_carry_their_place() {
        let case = |text: &str, line: u64| {
            let error = parse(text).unwrap_err();
            assert_eq!(error.place.line, line, "{error}");
        };
        case("a: 1\na: 2\n", 2);
        case("a: 1\n---\nb: 2\n", 3);
        case("a: *nothing\n", 1);
        case("a: 1\nb: [1,\nc: 2\n", 2);
        case("services:\n  80: {}\n", 2);
        case("- a\n", 1);
    }

    #[test]
    fn bombs_are_refused() {
        let mut bomb = "a: &a [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for (before, name) in ('a'..'i').zip('b'..='i') {
            let items = vec![format!("*{before}"); 9].join(", ");
            bomb.push_str(&format!("{name}: &{name} [{items}]\n"));
        }
        assert!(parse(&bomb).is_err());
        let long = format!(
            "a: &a \"{}\"\nb: [{}]\n",
            "x".repeat(100_000),
            "*a, ".repeat(1000)
        );
        assert!(parse(&long).is_err());
        assert!(parse(&"[".repeat(10_000)).is_err());
        let deep: String = (0..60).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
        assert!(parse(&deep).is_err());
    }
}
