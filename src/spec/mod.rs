//! What Swarm objects are wanted to be: total types in the words of the Engine API.
//!
//! References between objects are by **name** here. Object identifiers exist only at the
//! edge (`engine`), which translates names to identifiers when it posts a spec and back when
//! it reads one, so that a desired spec and an observed spec can be compared.

mod applied;
mod canonical;
mod change;
mod diff;
mod hide;
mod network;
mod objects;
mod post;
mod range;
mod restart;
mod service;
mod shared;

pub use applied::{APPLIED_LABEL, drifted, stamped};
pub use canonical::canonical;
pub use change::Change;
pub use diff::diff;
pub(crate) use hide::hide_labels;
pub use hide::{HIDDEN, hide};
pub use network::{MTU, is_encrypted, network_diff, ranges};
pub use objects::{ConfigSpec, Driver, Ipam, IpamConfig, NetworkSpec, SecretSpec};
pub use post::posted;
pub use range::Range;
pub use restart::{Restart, restarts};
pub(crate) use service::null_is_empty;
pub use service::*;
pub use shared::Shared;
