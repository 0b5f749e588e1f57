//! The images that are posted: those of the stack files, with a digest where one is known.

use std::collections::{BTreeMap, BTreeSet};

use super::wanted::Wanted;
use crate::compose::image::{Distribution, ResolveImage, pinned, undisturbed};
use crate::observed::Observed;
use crate::spec::ServiceSpec;

/// What registries say of images, or why they did not.
pub type Registries = BTreeMap<String, Result<Distribution, String>>;

/// What to do about images without a digest.
const WAYS_OUT: &str = "where no registry answers for an image, name one of your own under \
                        `images.registry`, or say `images.resolve: never` if the hosts have it already";

/// What gives images their digests.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Images {
    pub mode: ResolveImage,
    /// Of the images that were asked for.
    pub registries: Registries,
}

impl Images {
    /// What no registry answers for keeps its tag and gives a warning, as with Docker's own
    /// command line.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let silent = self.registries.iter().filter_map(|(image, answer)| {
            let why = answer.as_ref().err()?;
            Some(format!(
                "`{image}` is not pinned to a digest, so each node takes what it finds under that \
                 tag: {why}"
            ))
        });
        let mut warnings: Vec<String> = silent.collect();
        if !warnings.is_empty() {
            warnings.push(WAYS_OUT.to_owned());
        }
        warnings
    }
}

impl Wanted {
    /// The images that a registry is to be asked for: those that are new to their service, or all,
    /// as the mode says.
    #[must_use]
    pub fn to_resolve(&self, seen: &Observed, mode: ResolveImage) -> BTreeSet<String> {
        self.services()
            .filter(|spec| mode.asks(spec, previous(spec, seen)))
            .map(|spec| spec.task_template.container_spec.image.clone())
            .collect()
    }

    /// The same, where every service has the image that would be posted now: with the digest that
    /// it runs with already, or the one that its registry names.
    pub(super) fn pinned(&self, seen: &Observed, images: &Images) -> Self {
        let mut wanted = self.clone();
        for spec in wanted.phases.iter_mut().flat_map(|p| &mut p.services) {
            let image = &spec.task_template.container_spec.image;
            let answer = images.registries.get(image);
            let answer = answer.and_then(|answer| answer.as_ref().ok());
            *spec = pinned(images.mode, spec, previous(spec, seen), answer);
        }
        wanted
    }
}

fn previous<'a>(spec: &ServiceSpec, seen: &'a Observed) -> Option<&'a ServiceSpec> {
    let found = seen.services.get(&spec.name);
    undisturbed(spec, found.map(|found| &found.spec))
}
