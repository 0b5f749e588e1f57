//! Variables in strings, by the rules of docker/cli's `template` package.
//!
//! `$$` is a dollar sign; `$NAME` and `${NAME}` are a variable or nothing; `-` and `:-` give a
//! default, `?` and `:?` an error. There is no `:+` and no nesting, and the unbraced form takes
//! a default too, up to the end of the text: `$NAME-rest of it`.

use std::collections::BTreeMap;

use super::error::{Problem, StackError};
use super::node::{Node, Value};
use super::warning::{Quirk, Warning};

/// Variables by name.
pub type Variables = BTreeMap<String, String>;

/// Replaces variables in every string of the tree; keys stay as they are.
pub(super) fn interpolate(
    node: &mut Node,
    variables: &Variables,
    warnings: &mut Vec<Warning>,
) -> Result<(), StackError> {
    match &mut node.value {
        Value::List(items) => {
            for item in items {
                interpolate(item, variables, warnings)?;
            }
        }
        Value::Map(entries) => {
            for (_, item) in entries {
                interpolate(item, variables, warnings)?;
            }
        }
        Value::Text(text) if text.text.contains('$') => {
            let (place, path) = (node.place, node.trail.path());
            let mut quirks = Vec::new();
            let replaced =
                replace(&text.text, variables, &mut quirks).map_err(|problem| StackError {
                    place,
                    path: path.clone(),
                    problem,
                })?;
            warnings.extend(quirks.into_iter().map(|quirk| Warning {
                place,
                path: path.clone(),
                quirk,
            }));
            text.substituted |= replaced != text.text;
            text.text = replaced;
        }
        _ => {}
    }
    Ok(())
}

fn replace(text: &str, variables: &Variables, quirks: &mut Vec<Quirk>) -> Result<String, Problem> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
        } else if let Some(inner) = after.strip_prefix('{') {
            let end = substitution_length(inner);
            if end == 0 || !inner[end..].starts_with('}') {
                return Err(broken(rest, at));
            }
            out.push_str(&value(&inner[..end], variables, quirks)?);
            rest = &inner[end + 1..];
        } else {
            let end = substitution_length(after);
            if end == 0 {
                return Err(broken(rest, at));
            }
            if end > name_length(after) {
                quirks.push(Quirk::UnbracedDefault {
                    text: format!("${}", &after[..end]),
                });
            }
            out.push_str(&value(&after[..end], variables, quirks)?);
            rest = &after[end..];
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn broken(rest: &str, at: usize) -> Problem {
    Problem::Interpolation {
        text: rest[at..].chars().take(20).collect(),
    }
}

fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .unwrap_or(text.len())
}

/// Length of `[_a-z][_a-z0-9]*(?::?[-?][^}]*)?` at the start of the text, case ignored.
fn substitution_length(text: &str) -> usize {
    let name = name_length(text);
    let after = &text[name..];
    let operator = after.strip_prefix(':').unwrap_or(after);
    if name == 0 || !operator.starts_with(['-', '?']) {
        return name;
    }
    name + after.find('}').unwrap_or(after.len())
}

/// The operators are looked for one after another in the whole text, as docker/cli does it.
fn value(
    substitution: &str,
    variables: &Variables,
    quirks: &mut Vec<Quirk>,
) -> Result<String, Problem> {
    let get = |name: &str| variables.get(name).cloned();
    let required = |name: &str, message: &str| Problem::Required {
        name: name.to_owned(),
        message: if message.is_empty() {
            "it is not set"
        } else {
            message
        }
        .to_owned(),
    };
    if let Some((name, default)) = substitution.split_once(":-") {
        let set = get(name).filter(|value| !value.is_empty());
        Ok(set.unwrap_or_else(|| default.to_owned()))
    } else if let Some((name, default)) = substitution.split_once('-') {
        Ok(get(name).unwrap_or_else(|| default.to_owned()))
    } else if let Some((name, message)) = substitution.split_once(":?") {
        let set = get(name).filter(|value| !value.is_empty());
        set.ok_or_else(|| required(name, message))
    } else if let Some((name, message)) = substitution.split_once('?') {
        get(name).ok_or_else(|| required(name, message))
    } else {
        Ok(get(substitution).unwrap_or_else(|| {
            let name = substitution.to_owned();
            quirks.push(Quirk::Unset { name });
            String::new()
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(text: &str) -> Result<String, Problem> {
        let variables =
            [("FOO", "v"), ("EMPTY", "")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        replace(text, &variables.into(), &mut Vec::new())
    }

    #[test]
    fn variables_are_replaced_as_by_docker() {
        let case = |text: &str, expected: &str| assert_eq!(run(text).unwrap(), expected, "{text}");
        case("$$x", "$x");
        case("$$$$", "$$");
        case("a $FOO b", "a v b");
        case("${FOO}-bar", "v-bar");
        case("$FOO-bar baz", "v");
        case("$UNSET-bar baz", "bar baz");
        case("${UNSET:-d}", "d");
        case("${UNSET-d}", "d");
        case("${EMPTY:-d}", "d");
        case("${EMPTY-d}", "");
        case("${U:-${FOO}}", "${FOO}");
        case("${UNSET}", "");
        case("{{.Task.Slot}}", "{{.Task.Slot}}");
    }

    #[test]
    fn what_is_not_a_variable_is_an_error() {
        for text in [
            "$", "${", "${}", "${A:+x}", "${1}", "$1", "a$ b", "${A", "${A b}",
        ] {
            assert!(
                matches!(run(text), Err(Problem::Interpolation { .. })),
                "{text}"
            );
        }
        for text in ["${UNSET?}", "${UNSET:?no}", "${EMPTY:?no}"] {
            assert!(matches!(run(text), Err(Problem::Required { .. })), "{text}");
        }
        assert_eq!(run("${EMPTY?no}").unwrap(), "");
    }
}
