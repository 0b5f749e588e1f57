//! What a registry says of an image.

use serde::Deserialize;

use super::Engine;
use super::error::EngineError;
use super::request::{Request, escaped};

/// An image as its registry knows it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Distribution {
    /// `sha256:…`
    pub digest: String,
    /// `linux/amd64` and the like, each once, in order.
    pub platforms: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    descriptor: Descriptor,
    #[serde(default)]
    platforms: Option<Vec<Platform>>,
}

#[derive(Deserialize)]
struct Descriptor {
    digest: String,
}

#[derive(Deserialize)]
struct Platform {
    #[serde(default)]
    architecture: String,
    #[serde(default)]
    os: String,
}

impl Engine {
    /// Asks the image's registry, through the engine. `None`: the registry has no such image,
    /// or does not show it to this login.
    ///
    /// # Errors
    /// The engine cannot reach the registry, as where there is no internet.
    pub async fn distribution_inspect(
        &self,
        image: &str,
    ) -> Result<Option<Distribution>, EngineError> {
        let path: Vec<String> = image.split('/').map(escaped).collect();
        let request = Request::get(format!("/distribution/{}/json", path.join("/")))
            .registry_auth(self.logins.header(image).await);
        let answer: Answer = match self.http.json(request).await {
            Ok(answer) => answer,
            Err(EngineError::NotFound(_)) => return Ok(None),
            Err(EngineError::Rejected(refused)) if matches!(refused.status, 401 | 403) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        let mut platforms: Vec<String> = answer
            .platforms
            .unwrap_or_default()
            .into_iter()
            .filter(|platform| platform.os != "unknown" && !platform.os.is_empty())
            .map(|platform| format!("{}/{}", platform.os, platform.architecture))
            .collect();
        platforms.sort();
        platforms.dedup();
        Ok(Some(Distribution {
            digest: answer.descriptor.digest,
            platforms,
        }))
    }
}
