//! The mark that a service carries of the spec last posted by this tool.
//!
//! It tells a change by hand from a change of the inventory. It never replaces the comparison
//! of specs, and no comparison sees it.

use super::{ServiceSpec, canonical};
use crate::digest::sha256;

/// Label of a service with the hash of its spec as it was last posted.
pub const APPLIED_LABEL: &str = "milvus-swarm.applied";

/// A spec with its own mark, ready to be posted.
#[must_use]
pub fn stamped(mut spec: ServiceSpec) -> ServiceSpec {
    spec.labels.insert(APPLIED_LABEL.to_owned(), mark(&spec));
    spec
}

/// Whether somebody else changed a service since this tool last did. `None`: this tool never
/// did, or `docker stack deploy` took the mark away.
#[must_use]
pub fn drifted(found: &ServiceSpec) -> Option<bool> {
    let mark_then = found.labels.get(APPLIED_LABEL)?;
    Some(*mark_then != mark(found))
}

/// Sixteen hexadecimal digits. A restart by hand (`--force`) is no other spec.
fn mark(spec: &ServiceSpec) -> String {
    let mut spec = canonical(spec);
    spec.task_template.force_update = 0;
    let text = serde_json::to_string(&spec).unwrap_or_default();
    let mut hash = sha256(text.as_bytes());
    hash.truncate(16);
    hash
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::diff;

    #[test]
    fn a_mark_tells_a_change_by_hand() {
        let spec = ServiceSpec {
            name: "prod-milvus_proxy".to_owned(),
            ..ServiceSpec::default()
        };
        let mut posted = stamped(spec.clone());
        assert!(diff(&posted, &spec).is_empty());
        assert_eq!(drifted(&posted), Some(false));
        assert_eq!(drifted(&spec), None);
        posted.task_template.force_update = 3;
        assert_eq!(drifted(&posted), Some(false));
        posted.labels.insert("by".to_owned(), "hand".to_owned());
        assert_eq!(drifted(&posted), Some(true));
    }
}
