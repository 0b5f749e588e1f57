//! The inventories that come with the tool.

/// This machine only: what is meant where no inventory is given.
pub const LOCAL: &str = include_str!("../../inventory/local.yml");
/// Three hosts that share all roles.
pub const THREE_HOST: &str = include_str!("../../inventory/three-host.yml");
/// The reference topology.
pub const PRODUCTION_26: &str = include_str!("../../inventory/production-26.yml");
/// Sizes and images of the lab, to lay over any of them.
pub const LAB: &str = include_str!("../../inventory/lab.yml");
/// A commented inventory to start from.
pub const INIT: &str = include_str!("../../inventory/init.yml");
