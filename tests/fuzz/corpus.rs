//! Texts to begin with: what is shipped, what once failed, and what is nasty in itself.

use std::fs;
use std::path::Path;

/// Texts of one target, by name.
pub struct Corpus {
    pub name: &'static str,
    pub texts: Vec<(String, Vec<u8>)>,
    /// How many of them, from the first on, are nearly right: these are damaged. What is huge or
    /// no text at all is tried as it is, and lends its parts.
    pub near: usize,
    /// Pieces that damage puts in.
    pub pieces: Vec<String>,
}

impl Corpus {
    /// The texts given, those of `corpus/<name>/`, and the bombs.
    pub fn new(name: &'static str, shipped: Vec<(String, Vec<u8>)>, pieces: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fuzz/corpus")
            .join(name);
        let mut kept: Vec<(String, Vec<u8>)> = fs::read_dir(&folder)
            .expect("the corpus")
            .map(|entry| {
                let path = entry.expect("an entry").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                (name.into_owned(), fs::read(&path).expect("a text"))
            })
            .collect();
        kept.sort();
        let mut texts = shipped;
        texts.extend(kept);
        let near = texts.len();
        texts.extend(bombs());
        Self {
            name,
            texts,
            near,
            pieces: NASTY
                .iter()
                .chain(pieces)
                .map(|piece| (*piece).to_owned())
                .collect(),
        }
    }
}

/// Characters and words with a meaning to a shell, a path, a template, YAML or a terminal.
const NASTY: [&str; 69] = [
    "$",
    "$$",
    "${",
    "${A",
    "${A:-",
    "$(id)",
    "`id`",
    "{{",
    "}}",
    "{{ .Node.ID }}",
    "{{ secret `minio-root` }}",
    "{%",
    "%}",
    "{#",
    "../",
    "/../..",
    "/",
    "\\",
    "\"",
    "'",
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "\0",
    "\u{1b}[31m",
    "\u{7f}",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{202e}",
    "é",
    "日本",
    "🦀",
    ":",
    ": ",
    "- ",
    "? ",
    "| ",
    "|\n",
    ">-\n",
    "# ",
    "&a ",
    "*a",
    "*nothing",
    "<<: *a",
    "!!str ",
    "!!binary ",
    "!x ",
    "[",
    "]",
    "{",
    "}",
    ",",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    "~",
    "null",
    "0x10",
    "1e999",
    "-1",
    "99999999999999999999",
    "\"\\e[31m\"",
    "\"\\n\"",
    "\"\\0\"",
    "\"\\u202e\"",
    "\"\\x9b\"",
];

/// Texts that are small and stand for much, or are no text.
fn bombs() -> Vec<(String, Vec<u8>)> {
    let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let before = format!("*a{}", level - 1);
        let items = vec![before; 9].join(", ");
        laughs.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    let merges: String = (1..60)
        .map(|n| format!("m{n}: &m{n}\n  <<: *m{}\n  k{n}: 1\n", n - 1))
        .collect();
    let stairs: String = (0..200).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    let named = |name: &str, text: String| (name.to_owned(), text.into_bytes());
    vec![
        named("empty", String::new()),
        named("laughs", laughs),
        named("merges", format!("m0: &m0 {{ k0: 1 }}\n{merges}")),
        named("brackets", "[".repeat(20_000)),
        named("braces", "{a: ".repeat(5_000)),
        named("stairs", stairs),
        named("questions", "? ".repeat(5_000)),
        named("dashes", "- ".repeat(5_000)),
        named(
            "aliases",
            format!("a: &a 1\nb: [{}]\n", "*a, ".repeat(30_000)),
        ),
        named("long-key", format!("{}: 1\n", "k".repeat(70_000))),
        named("long-line", format!("a: {}\n", "x ".repeat(60_000))),
        ("zeros".to_owned(), vec![0; 4096]),
        ("elf".to_owned(), b"\x7fELF\x02\x01\x01\0\xff\xfe".to_vec()),
        ("utf-16".to_owned(), b"\xff\xfea\0:\0 \x001\0".to_vec()),
        ("half".to_owned(), b"name: caf\xc3".to_vec()),
    ]
}
