//! The version that an image's tag names, which need not be the one that the inventory says.

use std::fmt;

use crate::release::{Line, Release};

/// A version of Milvus in full.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Version {
    pub major: u32,
    pub minor: u32,
    pub patch: u32,
    /// Not a release candidate or the like.
    pub is_final: bool,
}

impl Version {
    /// The version in an image's tag: `2.3.5` of `milvusdb/milvus:v2.3.5-gpu@sha256:…`. `None`
    /// where the tag names none in full, like `latest`.
    #[must_use]
    pub fn of_image(image: &str) -> Option<Self> {
        let reference = image.split('@').next()?;
        let (_, tag) = reference.rsplit('/').next()?.split_once(':')?;
        Self::of_tag(tag)
    }

    /// The version that a tag names, as [`tag`](Self::tag) writes it or with more around it.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        let tag = tag.strip_prefix('v').unwrap_or(tag);
        let (number, suffix) = tag.split_once('-').unwrap_or((tag, ""));
        let mut parts = number.split('.').map(str::parse);
        let (major, minor, patch) = (
            parts.next()?.ok()?,
            parts.next()?.ok()?,
            parts.next()?.ok()?,
        );
        let early = ["rc", "beta", "alpha", "dev"];
        parts.next().is_none().then_some(Self {
            major,
            minor,
            patch,
            is_final: !early.iter().any(|word| suffix.starts_with(word)),
        })
    }

    /// The shortest tag that names it.
    #[must_use]
    pub fn tag(self) -> String {
        let early = if self.is_final { "" } else { "-rc" };
        format!("{}.{}.{}{early}", self.major, self.minor, self.patch)
    }

    /// Major and minor.
    #[must_use]
    pub const fn line(self) -> Line {
        (self.major, self.minor)
    }
}

impl From<&Release> for Version {
    fn from(release: &Release) -> Self {
        Self {
            major: release.line.0,
            minor: release.line.1,
            patch: release.patch.into(),
            is_final: true,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        f.write_str(if self.is_final { "" } else { " (not final)" })
    }
}

/// How old an image is, as far as its tag says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Age {
    Version(Version),
    /// MinIO's tags name the moment of a release: `2024-12-18T13-15-44Z`.
    Moment(String),
}

impl Age {
    /// `None` where the tag names neither a version nor a moment, like `latest`.
    #[must_use]
    pub fn of_image(image: &str) -> Option<Self> {
        if let Some(version) = Version::of_image(image) {
            return Some(Self::Version(version));
        }
        let reference = image.split('@').next()?;
        let (_, tag) = reference.rsplit('/').next()?.split_once(':')?;
        let moment = tag.strip_prefix("RELEASE.")?;
        let shape: String = moment
            .chars()
            .take("2024-12-18T13-15-44Z".len())
            .map(|c| if c.is_ascii_digit() { '0' } else { c })
            .collect();
        (shape == "0000-00-00T00-00-00Z").then(|| Self::Moment(moment[..shape.len()].to_owned()))
    }

    /// Whether both tell their age in one way and this one is the older.
    #[must_use]
    pub fn is_older_than(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Version(one), Self::Version(other)) => one < other,
            (Self::Moment(one), Self::Moment(other)) => one < other,
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Age, Version};

    #[test]
    fn ages() {
        let age = |image: &str| Age::of_image(image).expect(image);
        let old = age("minio/minio:RELEASE.2024-12-18T13-15-44Z");
        let new = age("quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z-cpuv1@sha256:00");
        assert!(old.is_older_than(&new) && !new.is_older_than(&old));
        assert_eq!(old, age("r:5000/minio:RELEASE.2024-12-18T13-15-44Z"));
        assert!(age("p:2.8.2").is_older_than(&age("p:2.10.0")));
        assert!(!age("p:2.8.2").is_older_than(&new) && !new.is_older_than(&age("p:2.8.2")));
        for none in [
            "minio",
            "minio:latest",
            "minio:RELEASE.2024",
            "m:RELEASE.\u{e9}024-12-18T13-15-44Z",
        ] {
            assert_eq!(Age::of_image(none), None, "{none}");
        }
    }

    #[test]
    fn tags() {
        let shown = |image: &str| Version::of_image(image).map(|v| v.to_string());
        assert_eq!(
            shown("r:5000/x/milvus:v2.3.5-gpu@sha256:00").as_deref(),
            Some("2.3.5")
        );
        assert_eq!(
            shown("milvus:2.6.0-rc1").as_deref(),
            Some("2.6.0 (not final)")
        );
        for tag in ["2.3.5", "2.6.0-rc"] {
            let version = Version::of_tag(tag);
            assert_eq!(version.map(Version::tag).as_deref(), Some(tag));
        }
        for none in [
            "milvus",
            "r:5000/milvus",
            "milvus:latest",
            "milvus:v2.3",
            "m:2.3.4.5",
        ] {
            assert_eq!(shown(none), None, "{none}");
        }
    }
}
