//! What `docker stack deploy` asks of registries before it posts a spec, and what this engine
//! knows of the images that it holds.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;

use super::Live;
use crate::compose::image::{Distribution, ResolveImage, pinned, undisturbed};
use crate::observed::Observed;
use crate::spec::ServiceSpec;
use crate::wanted::Cluster;

/// What registries said of images, or why they did not.
pub(super) type Registries = BTreeMap<String, Result<Distribution, String>>;

/// An image that says of itself that it is not upstream's.
const STAND_IN: &str = "milvus-swarm.stand-in";

/// What to do about images without a digest.
const WAYS_OUT: &str = "where no registry answers for an image, name one of your own under \
                        `images.registry`, or say `images.resolve: never` if the hosts have it already";

impl Live {
    /// Gives every service the image that would be posted now: with the digest that it runs
    /// with already, or the one that its registry names today. Registries are asked only for
    /// images that are new to their service, or always, as the inventory says. What no registry
    /// answers for keeps its tag and gives a warning, as with Docker's own command line.
    pub async fn pin(&self, cluster: &mut Cluster, seen: &Observed, mode: ResolveImage) {
        let previous = |spec: &ServiceSpec| {
            let found = seen.services.get(&spec.name);
            undisturbed(spec, found.map(|found| &found.spec))
        };
        let images: BTreeSet<String> = cluster
            .wanted
            .services()
            .filter(|spec| mode.asks(spec, previous(spec)))
            .map(|spec| spec.task_template.container_spec.image.clone())
            .collect();
        self.ask_registries(&images).await;
        let answers = self.registries.borrow();
        let mut unpinned = false;
        for image in &images {
            if let Some(Err(why)) = answers.get(image) {
                cluster.wanted.warnings.push(format!(
                    "`{image}` is not pinned to a digest, so each node takes what it finds \
                     under that tag: {why}"
                ));
                unpinned = true;
            }
        }
        if unpinned {
            cluster.wanted.warnings.push(WAYS_OUT.to_owned());
        }
        for spec in cluster.wanted.services_mut() {
            let answer = answers.get(&spec.task_template.container_spec.image);
            let answer = answer.and_then(|answer| answer.as_ref().ok());
            *spec = pinned(mode, spec, previous(spec), answer);
        }
    }

    /// Asks for each image once: a plan that is made again must name the same digests.
    async fn ask_registries(&self, images: &BTreeSet<String>) {
        let new: Vec<&String> = {
            let known = self.registries.borrow();
            images
                .iter()
                .filter(|image| !known.contains_key(*image))
                .collect()
        };
        let answers = join_all(new.into_iter().map(|image| async move {
            let answer = match self.engine().distribution_inspect(image).await {
                Ok(Some(found)) => Ok(found),
                Ok(None) => Err("its registry has no such image, or does not show it".to_owned()),
                Err(error) => Err(error.to_string()),
            };
            (image.clone(), answer)
        }))
        .await;
        self.registries.borrow_mut().extend(answers);
    }

    /// Warns of images that are not what their names say.
    pub async fn point_out_stand_ins(&self, cluster: &mut Cluster) {
        let images: BTreeSet<String> = cluster
            .wanted
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
        if !stand_ins.is_empty() {
            cluster.wanted.warnings.push(format!(
                "stand-ins for upstream's images, fit for trying out only: {}",
                stand_ins.join(", ")
            ));
        }
    }
}
