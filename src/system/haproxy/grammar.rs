//! What an inventory may say of HAProxy.

use crate::inventory::grammar;
use crate::inventory::shape::Key;

pub(crate) const SETTINGS: Key = Key::new(
    "balancer",
    grammar::STATELESS,
    "HAProxy, which takes requests on the hosts with the role and gives them to the proxies.",
);
pub(crate) const IMAGE: Key = Key::new(
    "haproxy",
    grammar::IMAGE,
    "Image of HAProxy in place of the release's.",
);
