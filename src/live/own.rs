//! Services that live for a moment: which of them are ours to remove.
//!
//! Their names follow from the cluster's, and anybody may have given such a name to a service. So
//! each carries the labels of its cluster and of its purpose, and what lacks one of them stays.

use std::collections::BTreeMap;

use super::{Live, failure};
use crate::execute::Failure;
use crate::spec::Labels;
use crate::wanted::CLUSTER_LABEL;

/// Says what a service is there for.
const PURPOSE_LABEL: &str = "milvus-swarm.component";

/// The labels of a service that lives for a moment.
pub(super) fn labels(cluster: &str, purpose: &str) -> Labels {
    BTreeMap::from([
        (CLUSTER_LABEL.to_owned(), cluster.to_owned()),
        (PURPOSE_LABEL.to_owned(), purpose.to_owned()),
    ])
}

impl Live {
    /// Why a service that has the name of one of ours is none of them, by its labels.
    pub(super) fn foreign(&self, name: &str, purpose: &str, has: &Labels) -> Option<Failure> {
        let ours = labels(&self.cluster, purpose);
        let mut lacks = ours
            .iter()
            .filter(|(key, value)| has.get(*key) != Some(*value));
        let (key, value) = lacks.next()?;
        Some(Failure {
            message: format!(
                "service `{name}` is not one that this tool made for the cluster: it has no label \
                 `{key}={value}`, so it is left alone, and its name is needed"
            ),
            hint: Some(format!(
                "see whose it is with `docker service inspect {name}`, then take it away with \
                 `docker service rm {name}`, or give this cluster another `name:`"
            )),
            moved: false,
        })
    }

    /// Removes the service of this name, if there is one; says whether there was.
    ///
    /// # Errors
    /// It is not of this cluster and for this purpose, or the engine cannot do it now.
    pub(super) async fn remove_own(&self, name: &str, purpose: &str) -> Result<bool, Failure> {
        let found = self.engine.find_service(name).await.map_err(failure)?;
        let Some(found) = found else {
            return Ok(false);
        };
        if let Some(why) = self.foreign(name, purpose, &found.labels) {
            return Err(why);
        }
        let removed = self.engine.remove_service(&found.id).await;
        removed.map(|()| true).map_err(failure)
    }
}

/// A failure as one sentence with its way out, for where only a reason is told.
pub(super) fn sentence(failure: Failure) -> String {
    match failure.hint {
        Some(hint) => format!("{}; {hint}", failure.message),
        None => failure.message,
    }
}
