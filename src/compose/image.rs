//! Image references, and what `docker stack deploy --resolve-image` makes of them.
//!
//! The CLI resolves images, not the engine: it asks the manager's engine to ask the registry
//! (`GET /distribution/NAME/json`) and posts the digest. The functions here are pure; whoever
//! calls them brings the registry's answer.

use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::spec::ServiceSpec;

/// The label that holds an image as the stack file spells it.
pub const IMAGE_LABEL: &str = "com.docker.stack.image";

/// Why a text is not an image reference.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ImageError {
    #[error("the digest of `{0}` is not an algorithm and at least 32 hexadecimal digits")]
    Digest(String),
    #[error("the registry of `{0}` is not a host name with an optional port")]
    Domain(String),
    #[error("it is empty")]
    Empty,
    #[error("the name of `{0}` is longer than 255 characters")]
    Long(String),
    #[error(
        "the name of `{0}` may only have lower-case letters, digits and single separators between them"
    )]
    Name(String),
    #[error(
        "the tag of `{0}` may only have letters, digits, `_`, `.` and `-`, at most 128 of them"
    )]
    Tag(String),
}

/// A reference as the CLI posts it: Docker Hub's names short, `:latest` when there is neither
/// tag nor digest. 64 hexadecimal digits are an image identifier and stay as they are.
///
/// # Errors
/// When the text is not a reference by the grammar of `distribution/reference`.
pub fn normalize(reference: &str) -> Result<String, ImageError> {
    if reference.is_empty() {
        return Err(ImageError::Empty);
    }
    if is_identifier(reference) {
        return Ok(reference.to_owned());
    }
    let (name, digest) = match reference.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (reference, None),
    };
    let (name, tag) = split_tag(name);
    let (domain, path) = split_domain(name);
    let bad = |error: fn(String) -> ImageError| Err(error(reference.to_owned()));
    if !domain.is_empty() && !is_domain(domain) {
        return bad(ImageError::Domain);
    }
    if !path.split('/').all(is_component) {
        return bad(ImageError::Name);
    }
    if domain.len() + 1 + path.len() > 255 {
        return bad(ImageError::Long);
    }
    if tag.is_some_and(|tag| !is_tag(tag)) {
        return bad(ImageError::Tag);
    }
    if digest.is_some_and(|digest| !is_digest(digest)) {
        return bad(ImageError::Digest);
    }
    let mut out = familiar(domain, path);
    if let Some(tag) = tag.or(digest.is_none().then_some("latest")) {
        out = format!("{out}:{tag}");
    }
    if let Some(digest) = digest {
        out = format!("{out}@{digest}");
    }
    Ok(out)
}

fn is_identifier(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// A colon after the last slash begins the tag.
fn split_tag(name: &str) -> (&str, Option<&str>) {
    let slash = name.rfind('/').map_or(0, |at| at + 1);
    match name[slash..].find(':') {
        Some(at) => (&name[..slash + at], Some(&name[slash + at + 1..])),
        None => (name, None),
    }
}

/// The registry, or nothing for Docker Hub; the first part is a registry when it has a dot, a
/// colon or an upper-case letter, or is `localhost`.
fn split_domain(name: &str) -> (&str, &str) {
    match name.split_once('/') {
        Some(("docker.io" | "index.docker.io", path)) => ("", path),
        Some((first, path))
            if first == "localhost"
                || first.contains(['.', ':'])
                || first.chars().any(char::is_uppercase) =>
        {
            (first, path)
        }
        _ => ("", name),
    }
}

/// Docker Hub's official images lose `library/`.
fn familiar(domain: &str, path: &str) -> String {
    if !domain.is_empty() {
        return format!("{domain}/{path}");
    }
    match path.strip_prefix("library/") {
        Some(rest) if !rest.contains('/') => rest.to_owned(),
        _ => path.to_owned(),
    }
}

fn is_domain(domain: &str) -> bool {
    let (host, port) = match domain.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (domain, None),
    };
    let port = port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let name = host.split('.').all(|part| {
        let ends = |c: char| c.is_ascii_alphanumeric();
        part.starts_with(ends)
            && part.ends_with(ends)
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    });
    let address = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .is_some_and(|host| {
            !host.is_empty() && host.chars().all(|c| c.is_ascii_hexdigit() || c == ':')
        });
    port && (name || address)
}

/// `[a-z0-9]+((?:[._]|__|[-]+)[a-z0-9]+)*`
fn is_component(part: &str) -> bool {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = part.split(letter).filter(|separator| !separator.is_empty());
    part.starts_with(letter)
        && part.ends_with(letter)
        && separators
            .into_iter()
            .all(|s| matches!(s, "." | "_" | "__") || s.bytes().all(|b| b == b'-'))
}

fn is_tag(tag: &str) -> bool {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    (1..=128).contains(&tag.len())
        && tag.starts_with(word)
        && tag.chars().all(|c| word(c) || c == '.' || c == '-')
}

fn is_digest(digest: &str) -> bool {
    let Some((algorithm, hex)) = digest.split_once(':') else {
        return false;
    };
    let length = match algorithm {
        "sha256" => 64,
        "sha384" => 96,
        "sha512" => 128,
        _ => return false,
    };
    hex.len() == length && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

/// When the registry is asked for an image's digest.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResolveImage {
    /// On every create and update: what the CLI does by default.
    Always,
    /// On create, and on update when the stack file's text for the image changed.
    #[default]
    Changed,
    /// Never: tags are posted.
    Never,
}

/// What a registry says of an image.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Distribution {
    /// `sha256:…`
    pub digest: String,
    pub platforms: Vec<Platform>,
}

/// A platform that an image is built for.
#[derive(Clone, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Platform {
    pub architecture: String,
    pub os: String,
}

impl ResolveImage {
    /// Whether the registry must be asked before `desired` (as [`crate::compose::read`] gives
    /// it) is posted over `previous`, the service's present spec.
    #[must_use]
    pub fn asks(self, desired: &ServiceSpec, previous: Option<&ServiceSpec>) -> bool {
        match self {
            Self::Always => true,
            Self::Changed => !previous.is_some_and(|previous| same_image(desired, previous)),
            Self::Never => false,
        }
    }
}

/// Whether two specs come from the same text for the image.
fn same_image(a: &ServiceSpec, b: &ServiceSpec) -> bool {
    let label = a.labels.get(IMAGE_LABEL);
    label.is_some() && label == b.labels.get(IMAGE_LABEL)
}

/// The present spec of a service, if it runs an image of the text that its label names.
/// `docker service update --image` changes the image alone: what it left there is somebody's doing
/// and nothing to keep (docker/cli: `cli/command/service/update.go`).
#[must_use]
pub fn undisturbed<'a>(
    desired: &ServiceSpec,
    found: Option<&'a ServiceSpec>,
) -> Option<&'a ServiceSpec> {
    let text = &desired.task_template.container_spec.image;
    found.filter(|found| {
        let runs = &found.task_template.container_spec.image;
        let added = runs.strip_prefix(text.as_str());
        !same_image(desired, found) || added.is_some_and(|a| a.is_empty() || a.starts_with('@'))
    })
}

/// The spec to post: `desired` with its image pinned as `docker stack deploy` would, and with
/// the `ForceUpdate` of `previous`, so that nothing restarts without a reason.
///
/// `answer` is the registry's answer when [`ResolveImage::asks`] wanted one; without an answer
/// (offline, no permission) the tag is posted, as by the CLI, which prints a warning. Platforms
/// are those of docker/cli 29: without repetitions and without the `unknown` ones of
/// attestations. A reused pin has no platforms at all.
#[must_use]
pub fn pinned(
    mode: ResolveImage,
    desired: &ServiceSpec,
    previous: Option<&ServiceSpec>,
    answer: Option<&Distribution>,
) -> ServiceSpec {
    let mut spec = desired.clone();
    if let Some(previous) = previous {
        spec.task_template.force_update = previous.task_template.force_update;
        if mode != ResolveImage::Always && same_image(desired, previous) {
            let image = &previous.task_template.container_spec.image;
            spec.task_template.container_spec.image.clone_from(image);
            return spec;
        }
    }
    let Some(answer) = answer.filter(|_| mode.asks(desired, previous)) else {
        return spec;
    };
    let image = &mut spec.task_template.container_spec.image;
    if !image.contains('@') && !is_identifier(image) {
        *image = format!("{image}@{}", answer.digest);
    }
    spec.task_template.placement.platforms = platforms(answer);
    spec
}

/// An empty architecture for any ARM: swarmkit#2294.
fn platforms(answer: &Distribution) -> Vec<serde_json::Value> {
    let mut seen = Vec::new();
    for platform in &answer.platforms {
        let mut platform = platform.clone();
        if platform.architecture == "unknown" || platform.os == "unknown" {
            continue;
        }
        if platform.architecture.eq_ignore_ascii_case("arm") {
            platform.architecture.clear();
        }
        if !seen.contains(&platform) {
            seen.push(platform);
        }
    }
    let value = |platform: Platform| {
        let mut value = json!({});
        for (key, text) in [("Architecture", platform.architecture), ("OS", platform.os)] {
            if !text.is_empty() {
                value[key] = json!(text);
            }
        }
        value
    };
    seen.into_iter().map(value).collect()
}
