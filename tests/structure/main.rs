//! How the program is put together: what the text of its sources must keep.

mod names;
mod source;
