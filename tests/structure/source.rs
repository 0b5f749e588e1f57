//! The program's own sources, without comments and tests.

use std::fs;
use std::path::{Path, PathBuf};

/// A source file in two parts: what is between quotes, and all else.
pub struct File {
    /// Below `src`: `plan/outage.rs`.
    pub path: String,
    pub literals: Vec<String>,
    pub code: String,
}

/// Every source file of the library, in order.
pub fn files() -> Vec<File> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut paths = Vec::new();
    walk(&src, &mut paths);
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).expect("a source file");
        let below = path.strip_prefix(&src).expect("a path below `src`");
        let (literals, code) = split(without_tests(&text));
        File {
            path: below.to_str().expect("UTF-8").to_owned(),
            literals,
            code,
        }
    };
    paths.into_iter().map(read).collect()
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.to_str().expect("UTF-8");
        if path.is_dir() {
            walk(&path, paths);
        } else if name.ends_with(".rs") && !name.ends_with("tests.rs") {
            paths.push(path);
        }
    }
}

/// Tests stand at the end of a file.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {")
        .next()
        .unwrap_or(text)
}

/// Literals and code; comments are left out.
fn split(text: &str) -> (Vec<String>, String) {
    let (mut literals, mut code) = (Vec::new(), String::new());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("//") {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if let Some((literal, after)) = raw(rest).or_else(|| plain(rest)) {
            literals.push(literal.to_owned());
            code.push_str("\"\"");
            rest = after;
        } else if let Some(after) = character(rest) {
            rest = after;
        } else {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    (literals, code)
}

/// `"text"`
fn plain(text: &str) -> Option<(&str, &str)> {
    let body = text.strip_prefix('"')?;
    let mut escaped = false;
    let end = body.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((&body[..end], &body[end + 1..]))
}

/// `r"text"`, `r#"text"#`
fn raw(text: &str) -> Option<(&str, &str)> {
    let after = text.strip_prefix('r')?;
    let body = after.trim_start_matches('#');
    let hashes = &after[..after.len() - body.len()];
    let body = body.strip_prefix('"')?;
    let close = format!("\"{hashes}");
    let end = body.find(&close)?;
    Some((&body[..end], &body[end + close.len()..]))
}

/// The rest after `'x'` or `'\n'`; a lifetime is no character.
fn character(text: &str) -> Option<&str> {
    let body = text.strip_prefix('\'')?;
    let mut characters = body.char_indices();
    let (_, first) = characters.next()?;
    if first == '\\' {
        let end = body[2..].find('\'')?;
        return Some(&body[2 + end + 1..]);
    }
    let (at, second) = characters.next()?;
    (second == '\'').then(|| &body[at + 1..])
}

#[test]
fn comments_tests_and_characters_are_no_literals() {
    let text = "a(\"one \\\" two\", 'x', '\\'', 'a, '\"') // \"three\"\nr#\"fo\"ur\"# \
                #[cfg(test)]\nmod tests { \"five\" }";
    let (literals, code) = split(without_tests(text));
    assert_eq!(literals, ["one \\\" two", "fo\"ur"]);
    assert_eq!(code, "a(\"\", , , 'a, ) \n\"\" ");
}
