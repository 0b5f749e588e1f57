//! Laws of the whole program, on a Swarm in memory: what must hold whatever the inventory, the
//! order of events and the moment at which the tool dies.

mod adopt;
mod changes;
mod crash;
mod deeds;
mod degraded;
mod down;
mod drift;
mod endpoints;
mod ends;
mod executor;
mod golden;
mod hands;
mod harness;
mod identity;
mod inventories;
mod leads;
mod locks;
mod machine;
mod moves;
mod names;
mod order;
mod pictures;
mod quorum;
mod refuse;
mod render;
mod replaced;
mod roll;
mod saved;
mod secrets;
mod sim;
mod smoke;
mod snapshot;
mod stands;
mod surplus;
mod up;
