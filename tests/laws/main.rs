//! Laws of the whole program, on a Swarm in memory: what must hold whatever the inventory, the
//! order of events and the moment at which the tool dies.

mod changes;
mod crash;
mod down;
mod executor;
mod harness;
mod identity;
mod inventories;
mod order;
mod quorum;
mod render;
mod secrets;
mod sim;
mod up;
