//! The engine edge against a fake engine on a socket, and against real ones where they are.
//!
//! `MILVUS_SWARM_TEST_HOST` names a Swarm manager that may be played with (a lab's, never
//! yours), `MILVUS_SWARM_TEST_IMAGE` an image there that has bash and curl, and
//! `MILVUS_SWARM_TEST_ADDRESS` the address under which that manager's host knows this machine.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests may panic, need files and a clock, and tell what they measured"
)]

#[path = "engine/alone.rs"]
mod alone;
#[path = "engine/birth.rs"]
mod birth;
#[path = "engine/carry.rs"]
mod carry;
#[path = "engine/crowd.rs"]
mod crowd;
#[path = "engine/fake.rs"]
mod fake;
#[path = "engine/give.rs"]
mod give;
#[path = "engine/interrupt.rs"]
mod interrupt;
#[path = "engine/leaving.rs"]
mod leaving;
#[path = "engine/live.rs"]
mod live;
#[path = "engine/lock.rs"]
mod lock;
#[path = "engine/machine.rs"]
mod machine;
#[path = "engine/own.rs"]
mod own;
#[path = "engine/play.rs"]
mod play;
#[path = "engine/reach.rs"]
mod reach;
#[path = "engine/saved.rs"]
mod saved;
#[path = "engine/session.rs"]
mod session;
#[path = "engine/speak.rs"]
mod speak;
#[path = "engine/stand_ins.rs"]
mod stand_ins;
#[path = "engine/stopped.rs"]
mod stopped;
#[path = "engine/tunnel.rs"]
mod tunnel;
#[path = "engine/tunnel_life.rs"]
mod tunnel_life;
#[path = "engine/verbs.rs"]
mod verbs;
#[path = "engine/watch.rs"]
mod watch;
