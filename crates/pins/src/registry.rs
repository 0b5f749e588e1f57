//! One question to a registry, by OCI's distribution API: is this tag there?
//!
//! Nobody logs in: what wants a password is told as denied.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, WWW_AUTHENTICATE};
use reqwest::{Client, Method, Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::reference::{self, Reference};

/// Indexes first: a tag of several platforms has its own digest, which is the one to pin.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// What registries must take of a manifest (OCI distribution, "Pushing Manifests").
const LARGEST: usize = 4 << 20;

/// Codes of a registry that has looked and found nothing (OCI distribution, "Error Codes");
/// a 404 without one may come from anything that listens there.
const NOT_THERE: [&str; 3] = ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"];

/// Docker Hub and Quay do not tell the two apart.
const PRIVATE: &str = "no such repository, or none that may be read without a login";

/// What a registry says of an image.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "answer")]
pub enum Answer {
    There { digest: String },
    NotThere,
    Denied { reason: String },
    Unreachable { reason: String },
}

/// The registries, each where it answers.
pub struct Registries {
    public: Client,
    elsewhere: BTreeMap<String, Url>,
    direct: Client,
    patience: Duration,
}

/// A manifest, an error or a token, as far as it matters.
#[derive(Default, Deserialize)]
struct Body {
    #[serde(rename = "schemaVersion")]
    schema: Option<u8>,
    #[serde(default)]
    errors: Vec<Failure>,
    token: Option<String>,
    access_token: Option<String>,
}

#[derive(Deserialize)]
struct Failure {
    code: String,
}

impl Registries {
    /// Asked over HTTPS through the proxy of the environment; those that are said to answer
    /// elsewhere directly, and over HTTP where their URL says so. `patience` is for all that it
    /// takes to ask for one image.
    ///
    /// # Errors
    /// The machine has no certificates to trust.
    pub fn new(elsewhere: BTreeMap<String, Url>, patience: Duration) -> Result<Self> {
        // Fails only where a provider is installed, which then serves.
        rustls::crypto::ring::default_provider()
            .install_default()
            .ok();
        let client = || Client::builder().user_agent("milvus-swarm-pins");
        Ok(Self {
            public: client().https_only(true).build()?,
            elsewhere,
            direct: client().no_proxy().build()?,
            patience,
        })
    }

    /// Asks for an image.
    pub async fn ask(&self, image: &str) -> Answer {
        let Some(reference) = Reference::parse(image) else {
            return unreachable("not the name of an image");
        };
        match tokio::time::timeout(self.patience, self.talk(&reference)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => unreachable(format!("{error:#}")),
            Err(_) => unreachable(format!("no answer within {:?}", self.patience)),
        }
    }

    async fn talk(&self, reference: &Reference) -> Result<Answer> {
        let (client, base) = match self.elsewhere.get(&reference.host) {
            Some(url) => (&self.direct, url.as_str().to_owned()),
            None => (&self.public, reference::registry(&reference.host)),
        };
        let url = format!(
            "{}/v2/{}/manifests/{}",
            base.trim_end_matches('/'),
            reference.repository,
            reference.wanted
        );
        let url = Url::parse(&url)?;
        let mut token = None;
        // Docker Hub counts a GET as a pull, a HEAD not.
        let mut response = manifest(client, Method::HEAD, &url, None).await?;
        if response.status() == StatusCode::UNAUTHORIZED {
            let Some(realm) = realm(response.headers(), reference)? else {
                return Ok(denied("it wants a password"));
            };
            let given = send(client.get(realm)).await.context("token")?;
            if !given.status().is_success() {
                return Ok(refused(given.status(), "no token"));
            }
            let body = read(given).await.context("token")?;
            let body: Body = serde_json::from_slice(&body).context("token")?;
            let given = body.token.or(body.access_token);
            let given = given.context("there is no token in its answer")?;
            response = manifest(client, Method::HEAD, &url, Some(&given)).await?;
            token = Some(given);
        }
        let digest = response.headers().get("docker-content-digest");
        let digest = digest.and_then(|value| value.to_str().ok());
        match (response.status(), digest) {
            (StatusCode::OK, Some(digest)) if is_digest(digest) => Ok(Answer::There {
                digest: digest.to_owned(),
            }),
            (status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN), _) => {
                Ok(refused(status, PRIVATE))
            }
            // The body tells what a HEAD cannot.
            _ => judge(manifest(client, Method::GET, &url, token.as_deref()).await?).await,
        }
    }
}

/// What a whole answer says of the image.
async fn judge(response: Response) -> Result<Answer> {
    let status = response.status();
    let bytes = read(response).await?;
    let body: Body = serde_json::from_slice(&bytes).unwrap_or_default();
    let known = |failure: &Failure| NOT_THERE.contains(&failure.code.as_str());
    match status {
        StatusCode::OK if body.schema == Some(2) => {
            let hash = Sha256::digest(&bytes);
            let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Answer::There {
                digest: format!("sha256:{hash}"),
            })
        }
        StatusCode::NOT_FOUND if body.errors.iter().any(known) => Ok(Answer::NotThere),
        StatusCode::OK | StatusCode::NOT_FOUND => {
            bail!("what answers there is no registry: {}", status.as_u16())
        }
        status => Ok(refused(status, PRIVATE)),
    }
}

fn unreachable(reason: impl Into<String>) -> Answer {
    let reason = reason.into();
    Answer::Unreachable { reason }
}

fn denied(reason: impl Into<String>) -> Answer {
    let reason = reason.into();
    Answer::Denied { reason }
}

/// Any other status; the number alone, as its words are the other side's.
fn refused(status: StatusCode, why: &str) -> Answer {
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            denied(format!("{}: {why}", status.as_u16()))
        }
        StatusCode::TOO_MANY_REQUESTS => unreachable("429: asked too often, try later"),
        status => unreachable(format!("it answers {}", status.as_u16())),
    }
}

async fn manifest(
    client: &Client,
    method: Method,
    url: &Url,
    token: Option<&str>,
) -> Result<Response> {
    let mut request = client
        .request(method, url.clone())
        .header(ACCEPT, MANIFESTS);
    if let Some(token) = token {
        request = request.header(AUTHORIZATION, format!("Bearer {token}"));
    }
    send(request).await
}

/// Errors without their URL: the table names the image.
async fn send(request: reqwest::RequestBuilder) -> Result<Response> {
    Ok(request.send().await.map_err(reqwest::Error::without_url)?)
}

/// A body, as long as it is no longer than a manifest may be.
async fn read(mut response: Response) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        ensure!(
            body.len() + chunk.len() <= LARGEST,
            "its answer is over 4 MiB"
        );
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Where a token for reading is to be had, if that is what the registry wants.
fn realm(headers: &HeaderMap, reference: &Reference) -> Result<Option<Url>> {
    let challenges = headers.get_all(WWW_AUTHENTICATE).iter();
    let mut bearers = challenges.filter_map(|value| bearer(value.to_str().ok()?));
    let Some(mut asked) = bearers.next() else {
        return Ok(None);
    };
    let realm = asked
        .remove("realm")
        .context("its challenge has no realm")?;
    let mut url = Url::parse(realm).context("its challenge names no URL")?;
    let pull = format!("repository:{}:pull", reference.repository);
    let scope = asked.get("scope").copied().unwrap_or(&pull);
    url.query_pairs_mut()
        .extend_pairs(asked.get("service").map(|service| ("service", service)))
        .append_pair("scope", scope);
    Ok(Some(url))
}

/// The parameters of a Bearer challenge (RFC 9110, 11.6.1): a quoted value may hold commas.
fn bearer(challenge: &str) -> Option<BTreeMap<&str, &str>> {
    let (scheme, mut rest) = challenge.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let mut parameters = BTreeMap::new();
    while let Some((name, after)) = rest.split_once('=') {
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        parameters.insert(name.trim_matches([' ', ',']), value.trim());
        rest = after;
    }
    Some(parameters)
}

fn is_digest(text: &str) -> bool {
    let hash = text.strip_prefix("sha256:").unwrap_or_default();
    hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::bearer;

    #[test]
    fn challenges() {
        let hub = r#"Bearer realm="https://a/t",service="r.d.io", scope="repository:a:pull,push""#;
        let read = bearer(hub).unwrap_or_default();
        assert_eq!(read.get("realm"), Some(&"https://a/t"));
        assert_eq!(read.get("service"), Some(&"r.d.io"));
        assert_eq!(read.get("scope"), Some(&"repository:a:pull,push"));
        let bare = bearer("bearer realm=http://a, service=b").unwrap_or_default();
        assert_eq!(bare.get("realm"), Some(&"http://a"));
        assert_eq!(bare.get("service"), Some(&"b"));
        assert_eq!(bearer(r#"Basic realm="x""#), None);
        assert_eq!(bearer(r#"Bearer realm="x"#), None);
    }
}
