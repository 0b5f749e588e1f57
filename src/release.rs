//! Milvus releases: which minors are known and which images go with them.

use thiserror::Error;

use crate::system::{etcd, milvus, minio, pulsar};

/// A Milvus version that the tool can bring up.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Release {
    /// As the inventory says it: `2.3.21`.
    pub version: String,
    pub minor: u8,
    pub patch: u16,
}

/// Images of a release where the inventory names none: of what milvus-helm pairs with a minor, the
/// newest patch of that line.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Images {
    pub etcd: &'static str,
    pub minio: &'static str,
    pub pulsar: &'static str,
}

/// The release that an inventory without `milvus:` gets.
pub const DEFAULT: &str = "2.3.21";

/// Current patch release of each known minor.
const PATCHES: [(u8, u16); 5] = [(2, 16), (3, 21), (4, 24), (5, 27), (6, 24)];

/// The current patch release of each known minor, oldest first.
pub fn known() -> impl Iterator<Item = Release> {
    PATCHES.iter().map(|&(minor, patch)| Release {
        version: format!("2.{minor}.{patch}"),
        minor,
        patch,
    })
}

/// A version that the tool does not know.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ReleaseError {
    #[error("`{0}` is no Milvus version: write `2.3` or `2.3.21`")]
    Malformed(String),
    #[error("Milvus `{0}` is not known to this tool, which knows 2.2 to 2.6")]
    Unknown(String),
}

impl Release {
    /// Reads `2.3` (the current patch release) or `2.3.5`.
    ///
    /// # Errors
    /// Not a version, or a minor outside the table.
    pub fn parse(text: &str) -> Result<Self, ReleaseError> {
        let malformed = || ReleaseError::Malformed(text.to_owned());
        let mut parts = text.strip_prefix('v').unwrap_or(text).split('.');
        let major: u8 = parts
            .next()
            .and_then(|p| p.parse().ok())
            .ok_or_else(malformed)?;
        let minor: u8 = parts
            .next()
            .and_then(|p| p.parse().ok())
            .ok_or_else(malformed)?;
        let patch = parts
            .next()
            .map(|part| part.parse::<u16>().map_err(|_| malformed()))
            .transpose()?;
        if parts.next().is_some() {
            return Err(malformed());
        }
        let known = PATCHES.iter().find(|(known, _)| *known == minor);
        let Some((_, current)) = known.filter(|_| major == 2) else {
            return Err(ReleaseError::Unknown(text.to_owned()));
        };
        let patch = patch.unwrap_or(*current);
        Ok(Self {
            version: format!("2.{minor}.{patch}"),
            minor,
            patch,
        })
    }

    /// The image of Milvus itself.
    #[must_use]
    pub fn milvus_image(&self) -> String {
        milvus::image(&self.version)
    }

    /// Images of what Milvus needs.
    #[must_use]
    pub fn images(&self) -> Images {
        Images {
            etcd: self.of(&etcd::IMAGES),
            minio: self.of(&minio::IMAGES),
            pulsar: self.of(&pulsar::IMAGES),
        }
    }

    /// The image of its minor, else the newest.
    fn of(&self, images: &[(u8, &'static str); 5]) -> &'static str {
        let row = images.iter().find(|(minor, _)| *minor == self.minor);
        let [.., (_, newest)] = images;
        row.map_or(*newest, |(_, image)| *image)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_minor_has_images() {
        let minors = |rows: &mut dyn Iterator<Item = u8>| rows.collect::<Vec<_>>();
        for images in [etcd::IMAGES, minio::IMAGES, pulsar::IMAGES] {
            assert_eq!(
                minors(&mut PATCHES.iter().map(|(minor, _)| *minor)),
                minors(&mut images.iter().map(|(minor, _)| *minor))
            );
        }
    }

    #[test]
    fn versions() {
        assert_eq!(
            Release::parse("2.3").map(|r| r.version),
            Ok("2.3.21".into())
        );
        assert_eq!(Release::parse("v2.3.5").map(|r| r.patch), Ok(5));
        assert!(matches!(
            Release::parse("2.9"),
            Err(ReleaseError::Unknown(_))
        ));
        assert!(matches!(
            Release::parse("3.0"),
            Err(ReleaseError::Unknown(_))
        ));
        for bad in ["", "2", "latest", "2.3.x", "2.3.5.1", "2.3.99999999"] {
            assert!(
                matches!(Release::parse(bad), Err(ReleaseError::Malformed(_))),
                "{bad}"
            );
        }
    }
}
