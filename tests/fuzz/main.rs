//! The two readers of other people's text, inventories and stack files, on text that is nearly
//! right and on text that is anything but.
//!
//! Each target runs for ten seconds, or for `MILVUS_SWARM_FUZZ_SECONDS`. What fails is printed,
//! made as small as possible, with the seed: `MILVUS_SWARM_FUZZ_SEED` brings it back. Put the
//! text into `corpus/` then: every file there is tried first, always.

mod bounded;
mod corpus;
mod inventory;
mod mutate;
mod stack;
