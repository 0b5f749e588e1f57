//! Known holes: what was published of releases after they were shipped.

use super::SYSTEMS;
use crate::inventory::Published;
use crate::tag::Version;

/// A hole of a system's releases, as it was published.
#[derive(Debug)]
pub struct Advisory {
    /// What an inventory accepts it by: `CVE-2025-64513`.
    pub name: &'static str,
    /// What else it is known by.
    pub also: &'static str,
    /// The component that has it, where not all of its system do.
    pub only: Option<&'static str>,
    /// The port that it is reached through, where it is open only while that is published.
    pub through: Option<&'static Published>,
    /// Who can do what, as the rest of a sentence.
    pub lets: &'static str,
    /// The first release without it of each line that got one, oldest first. Lines before these got
    /// none, and those after were never without.
    pub fixed: &'static [(u32, u32, u32)],
}

impl Advisory {
    /// Every advisory.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        SYSTEMS.iter().flat_map(|system| system.advisories)
    }

    /// Whether a release has the hole.
    #[must_use]
    pub fn is_in(&self, version: Version) -> bool {
        match self.fix(version) {
            Some(fixed) => version < fixed,
            None => self
                .first_fix()
                .is_some_and(|first| version.line() < first.line()),
        }
    }

    /// The release of the same line that has it no more.
    #[must_use]
    pub fn fix(&self, version: Version) -> Option<Version> {
        let fixes = self.fixed.iter().copied().map(release);
        fixes
            .into_iter()
            .find(|fixed| fixed.line() == version.line())
    }

    /// The oldest release that has it no more.
    #[must_use]
    pub fn first_fix(&self) -> Option<Version> {
        self.fixed.first().copied().map(release)
    }
}

fn release((major, minor, patch): (u32, u32, u32)) -> Version {
    Version {
        major,
        minor,
        patch,
        is_final: true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::release;

    fn has(name: &str, tag: &str) -> bool {
        let mut all = Advisory::all();
        let advisory = all.find(|one| one.name == name).expect("an advisory");
        advisory.is_in(Version::of_tag(tag).expect("a version"))
    }

    #[test]
    fn releases_before_the_fix_of_their_line_have_it() {
        const ROOT: &str = "CVE-2025-64513";
        const METRICS: &str = "CVE-2026-26190";
        for tag in [
            "v2.2.16",
            "v2.3.21",
            "v2.4.23",
            "v2.5.20",
            "v2.6.4",
            "v2.6.5-rc1",
        ] {
            assert!(has(ROOT, tag), "{tag}");
        }
        for tag in ["v2.4.24", "v2.5.21", "v2.6.5", "v2.6.24", "v3.0.0"] {
            assert!(!has(ROOT, tag), "{tag}");
        }
        for tag in ["v2.3.21", "v2.4.24", "v2.5.26", "v2.6.9"] {
            assert!(has(METRICS, tag), "{tag}");
        }
        for tag in ["v2.5.27", "v2.6.10", "v3.0.0"] {
            assert!(!has(METRICS, tag), "{tag}");
        }
    }

    #[test]
    fn the_release_of_a_minor_is_one_with_the_fix_where_there_is_one() {
        for release in release::known() {
            let version = Version::from(&release);
            for advisory in Advisory::all() {
                let fixed = advisory.fix(version);
                assert!(
                    fixed.is_none_or(|fixed| version >= fixed),
                    "{} has {}",
                    release.version,
                    advisory.name
                );
            }
        }
    }

    #[test]
    fn names_are_told_apart_and_fixes_stand_in_order() {
        let mut names: Vec<&str> = Advisory::all().map(|one| one.name).collect();
        let all = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all);
        for advisory in Advisory::all() {
            assert!(advisory.fixed.is_sorted() && !advisory.fixed.is_empty());
        }
    }
}
