//! How the program is put together: what the text of its sources must keep.

mod layers;
mod names;
mod source;
