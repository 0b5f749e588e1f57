//! What an image's name says: which registry is asked for which repository and tag.

/// An image's name in parts, read as Docker reads it.
#[derive(Debug, Eq, PartialEq)]
pub struct Reference {
    /// `docker.io` where the name has none.
    pub host: String,
    pub repository: String,
    /// The tag, or the digest that wins over it.
    pub wanted: String,
}

/// Docker Hub by its name; its registry answers elsewhere ([`registry`]).
const HUB: &str = "docker.io";

impl Reference {
    /// `None` for what cannot be part of a registry's URL.
    #[must_use]
    pub fn parse(image: &str) -> Option<Self> {
        let (named, digest) = match image.split_once('@') {
            Some((named, digest)) => (named, Some(digest)),
            None => (image, None),
        };
        // Only the last segment has a tag; the first one may be a host with a port.
        let (named, tag) = match named.rsplit_once(':') {
            Some((named, tag)) if !tag.contains('/') => (named, tag),
            _ => (named, "latest"),
        };
        let is_host = |part: &str| part.contains(['.', ':']) || part == "localhost";
        let (host, repository) = match named.split_once('/') {
            Some(("index.docker.io", rest)) => (HUB, rest),
            Some((host, rest)) if is_host(host) => (host, rest),
            _ => (HUB, named),
        };
        let repository = if host == HUB && !repository.contains('/') {
            format!("library/{repository}")
        } else {
            repository.to_owned()
        };
        let wanted = digest.unwrap_or(tag);
        let plain = |text: &str, more: &[char]| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
        };
        let sound = plain(host, &['.', '-', ':'])
            && repository
                .split('/')
                .all(|part| plain(part, &['.', '_', '-']) && !part.starts_with('.'))
            && plain(wanted, &['.', '_', '-', ':'])
            && !wanted.starts_with('.');
        sound.then(|| Self {
            host: host.to_owned(),
            repository,
            wanted: wanted.to_owned(),
        })
    }
}

/// Where a host's registry answers.
#[must_use]
pub fn registry(host: &str) -> String {
    let host = if host == HUB {
        "registry-1.docker.io"
    } else {
        host
    };
    format!("https://{host}")
}

#[cfg(test)]
mod tests {
    use super::Reference;

    #[test]
    fn names() {
        let parts = |image: &str| {
            Reference::parse(image).map(|r| format!("{} {} {}", r.host, r.repository, r.wanted))
        };
        for (image, expected) in [
            ("redis", "docker.io library/redis latest"),
            (
                "milvusdb/milvus:v2.3.21",
                "docker.io milvusdb/milvus v2.3.21",
            ),
            ("docker.io/redis:7", "docker.io library/redis 7"),
            ("quay.io/coreos/etcd:v3.5.25", "quay.io coreos/etcd v3.5.25"),
            ("localhost:5000/a/b", "localhost:5000 a/b latest"),
            ("r:5000/a:1@sha256:00", "r:5000 a sha256:00"),
        ] {
            assert_eq!(parts(image).as_deref(), Some(expected), "{image}");
        }
        for bad in [
            "", "a b", "a/../b:1", "a//b", "a:1?x=y", "a@", "a:..", "r:5000/",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
