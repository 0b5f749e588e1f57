//! What `docker stack deploy` asks of registries before it posts a spec, and what this engine
//! knows of the images that it holds.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::time::Instant;

use super::Live;
use crate::engine::Told;
use crate::plan::{Registries, Wanted};
use crate::question::Answer;

/// How long the word of a registry stands while somebody waits.
const ASK_AGAIN: Duration = Duration::from_secs(30);
/// A gate does not wait longer for the word of a registry.
const SLOW: Duration = Duration::from_secs(5);

/// An image that says of itself that it is not upstream's.
const STAND_IN: &str = "milvus-swarm.stand-in";

impl Live {
    /// What registries say of these images. Each is asked about once: a plan that is made again
    /// must name the same digests.
    pub(super) async fn ask_registries(&self, images: &BTreeSet<String>) -> Registries {
        let new: Vec<&String> = {
            let known = self.registries.borrow();
            images
                .iter()
                .filter(|image| !known.contains_key(*image))
                .collect()
        };
        let answers = join_all(new.into_iter().map(|image| async move {
            let answer = match self.engine().distribution_inspect(image).await {
                Ok(Told::Has(found)) => Ok(found),
                Ok(Told::HasNot) => Err("its registry has no such image".to_owned()),
                Ok(Told::Hides) => {
                    Err("its registry has no such image, or does not show it".to_owned())
                }
                Err(error) => Err(error.to_string()),
            };
            (image.clone(), answer)
        }))
        .await;
        let mut known = self.registries.borrow_mut();
        known.extend(answers);
        let answers = images.iter().filter_map(|image| known.get_key_value(image));
        answers
            .map(|(image, answer)| (image.clone(), answer.clone()))
            .collect()
    }

    /// Whether a registry has an image, as the status of its answer. Who waits for an image looks
    /// often, and a registry may be slow: it is asked once in a while.
    pub(super) async fn image(&self, image: &str) -> Answer {
        let known = self.images.borrow().get(image).cloned();
        if let Some((at, answer)) = known
            && at.elapsed() < ASK_AGAIN
        {
            return answer;
        }
        let asked = self.engine().distribution_inspect(image);
        let status = |status| Answer::Http {
            status,
            body: Vec::new(),
        };
        let answer = match tokio::time::timeout(SLOW, asked).await {
            Ok(Ok(Told::Has(_))) => status(200),
            Ok(Ok(Told::HasNot)) => status(404),
            Ok(Ok(Told::Hides)) => status(403),
            Ok(Err(error)) => Answer::Failed(error.to_string()),
            Err(_) => Answer::Failed("no answer in time".to_owned()),
        };
        let entry = (Instant::now(), answer.clone());
        self.images.borrow_mut().insert(image.to_owned(), entry);
        answer
    }

    /// Warns of images that are not what their names say.
    pub(super) async fn point_out_stand_ins(&self, wanted: &Wanted) -> Option<String> {
        let images: BTreeSet<String> = wanted
            .services()
            .map(|spec| spec.task_template.container_spec.image.clone())
            .collect();
        let labels = join_all(images.iter().map(|image| self.engine().image_labels(image))).await;
        let stand_ins: Vec<String> = images
            .iter()
            .zip(labels)
            .filter(|(_, labels)| {
                let labels = labels.as_ref().ok().and_then(Option::as_ref);
                labels.is_some_and(|labels| labels.get(STAND_IN).is_some_and(|v| v == "true"))
            })
            .map(|(image, _)| format!("`{image}`"))
            .collect();
        (!stand_ins.is_empty()).then(|| {
            format!(
                "stand-ins for upstream's images, fit for trying out only: {}",
                stand_ins.join(", ")
            )
        })
    }
}
