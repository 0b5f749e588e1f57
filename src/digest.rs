//! One way to tell contents apart.

use sha2::{Digest, Sha256};

/// SHA-256 in 64 hexadecimal digits; of which a name or a label may take the first few.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    let digest = Sha256::digest(bytes);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
