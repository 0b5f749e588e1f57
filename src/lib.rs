//! Turns the Docker Swarm on a list of hosts into a healthy, distributed Milvus.

#![deny(
    clippy::disallowed_methods,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used
)]

mod address;
pub mod advice;
pub mod birth;
pub mod cli;
pub mod command;
pub mod component;
pub mod compose;
mod constraint;
mod count;
pub mod digest;
pub mod drive;
pub mod engine;
pub mod event;
pub mod execute;
pub mod formed;
pub mod gate;
pub mod hear;
pub mod hole;
pub mod inventory;
pub mod lint;
pub mod live;
pub mod lock;
pub mod milvus;
pub mod network;
pub mod observed;
pub mod plan;
pub mod question;
pub mod refuse;
pub mod release;
pub mod render;
pub mod report;
pub mod role;
pub mod schema;
pub mod snapshot;
pub mod source;
pub mod spec;
pub mod status;
pub mod system;
pub mod tag;
pub mod topology;
pub mod wanted;
pub mod what_if;
mod words;
