//! What is refused of Pulsar alone.

use super::BROKER;
use crate::refuse::facts::Facts;
use crate::refuse::image::{changes, kept};
use crate::refuse::{No, Rule};
use crate::tag::Version;

pub(crate) const MAJOR: Rule = Rule {
    name: "pulsar-major",
    about: "Pulsar 3 or later on data of Pulsar 2.",
    check: pulsar_major,
};

/// The image that runs and its version, and the version that is wanted.
fn change<'a>(facts: &Facts<'a>) -> Option<(&'a str, Version, Version)> {
    let changes = changes(facts);
    let change = changes.get(&BROKER.image)?;
    let is = Version::of_image(change.is)?;
    Some((change.is, is, Version::of_image(change.wanted)?))
}

/// Pulsar 3 or later where Pulsar 2 has written.
fn pulsar_major(facts: &Facts<'_>) -> Vec<No> {
    let Some((image, is, wanted)) = change(facts) else {
        return Vec::new();
    };
    if is.major > 2 || wanted.major < 3 {
        return Vec::new();
    }
    let keep = kept([(BROKER.image, image)].into_iter());
    vec![No {
        reason: format!(
            "Pulsar {is} holds what Milvus has not stored yet, and {wanted} is wanted: upstream \
             takes no data of Pulsar 2 over into Pulsar 3"
        ),
        hint: format!(
            "keep it with {keep}; upstream's way to the new one: stop all writers, flush every \
             collection, take Pulsar and its data away and begin a new one \
             (milvus.io/docs/upgrade-pulsar-v3.md); or bring up a second cluster under another \
             `name:` and copy with milvus-backup"
        ),
    }]
}
