//! Passwords that users give in files, looked at before anything is done: half a cluster with a
//! password that something in it does not take is hard to mend.

use std::path::Path;

use super::CommandError;
use crate::inventory::Inventory;
use crate::plan::{Action, Plan, SecretSource};
use crate::render::MINIO_SECRET;
use crate::source;

/// bcrypt, which Milvus keeps passwords with, looks at no more.
const MOST: usize = 72;
/// MinIO does not start with a shorter one.
const LEAST: usize = 8;

/// Bits of a file's mode that let others than its owner do something with it.
const OTHERS: u32 = 0o077;

/// Warns of password files that others than their owner can use.
pub(super) fn exposed(inventory: &Inventory) -> Vec<String> {
    let credentials = &inventory.credentials;
    let files = [&credentials.minio_password, &credentials.root_password];
    let open = files.into_iter().flatten().filter_map(|file| {
        // That there is none is told where it is needed.
        let mode = source::mode(Path::new(&file.path))?;
        (mode & OTHERS != 0).then_some((&file.path, mode))
    });
    open.map(|(path, mode)| {
        format!(
            "`{path}` holds a password, and others than its owner can use it (mode {mode:04o}); \
             `chmod 600 {path}` keeps it to its owner"
        )
    })
    .collect()
}

/// Refuses a plan that would make a secret of a file that is not there or holds no usable password.
pub(super) fn check(plan: &Plan) -> Result<(), CommandError> {
    for step in &plan.steps {
        if let Action::CreateSecret {
            name,
            source: SecretSource::File { path },
            ..
        } = &step.action
        {
            let password = source::read_secret(path).map_err(CommandError::NoPassword)?;
            if let Some(why) = fault(&password, is_minio(name)) {
                let path = path.clone();
                return Err(CommandError::Password { path, why });
            }
        }
    }
    Ok(())
}

/// Whether a secret such as `prod-minio-root-v1` is MinIO's.
fn is_minio(name: &str) -> bool {
    let named = name.rsplit_once("-v").map_or(name, |(stem, _)| stem);
    named.ends_with(MINIO_SECRET)
}

/// What is wrong with a password, without saying it.
fn fault(password: &[u8], minio: bool) -> Option<String> {
    let length = password.len();
    // It is put between quotes in a YAML file on the node.
    let awkward = |byte: &u8| byte.is_ascii_control() || b"\"'`\\".contains(byte);
    if password.iter().any(awkward) {
        return Some("it has a control character, a quote or a backslash in it".to_owned());
    }
    if minio && length < LEAST {
        return Some(format!(
            "it has {length} bytes, MinIO takes {LEAST} or more"
        ));
    }
    if !minio && length > MOST {
        return Some(format!(
            "it has {length} bytes, Milvus takes {MOST} at most"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_bounds() {
        for (password, minio, good) in [
            ("correct horse", true, true),
            ("1234567", true, false),
            ("1234567", false, true),
            (&*"x".repeat(72), false, true),
            (&*"x".repeat(73), false, false),
            (&*"x".repeat(73), true, true),
            ("with \"quotes\"", true, false),
            ("it's eight", true, false),
            ("back\\slash", false, false),
            ("two\nlines", false, false),
            ("pässword", true, true),
        ] {
            let fault = fault(password.as_bytes(), minio);
            assert_eq!(fault.is_none(), good, "{password:?}: {fault:?}");
        }
    }

    #[test]
    fn secrets_are_told_apart() {
        assert!(is_minio("prod-minio-root-v1"));
        assert!(!is_minio("minio-root-v-milvus-root-v12"));
    }
}
