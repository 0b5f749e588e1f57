//! Strings as YAML and Compose both read them back unchanged.

/// A double-quoted YAML scalar in which Compose interpolates nothing.
///
/// JSON's escapes are a subset of YAML's; `$` doubles for Compose's interpolation.
pub(super) fn compose(text: &str) -> String {
    yaml(text).replace('$', "$$")
}

/// A double-quoted YAML scalar.
pub(super) fn yaml(text: &str) -> String {
    flow(&serde_json::Value::from(text))
}

/// A value in YAML's flow style, which JSON is, but for what JSON leaves as it is in strings and
/// YAML takes for a line's end or for nothing that may be printed (YAML 1.2, section 5.1).
pub(super) fn flow(value: &serde_json::Value) -> String {
    let text = value.to_string();
    let is_odd = |c: char| matches!(c, '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}'..='\u{ffff}');
    if !text.contains(is_odd) {
        return text;
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_odd(c) {
            escaped.push_str(&format!("\\u{:04x}", u32::from(c)));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::{compose, yaml};

    #[test]
    fn what_yaml_cannot_print_is_escaped() {
        assert_eq!(yaml("a\u{7f}\u{85}é"), "\"a\\u007f\\u0085é\"");
        assert_eq!(yaml("\u{2028}\u{feff}"), "\"\\u2028\\ufeff\"");
    }

    #[test]
    fn what_yaml_or_compose_would_change_is_escaped() {
        assert_eq!(compose("yes"), r#""yes""#);
        assert_eq!(compose("a$b"), r#""a$$b""#);
        assert_eq!(compose("a\"b\\\n"), r#""a\"b\\\n""#);
    }
}
