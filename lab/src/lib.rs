//! A real Docker Swarm of N hosts on one Linux machine.
//!
//! Each host is a network namespace with its own Docker engine; the images are
//! put together from package registries under their upstream names. Tests drive
//! it through [`Lab`]; the binary is a thin command line over the same calls.

pub mod api;
pub mod cgroup;
pub mod client;
mod count;
pub mod data;
pub mod debian;
pub mod engine;
pub mod fault;
pub mod host;
pub mod images;
pub mod lab;
pub mod moby;
pub mod names;
pub mod net;
pub mod oracle;
pub mod paths;
pub mod progress;
pub mod release;
pub mod shell;
pub mod state;
pub mod status;
pub mod swarm;
pub mod sysctl;
pub mod toolchain;

pub use host::{Host, Size};
pub use lab::{Lab, UpOptions};
pub use paths::Paths;
pub use progress::Progress;
pub use release::Release;
