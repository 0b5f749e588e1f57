//! `what-if`: what is left when hosts are lost, from inventories and from Swarms that were seen.

mod command;
mod large;
mod losses;
mod quorums;
mod seen;
mod world;
