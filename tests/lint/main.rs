//! Stack templates of a user's own, and what verbs say of the files that they are given.

mod chain;
mod edits;
mod scale;
mod verbs;
