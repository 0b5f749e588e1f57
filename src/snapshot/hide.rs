//! What people put into services by hand may be a credential; it is hidden before it is written.
//!
//! What the tool itself writes holds none (the test `secrets` of the laws proves it), so only
//! what differs from that is looked at. A hidden value still differs from the wanted one: the
//! plan has the same steps.

use std::collections::BTreeMap;

use crate::observed::Observed;
use crate::spec::{self, ServiceSpec, hide_labels};

type Map = BTreeMap<String, String>;

/// Hides what may be a credential; says where something was hidden.
pub(super) fn hide<'a>(
    seen: &mut Observed,
    ours: impl Iterator<Item = &'a ServiceSpec>,
) -> Vec<String> {
    let ours: BTreeMap<&str, &ServiceSpec> = ours.map(|spec| (spec.name.as_str(), spec)).collect();
    let nothing = ServiceSpec::default();
    let mut hidden = Vec::new();
    for (name, service) in &mut seen.services {
        let wanted = ours.get(name.as_str()).copied().unwrap_or(&nothing);
        // No plan is made from it.
        service.previous_spec = None;
        let mut say = |what: String| hidden.push(format!("service {name}: {what}"));
        spec::hide(&mut service.spec, wanted, &mut say);
    }
    for node in &mut seen.nodes {
        let mut say = |what: String| hidden.push(format!("node {}: {what}", node.hostname));
        hide_labels(&mut node.labels, &Map::new(), &mut say);
    }
    let configs = seen.configs.iter_mut().map(|(n, c)| (n, &mut c.labels));
    let secrets = seen.secrets.iter_mut().map(|(n, s)| (n, &mut s.labels));
    for (name, map) in configs.chain(secrets) {
        hide_labels(map, &Map::new(), &mut |what| {
            hidden.push(format!("{name}: {what}"));
        });
    }
    hidden
}
