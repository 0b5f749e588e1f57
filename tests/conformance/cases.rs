//! The files of `cases`: each holds several stack files.
//!
//! A line `#: case NAME` begins one. Lines `#: KEY VALUE` after it say what is expected:
//! - `env NAME=VALUE`: a variable of the deployment's environment;
//! - `since MAJOR`: CLIs before that version cannot read it, and are left out;
//! - `until MAJOR`: from that version on the CLI posts something else;
//! - `refused-since MAJOR`: CLIs before that version take what is `refused`;
//! - `refused WORDS`: the CLI refuses it, and so do we, with an error that has these words;
//! - `stricter WORDS`: the CLI takes it, and we refuse it with an error that has these words.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What should come of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum Expected {
    Same,
    Refused(String),
    Stricter(String),
}

/// A stack file and what should come of it.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub text: String,
    pub environment: BTreeMap<String, String>,
    pub since: u32,
    pub until: u32,
    /// The version that began to refuse what is `Refused`.
    pub refused_since: u32,
    pub expected: Expected,
}

pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// Every case, in the order of the files' names.
pub fn all() -> Vec<Case> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(root().join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(file: &Path) -> Vec<Case> {
    let stem = file.file_stem().unwrap().to_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        let directive = line
            .strip_prefix("#: ")
            .map(|rest| rest.split_once(' ').unwrap_or((rest, "")));
        match (directive, cases.last_mut()) {
            (Some(("case", name)), _) => cases.push(Case {
                name: format!("{stem}/{name}"),
                text: String::new(),
                environment: environment(),
                since: 0,
                until: u32::MAX,
                refused_since: 0,
                expected: Expected::Same,
            }),
            (Some((key, value)), Some(case)) => case.directive(key, value),
            (None, Some(case)) => {
                case.text.push_str(line);
                case.text.push('\n');
            }
            (None, None) => assert!(line.is_empty() || line.starts_with('#'), "{stem}: {line}"),
            (Some((key, _)), None) => panic!("{stem}: `{key}` before the first case"),
        }
    }
    assert!(!cases.is_empty(), "{stem} has no case");
    cases
}

/// The environment that every deployment has.
pub fn environment() -> BTreeMap<String, String> {
    BTreeMap::from([("HOME".to_owned(), "/home/somebody".to_owned())])
}

impl Case {
    fn directive(&mut self, key: &str, value: &str) {
        match key {
            "env" => {
                let (name, value) = value.split_once('=').unwrap();
                self.environment.insert(name.to_owned(), value.to_owned());
            }
            "since" => self.since = value.parse().unwrap(),
            "until" => self.until = value.parse().unwrap(),
            "refused-since" => self.refused_since = value.parse().unwrap(),
            "refused" => self.expected = Expected::Refused(value.to_owned()),
            "stricter" => self.expected = Expected::Stricter(value.to_owned()),
            key => panic!("{}: unknown directive `{key}`", self.name),
        }
    }
}
