//! Splits a command line into words as `google/shlex` does, which docker/cli uses: a backslash
//! inside double quotes takes the next character as it is, whatever it is.

/// The words, or `None` when a quote is not closed or a backslash ends the text.
pub(super) fn split(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '"' => break,
                        '\\' => word.push(chars.next()?),
                        c => word.push(c),
                    }
                }
            }
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        c => word.push(c),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next()?),
            // Only at the start of a word; it ends with the line.
            '#' if word.is_none() => {
                chars.by_ref().find(|c| *c == '\n');
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn words_split_as_in_shlex() {
        let case = |text: &str, expected: &[&str]| {
            assert_eq!(split(text).unwrap(), expected, "{text}");
        };
        case(
            r#"sh -c 'a b' "c \"d\" \q" e\ f h#i #c"#,
            &["sh", "-c", "a b", "c \"d\" q", "e f", "h#i"],
        );
        case("", &[]);
        case("a '' b", &["a", "", "b"]);
        case("a # b\nc", &["a", "c"]);
        case("a\\\nb", &["a\nb"]);
        for text in ["'a", "\"a", "a\\", "\"a\\"] {
            assert_eq!(split(text), None, "{text}");
        }
    }
}
