//! What is known of an image: by its registry, and by this engine.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use super::Engine;
use super::error::EngineError;
use super::request::{Request, escaped};
use crate::compose::image::{Distribution, Platform};

/// What a registry says of an image.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Told {
    Has(Distribution),
    /// It has no such image.
    HasNot,
    /// It has no such image, or does not show it to this login: many say the same of both.
    Hides,
}

/// A registry that cannot be reached may take minutes to say so.
const REGISTRY_LIMIT: Duration = Duration::from_secs(15);

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
#[serde(rename_all = "PascalCase")]
struct Image {
    #[serde(default)]
    config: Config,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl Engine {
    /// Asks the image's registry, through the engine.
    ///
    /// # Errors
    /// The engine cannot reach the registry, as where there is no internet.
    pub async fn distribution_inspect(&self, image: &str) -> Result<Told, EngineError> {
        let request = Request::get(format!("/distribution/{}/json", path(image)))
            .registry_auth(self.logins.header(image).await)
            .within(REGISTRY_LIMIT);
        let answer: Answer = match self.http.json(request).await {
            Ok(answer) => answer,
            Err(EngineError::NotFound(_)) => return Ok(Told::HasNot),
            Err(EngineError::Rejected(refused)) if matches!(refused.status, 401 | 403) => {
                return Ok(Told::Hides);
            }
            Err(error) => return Err(error),
        };
        Ok(Told::Has(Distribution {
            digest: answer.descriptor.digest,
            platforms: answer.platforms.unwrap_or_default(),
        }))
    }

    /// The labels of an image that this engine holds; `None` where it holds none by that name.
    ///
    /// # Errors
    /// What the engine said.
    pub async fn image_labels(
        &self,
        image: &str,
    ) -> Result<Option<BTreeMap<String, String>>, EngineError> {
        let request = Request::get(format!("/images/{}/json", path(image)));
        match self.http.json::<Image>(request).await {
            Ok(found) => Ok(Some(found.config.labels.unwrap_or_default())),
            Err(EngineError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The slashes of an image's name are part of the path.
fn path(image: &str) -> String {
    let parts: Vec<String> = image.split('/').map(escaped).collect();
    parts.join("/")
}
