//! Passwords that users give in files, looked at before anything is done: half a cluster with a
//! password that something in it does not take is hard to mend.

use std::path::Path;

use super::CommandError;
use crate::component::Secret;
use crate::plan::{Action, Plan, SecretSource, WantedSecret};
use crate::source;
use crate::system::{SYSTEMS, System};

/// Bits of a file's mode that let others than its owner do something with it.
const OTHERS: u32 = 0o077;

/// Warns of password files that others than their owner can use.
pub(super) fn exposed(secrets: &[WantedSecret]) -> Vec<String> {
    let is_text = |secret: &WantedSecret| of(&secret.name).is_some_and(|(_, row)| row.is_text);
    let passwords = secrets.iter().filter(|secret| !is_text(secret));
    let open = passwords.filter_map(|secret| {
        let SecretSource::File { path } = &secret.source else {
            return None;
        };
        // That there is none is told where it is needed.
        let mode = source::mode(Path::new(path))?;
        (mode & OTHERS != 0).then_some((path, mode))
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
        }
        | Action::RenewPassword {
            name,
            source: SecretSource::File { path },
            ..
        } = &step.action
        {
            let password = source::read_secret(path).map_err(CommandError::NoPassword)?;
            if let Some(why) = fault(&password, of(name)) {
                let path = path.clone();
                return Err(CommandError::Password { path, why });
            }
        }
    }
    Ok(())
}

/// What a secret such as `prod-minio-root-v1` is of.
fn of(name: &str) -> Option<(&'static System, &'static Secret)> {
    let named = name.rsplit_once("-v").map_or(name, |(stem, _)| stem);
    let secrets = |system: &'static System| system.secrets.iter().map(move |one| (system, one));
    let mut all = SYSTEMS.iter().flat_map(secrets);
    all.find(|(_, secret)| named.ends_with(secret.key))
}

/// What is wrong with a password, without saying it.
fn fault(password: &[u8], of: Option<(&System, &Secret)>) -> Option<String> {
    if of.is_some_and(|(_, secret)| secret.is_text) {
        return None;
    }
    // It is put between quotes in a YAML file on the node.
    let awkward = |byte: &u8| byte.is_ascii_control() || b"\"'`\\".contains(byte);
    if password.iter().any(awkward) {
        return Some("it has a control character, a quote or a backslash in it".to_owned());
    }
    let length = password.len();
    let (system, secret) = of?;
    let (title, (least, most)) = (system.title, secret.bytes);
    if secret
        .known
        .is_some_and(|known| known.as_bytes() == password)
    {
        return Some(format!(
            "it is the one that each {title} has where nobody sets another"
        ));
    }
    if length < least {
        return Some(format!(
            "it has {length} bytes, {title} takes {least} or more"
        ));
    }
    (length > most).then(|| format!("it has {length} bytes, {title} takes {most} at most"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_own_bounds() {
        let (milvus, minio) = (of("a-milvus-root-v1"), of("a-minio-root-v1"));
        for (password, is_minio, good) in [
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
            ("Milvus", false, false),
            ("Milvus", true, false),
            ("minioadmin", true, false),
            ("minioadmin", false, true),
        ] {
            let fault = fault(password.as_bytes(), if is_minio { minio } else { milvus });
            assert_eq!(fault.is_none(), good, "{password:?}: {fault:?}");
        }
    }

    #[test]
    fn secrets_are_told_apart() {
        let of = |name: &str| of(name).map(|(system, _)| system.name);
        assert_eq!(of("prod-minio-root-v1"), Some("minio"));
        assert_eq!(of("minio-root-v-milvus-root-v12"), Some("milvus"));
    }
}
