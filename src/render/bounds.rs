//! How much a template may do and write: one that a user edited may come to no end.

use std::io::{Error, Result, Write};

/// Instructions of the template engine for one file: some 30 times what the longest of the shipped
/// templates takes for 10 000 hosts.
pub(super) const FUEL: u64 = 20_000_000;
/// Bytes of one rendered file: 13 times the longest of the shipped templates for 10 000 hosts.
pub(super) const MOST_BYTES: usize = 64 << 20;

/// Bytes of one template: three times all of upstream's `milvus.yaml`.
pub(super) const MOST_TEMPLATE: usize = 256 << 10;
/// Bytes of the stack on which templates of a user's own are read: the engine calls itself for every
/// sign of an expression such as `- - - 1`, some hundreds of bytes deep. Only what is used is taken.
pub(super) const STACK: usize = 1 << 30;

/// A text that takes no more than it may have.
#[derive(Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    full: bool,
}

impl Text {
    /// Whether something was turned away.
    pub(super) const fn is_full(&self) -> bool {
        self.full
    }

    pub(super) fn into_string(self) -> String {
        // The engine writes whole strings.
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

impl Write for Text {
    fn write(&mut self, bytes: &[u8]) -> Result<usize> {
        if self.bytes.len() + bytes.len() > MOST_BYTES {
            self.full = true;
            return Err(Error::other("the text is full"));
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> Result<()> {
        Ok(())
    }
}
