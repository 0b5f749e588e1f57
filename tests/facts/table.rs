//! A table of what the sources of one Milvus say.

use std::collections::{BTreeMap, BTreeSet};

/// How the code of a Milvus knows a setting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// By its name, or by another one that it falls back on.
    Key,
    /// It stands in upstream's file, and the code does not name it.
    Shipped,
}

#[derive(Debug)]
pub struct Table {
    pub commit: String,
    pub dir: String,
    pub files: BTreeSet<String>,
    pub processes: BTreeMap<String, BTreeSet<String>>,
    /// By their letters, as Milvus compares them, with the default.
    settings: BTreeMap<String, (Kind, String)>,
    groups: Vec<String>,
}

/// A setting's name as Milvus compares it (`formatKey` in `pkg/config/config.go`).
pub fn letters(name: &str) -> String {
    name.to_lowercase().replace(['.', '_', '/'], "")
}

impl Table {
    pub fn of(version: &str) -> Self {
        let path = format!("{}/tests/facts/{version}.tsv", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{path}: {error}; lab/milvus-facts.py makes it"));
        Self::read(version, &text)
    }

    fn read(version: &str, text: &str) -> Self {
        let (head, rows) = text.split_once('\n').expect("a first line");
        let commit = head
            .split(' ')
            .find(|word| word.len() == 40)
            .expect("a commit");
        let is_hex = commit.bytes().all(|byte| byte.is_ascii_hexdigit());
        assert!(
            is_hex && head.contains(&format!("Milvus {version} ")),
            "{head}"
        );
        let mut table = Self {
            commit: commit.to_owned(),
            dir: String::new(),
            files: BTreeSet::new(),
            processes: BTreeMap::new(),
            settings: BTreeMap::new(),
            groups: Vec::new(),
        };
        for row in rows.lines() {
            let cells: Vec<&str> = row.split('\t').collect();
            match cells[..] {
                ["dir", dir, _] => dir.clone_into(&mut table.dir),
                ["file", name, _] => drop(table.files.insert(name.to_owned())),
                ["process", name, sessions, _] => {
                    let sessions = sessions.split(' ').map(str::to_owned).collect();
                    table.processes.insert(name.to_owned(), sessions);
                }
                ["key", name, default] => table.add(name, Kind::Key, default),
                ["old", name, _] => table.add(name, Kind::Key, ""),
                ["old", name, _, default] => table.add(name, Kind::Key, default),
                ["yaml", name, default] => table.add(name, Kind::Shipped, default),
                ["group", prefix] => table.groups.push(letters(prefix)),
                _ => panic!("{version}: a row of no known kind: {row}"),
            }
        }
        assert!(
            !table.dir.is_empty() && !table.files.is_empty(),
            "{version}"
        );
        assert!(
            table.settings.len() > 200 && table.processes.len() > 5,
            "{version}"
        );
        table
    }

    fn add(&mut self, name: &str, kind: Kind, default: &str) {
        self.settings
            .insert(letters(name), (kind, default.to_owned()));
    }

    /// How a setting is known, and its default.
    pub fn setting(&self, name: &str) -> Option<(Kind, &str)> {
        let name = letters(name);
        let row = self.settings.get(&name);
        let row = row.map(|(kind, default)| (*kind, default.as_str()));
        let group = || self.groups.iter().any(|prefix| name.starts_with(prefix));
        row.or_else(|| group().then_some((Kind::Key, "")))
    }
}
