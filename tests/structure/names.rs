//! Whoever adds a system adds a folder: no file outside `src/system` names a component, its role,
//! its port or its image.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::component::COMPONENTS;
use milvus_swarm::role::Role;
use regex::Regex;

use crate::source::{File, files};

/// The rows themselves, and the names of roles, which derive from nothing.
const HOME: [&str; 2] = ["system/", "role.rs"];

/// Words that mean something else as well: they count where they stand alone.
const ALSO_ENGLISH: [&str; 6] = ["index", "query", "proxy", "coord", "manager", "streaming"];

/// What the rows say: the words in literals, and those that count as a whole literal only.
struct Words {
    plain: BTreeSet<String>,
    alone: BTreeSet<String>,
    code: Regex,
}

impl Words {
    fn of_rows() -> Self {
        let roles = Role::ALL.into_iter().filter(|role| *role != Role::Manager);
        let mut all: BTreeSet<String> = roles.clone().map(|role| role.name().to_owned()).collect();
        for row in COMPONENTS {
            all.insert(row.name.to_owned());
            // `MinIO`; a title in small letters is made of words.
            let capital = |word: &&str| word.starts_with(|first: char| first.is_uppercase());
            let words = row.title.split(' ').filter(capital);
            all.extend(words.map(str::to_owned));
        }
        // What everything has: a key of inventories, of answers, of flags.
        all.remove(Role::Data.name());
        let (alone, plain) = all
            .into_iter()
            .partition(|word| ALSO_ENGLISH.contains(&word.as_str()));
        let variants: BTreeSet<String> = roles.map(|role| format!("Role::{role:?}")).collect();
        let variants = Vec::from_iter(variants).join("|");
        Self {
            plain,
            alone,
            code: Regex::new(&format!(r"\b({variants})\b")).expect("a pattern"),
        }
    }

    fn count(&self, file: &File) -> usize {
        let words = |literal: &String| {
            let inner = |c: char| !c.is_ascii_alphanumeric() && c != '-';
            let words = literal.split(inner).map(|word| word.trim_matches('-'));
            let plain = words.filter(|word| self.plain.contains(*word)).count();
            plain + usize::from(self.alone.contains(literal.as_str()))
        };
        let literals: usize = file.literals.iter().map(words).sum();
        literals + self.code.find_iter(&file.code).count()
    }
}

#[test]
fn only_a_system_s_own_folder_names_it() {
    let words = Words::of_rows();
    let is_home = |file: &File| HOME.iter().any(|home| file.path.starts_with(home));
    let files = files();
    let counts: BTreeMap<&str, usize> = files
        .iter()
        .filter(|file| !is_home(file))
        .map(|file| (file.path.as_str(), words.count(file)))
        .filter(|(_, count)| *count > 0)
        .collect();
    assert!(
        counts.is_empty(),
        "these name a component, a role or an image: say it in the row instead (src/system)\n{counts:#?}"
    );
}
