//! Milvus releases: which lines are known and which images go with them.

use thiserror::Error;

/// Major and minor of a version. Later lines are greater.
pub type Line = (u32, u32);

/// A Milvus version that the tool can bring up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// As the inventory says it: `2.3.21`.
    pub version: String,
    pub line: Line,
    pub patch: u16,
}

/// What a new cluster gets whose inventory says no `milvus:`: the minor that upstream's charts
/// default to (milvus-helm 5.0, milvus-operator 1.3).
pub const DEFAULT: &str = "2.6";

/// What it got before clusters remembered which Milvus their data is of.
pub const FORMER: &str = "2.3";

/// How many lines are known.
pub(crate) const LINES: usize = 6;

/// Current patch release of each known line, oldest first.
const PATCHES: [(Line, u16); LINES] = [
    ((2, 2), 16),
    ((2, 3), 21),
    ((2, 4), 24),
    ((2, 5), 27),
    ((2, 6), 24),
    ((3, 0), 2),
];

/// First and last line that the tool knows.
pub const FIRST: Line = PATCHES[0].0;
pub const LAST: Line = PATCHES[LINES - 1].0;

/// The current patch release of each known line, oldest first.
pub fn known() -> impl Iterator<Item = Release> {
    PATCHES
        .iter()
        .map(|&(line, patch)| Release::new(line, patch))
}

/// Every known line as people write it, oldest first.
#[must_use]
pub fn lines() -> Vec<String> {
    known().map(|release| show(release.line)).collect()
}

/// `2.6` of a line.
#[must_use]
pub fn show((major, minor): Line) -> String {
    format!("{major}.{minor}")
}

/// The line that came out after another one, as far as it is known.
#[must_use]
pub fn after(line: Line) -> Option<Line> {
    known().map(|release| release.line).find(|one| *one > line)
}

/// A version that the tool does not know.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReleaseError {
    #[error("`{0}` is no Milvus version: write `2.3` or `2.3.21`")]
    Malformed(String),
    #[error(
        "Milvus `{0}` is not known to this tool, which knows {first} to {last}",
        first = show(FIRST), last = show(LAST)
    )]
    Unknown(String),
}

impl Release {
    fn new(line: Line, patch: u16) -> Self {
        Self {
            version: format!("{}.{patch}", show(line)),
            line,
            patch,
        }
    }

    /// Reads `2.3` (the current patch release) or `2.3.5`.
    ///
    /// # Errors
    /// Not a version, or a line outside the table.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let malformed = || ReleaseError::Malformed(text.to_owned());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || parts.next().and_then(|part| part.parse::<u32>().ok());
        let line = number().zip(number()).ok_or_else(malformed)?;
        let patch = parts
            .next()
            .map(|part| part.parse::<u16>().map_err(|_| malformed()))
            .transpose()?;
        if parts.next().is_some() {
            return Err(malformed());
        }
        let known = PATCHES.iter().find(|(known, _)| *known == line);
        let (_, current) = known.ok_or_else(|| ReleaseError::Unknown(text.to_owned()))?;
        Ok(Self::new(line, patch.unwrap_or(*current)))
    }

    /// The image of its line, else the newest: of what milvus-helm pairs with a line, the newest
    /// patch.
    pub(crate) fn of(&self, images: &[(Line, &'static str); LINES]) -> String {
        let row = images.iter().find(|(line, _)| *line == self.line);
        let [.., (_, newest)] = images;
        row.map_or(*newest, |(_, image)| *image).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::{etcd, minio, pulsar};

    #[test]
    fn every_known_line_has_images() {
        for images in [etcd::IMAGES, minio::IMAGES, pulsar::IMAGES] {
            assert_eq!(PATCHES.map(|(line, _)| line), images.map(|(line, _)| line));
        }
    }

    #[test]
    fn lines_are_in_the_order_in_which_they_came_out() {
        assert!(PATCHES.is_sorted_by(|(one, _), (next, _)| one < next));
        assert_eq!(after((2, 5)), Some((2, 6)));
        assert_eq!(after((2, 6)), Some((3, 0)));
        assert_eq!(after(LAST), None);
        assert_eq!((show(FIRST), show(LAST)), ("2.2".into(), "3.0".into()));
    }

    #[test]
    fn versions() {
        assert_eq!(
            Release::parse("2.3").map(|r| r.version),
            Ok("2.3.21".into())
        );
        assert_eq!(Release::parse("v2.3.5").map(|r| r.patch), Ok(5));
        assert_eq!(Release::parse("3.0").map(|r| r.version), Ok("3.0.2".into()));
        assert_eq!(Release::parse("3.0.1").map(|r| r.line), Ok((3, 0)));
        for unknown in ["2.9", "2.1", "3.1", "3.6", "4.0.1"] {
            let no = Release::parse(unknown).map_err(|error| error.to_string());
            let why =
                format!("Milvus `{unknown}` is not known to this tool, which knows 2.2 to 3.0");
            assert_eq!(no, Err(why));
        }
        for bad in ["", "2", "latest", "2.3.x", "2.3.5.1", "2.3.99999999"] {
            assert!(
                matches!(Release::parse(bad), Err(ReleaseError::Malformed(_))),
                "{bad}"
            );
        }
    }
}
