//! Strings as YAML and Compose both read them back unchanged.

/// A double-quoted YAML scalar in which Compose interpolates nothing.
///
/// JSON's escapes are a subset of YAML's; `$` doubles for Compose's interpolation.
pub(super) fn compose(text: &str) -> String {
    yaml(text).replace('$', "$$")
}

/// A double-quoted YAML scalar.
pub(super) fn yaml(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::compose;

    #[test]
    fn what_yaml_or_compose_would_change_is_escaped() {
        assert_eq!(compose("yes"), r#""yes""#);
        assert_eq!(compose("a$b"), r#""a$$b""#);
        assert_eq!(compose("a\"b\\\n"), r#""a\"b\\\n""#);
    }
}
