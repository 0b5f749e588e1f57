//! The checks behind the forms: each says why a text is not what it should be.

use std::net::{IpAddr, Ipv4Addr};

use super::model::Subnet;
use super::names::THIS_HOST;
use crate::release;

pub(super) fn each(all: &[String], check: fn(&str) -> Result<(), String>) -> Result<(), String> {
    all.iter().try_for_each(|text| check(text))
}

/// Refuses an empty text and every character that a test does not allow.
fn only(text: &str, what: &str, allowed: impl Fn(char) -> bool) -> Result<(), String> {
    match text.chars().find(|c| !allowed(*c)) {
        _ if text.is_empty() => Err("it is empty".into()),
        Some(c) => Err(format!("{c:?} is not one of {what}")),
        None => Ok(()),
    }
}

pub(super) fn cluster(text: &str) -> Result<(), String> {
    only(text, "a-z, 0-9 and -", |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'
    })?;
    if !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Err("it must begin with a letter".into());
    }
    if text.len() > 31 {
        return Err(format!("it has {} characters, 31 is the most", text.len()));
    }
    // The name of MinIO's bucket ends with it, and no bucket's may end so.
    if text.ends_with('-') {
        return Err("it must end with a letter or a digit".into());
    }
    Ok(())
}

pub(super) fn host_name(text: &str) -> Result<(), String> {
    if text == THIS_HOST {
        return Ok(());
    }
    only(text, "A-Z, a-z, 0-9, . and -", |c| {
        c.is_ascii_alphanumeric() || c == '.' || c == '-'
    })?;
    if text.len() > 253 {
        return Err(format!("it has {} characters, 253 is the most", text.len()));
    }
    for label in text.split('.') {
        if label.is_empty() {
            return Err("a part between dots is empty".into());
        }
        if label.len() > 63 {
            return Err(format!(
                "`{label}` has {} characters, 63 is the most",
                label.len()
            ));
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(format!("`{label}` begins or ends with a hyphen"));
        }
    }
    Ok(())
}

pub(super) fn address(text: &str) -> Result<(), String> {
    if text.parse::<IpAddr>().is_ok() {
        return Ok(());
    }
    if text.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return Err("it is no IPv4 address".into());
    }
    if text.contains(':') {
        return Err("it is no IP address; a port belongs in `engine`".into());
    }
    host_name(text)
}

/// A host, with a port where it is not that of the protocol.
pub(super) fn endpoint(text: &str) -> Result<(), String> {
    if text.contains("://") {
        return Err("it has a scheme; write `HOST` or `HOST:PORT`".into());
    }
    let (host, port) = text.split_once(':').unwrap_or((text, "443"));
    if !matches!(port.parse::<u16>(), Ok(1..)) {
        return Err("after the colon there is no port".into());
    }
    address(host)
}

/// As S3 has them (Amazon S3 User Guide, "General purpose bucket naming rules").
pub(super) fn bucket(text: &str) -> Result<(), String> {
    only(text, "lower-case letters, digits, `.` and `-`", |c| {
        c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c)
    })?;
    if !(3..=63).contains(&text.len()) {
        return Err("it has 3 to 63 characters".into());
    }
    if text.starts_with(['.', '-']) || text.ends_with(['.', '-']) || text.contains("..") {
        return Err("it begins and ends with a letter or digit, and has no empty part".into());
    }
    if text.parse::<IpAddr>().is_ok() {
        return Err("it is an IP address".into());
    }
    Ok(())
}

/// The part of a key that all objects of a cluster have in common.
pub(super) fn object_path(text: &str) -> Result<(), String> {
    only(text, "letters, digits, `.`, `_`, `-` and `/`", |c| {
        c.is_ascii_alphanumeric() || "._-/".contains(c)
    })?;
    if text.len() > 200 {
        return Err("it has more than 200 characters".into());
    }
    let begins = |part: &str| part.starts_with(|c: char| c.is_ascii_alphanumeric());
    if !text.split('/').all(begins) {
        return Err(
            "each part begins with a letter or digit, and it has no `/` at its ends".into(),
        );
    }
    Ok(())
}

pub(super) fn engine(text: &str) -> Result<(), String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        return Err("it has no scheme, such as `tcp://` or `ssh://`".into());
    };
    only(rest, "the characters of an endpoint", |c| {
        c.is_ascii_graphic() && !"\"'`$\\{}<>|;".contains(c)
    })?;
    match scheme {
        "unix" if rest.starts_with('/') => Ok(()),
        "unix" => Err("a unix socket needs an absolute path".into()),
        "tcp" | "ssh" => {
            if rest.starts_with('-') || rest.contains("@-") {
                return Err("a host must not begin with a hyphen".into());
            }
            Ok(())
        }
        "http" | "https" => Err(format!(
            "write `tcp://` instead of `{scheme}://`; DOCKER_TLS_VERIFY turns TLS on"
        )),
        other => Err(format!("`{other}` is none of unix, tcp, ssh")),
    }
}

pub(super) fn zone(text: &str) -> Result<(), String> {
    only(text, "A-Z, a-z, 0-9, ., _ and -", |c| {
        c.is_ascii_alphanumeric() || "._-".contains(c)
    })?;
    if text.len() > 63 {
        return Err(format!("it has {} characters, 63 is the most", text.len()));
    }
    let edge = |c: char| c.is_ascii_alphanumeric();
    if !(text.starts_with(edge) && text.ends_with(edge)) {
        return Err("it must begin and end with a letter or a digit".into());
    }
    Ok(())
}

pub(super) fn user(text: &str) -> Result<(), String> {
    only(text, "A-Z, a-z, 0-9, ., _ and -", |c| {
        c.is_ascii_alphanumeric() || "._-".contains(c)
    })?;
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err("it must begin with a letter or a digit".into());
    }
    if !(3..=64).contains(&text.len()) {
        return Err(format!(
            "it has {} characters, 3 to 64 are needed",
            text.len()
        ));
    }
    Ok(())
}

pub(super) fn absolute_dir(text: &str) -> Result<(), String> {
    only(text, "A-Z, a-z, 0-9, ., _, - and /", |c| {
        c.is_ascii_alphanumeric() || "._-/".contains(c)
    })?;
    if !text.starts_with('/') {
        return Err("it must begin with /".into());
    }
    if text.split('/').any(|part| part == "..") {
        return Err("it must not contain `..`".into());
    }
    if text.trim_matches('/').is_empty() {
        return Err("the root of the file system is no place for data".into());
    }
    Ok(())
}

pub(super) fn file(text: &str) -> Result<(), String> {
    only(text, "the characters of a file name", |c| !c.is_control())
}

/// Refuses what can't be `HOST:PORT/PATH` or `PATH`.
fn repository(text: &str) -> Result<(), String> {
    if text.contains("://") {
        return Err("it must not have a scheme".into());
    }
    let (first, rest) = text.split_once('/').unwrap_or((text, ""));
    let host = match first.split_once(':') {
        Some((host, port)) if port.is_empty() || !port.chars().all(|c| c.is_ascii_digit()) => {
            return Err(format!("`{port}` after {host} is no port"));
        }
        Some((host, _)) => host,
        None => first,
    };
    let parts = rest.split('/').filter(|_| text.contains('/'));
    for part in std::iter::once(host).chain(parts) {
        only(part, "A-Z, a-z, 0-9, ., _ and -", |c| {
            c.is_ascii_alphanumeric() || "._-".contains(c)
        })
        .map_err(|why| {
            if part.is_empty() {
                "a part between slashes is empty".into()
            } else {
                why
            }
        })?;
        if !part.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return Err(format!("`{part}` must begin with a letter or a digit"));
        }
    }
    Ok(())
}

pub(super) fn image(text: &str) -> Result<(), String> {
    let (named, digest) = match text.split_once('@') {
        Some((named, digest)) => (named, Some(digest)),
        None => (text, None),
    };
    let last = named.rfind('/').map_or(0, |slash| slash + 1);
    let (name, tag) = match named[last..].find(':') {
        Some(colon) => (&named[..last + colon], Some(&named[last + colon + 1..])),
        None => (named, None),
    };
    repository(name)?;
    if let Some(tag) = tag {
        only(tag, "the characters of a tag", |c| {
            c.is_ascii_alphanumeric() || "._-".contains(c)
        })?;
        if tag.starts_with(['.', '-']) || tag.len() > 128 {
            return Err(format!("`{tag}` is no tag"));
        }
    }
    let hex = digest.map(|digest| digest.strip_prefix("sha256:").unwrap_or_default());
    let hexadecimal = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    match (hex, tag) {
        (Some(hex), _) if hex.len() == 64 && hex.chars().all(hexadecimal) => Ok(()),
        (Some(_), _) => Err("after @ it needs sha256: and 64 hexadecimal digits".into()),
        (None, None) => Err("it names no tag; without one, hosts run different images".into()),
        (None, Some("latest")) => Err("the tag `latest` changes under a running cluster".into()),
        (None, Some(_)) => Ok(()),
    }
}

pub(super) fn registry(text: &str) -> Result<(), String> {
    repository(text)
}

pub(super) fn milvus(text: &str) -> Result<(), String> {
    let version = text.strip_prefix('v').unwrap_or(text);
    let parts: Vec<&str> = version.split('.').collect();
    let numeric = |part: &&str| {
        !part.is_empty() && part.len() < 6 && part.chars().all(|c| c.is_ascii_digit())
    };
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(numeric) {
        return Err("it is not of the form 2.3 or 2.3.5".into());
    }
    let known = release::lines();
    if known.contains(&format!("{}.{}", parts[0], parts[1])) {
        Ok(())
    } else {
        Err(format!("the known versions are {}", known.join(", ")))
    }
}

/// Reads a subnet; the address must be its first.
pub(super) fn subnet(text: &str) -> Result<Subnet, String> {
    let Some((address, prefix)) = text.split_once('/') else {
        return Err("it is not of the form 10.50.0.0/20".into());
    };
    let address: Ipv4Addr = address
        .parse()
        .map_err(|_| "its address is no IPv4 address")?;
    let prefix: u8 = prefix.parse().map_err(|_| "its prefix is no number")?;
    if !(8..=28).contains(&prefix) {
        return Err(format!("a prefix of /{prefix} is not within /8 to /28"));
    }
    let first = Ipv4Addr::from(u32::from(address) & (u32::MAX << (32 - prefix)));
    if first != address {
        return Err(format!(
            "the subnet of this address begins at {first}/{prefix}"
        ));
    }
    Ok(Subnet { address, prefix })
}
