//! The only place that reads and writes files and the environment for the verbs: text in, text
//! out.
#![expect(
    clippy::disallowed_methods,
    reason = "files and environment have their address here"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use thiserror::Error;

/// In bytes: no inventory, template, plan or snapshot that makes sense is longer.
pub const MAX_BYTES: u64 = 64 << 20;

/// A file that could not be used.
#[derive(Debug, Error)]
#[error("{what} `{path}`: {source}")]
pub struct FileError {
    what: &'static str,
    path: String,
    source: std::io::Error,
}

fn error(what: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
    let path = path.display().to_string();
    move |source| FileError { what, path, source }
}

/// Reads a text file of bounded size.
///
/// # Errors
/// It is not there, not readable, too long or not UTF-8.
pub fn read(path: &Path) -> Result<String, FileError> {
    String::from_utf8(read_bytes(path)?)
        .map_err(|_| error("cannot read", path)(std::io::Error::other("the file is no UTF-8 text")))
}

/// Reads a file of bounded size.
///
/// # Errors
/// It is not there, not readable or too long.
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let fail = || error("cannot read", path);
    let file = fs::File::open(path).map_err(fail())?;
    let mut bytes = Vec::new();
    file.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(fail())?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(fail()(std::io::Error::other("the file is too long")));
    }
    Ok(bytes)
}

/// Whether a file is there.
#[must_use]
pub fn exists(path: &Path) -> bool {
    path.exists()
}

/// Whether a folder is there.
#[must_use]
pub fn is_folder(path: &Path) -> bool {
    path.is_dir()
}

/// A credential from a file, without the newline that editors add.
///
/// # Errors
/// As [`read`], or the file is empty.
pub fn read_secret(path: &str) -> Result<Vec<u8>, FileError> {
    let path = Path::new(path);
    let text = read(path)?;
    let secret = text.trim_end_matches(['\n', '\r']);
    if secret.is_empty() {
        return Err(error("cannot use", path)(std::io::Error::other(
            "the file is empty",
        )));
    }
    Ok(secret.as_bytes().to_vec())
}

/// Who may do what with a file, as `chmod` writes it; nothing where there is no such file.
#[must_use]
pub fn mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok()?;
    Some(metadata.permissions().mode() & 0o7777)
}

/// Replaces a file in one move: readers see the old text or the new one.
///
/// # Errors
/// The folder is not writable.
pub fn replace(path: &Path, text: &str) -> Result<(), FileError> {
    replace_with(path, text, 0o666, |file, target| {
        if let Ok(metadata) = fs::metadata(target) {
            file.set_permissions(metadata.permissions())?;
        }
        Ok(())
    })
}

/// As [`replace`]; nobody but its owner reads or writes the new file.
///
/// # Errors
/// As [`replace`].
pub fn replace_private(path: &Path, text: &str) -> Result<(), FileError> {
    replace_with(path, text, 0o600, |_, _| Ok(()))
}

/// `mode` is what a new file has, less what the process masks out; `adjust` sees it and the old one.
fn replace_with(
    path: &Path,
    text: &str,
    mode: u32,
    adjust: impl FnOnce(&fs::File, &Path) -> std::io::Result<()>,
) -> Result<(), FileError> {
    let fail = || error("cannot write", path);
    // A link is followed: the file it points to is the one to replace.
    let target = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = target.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let beside = target.with_file_name(name);
    let result = (|| {
        // One that is there already, or a link to somewhere, is not written through.
        let mut new = fs::File::options();
        new.write(true).create_new(true);
        let mut file = new.mode(mode).open(&beside)?;
        file.write_all(text.as_bytes())?;
        adjust(&file, &target)?;
        file.sync_all()?;
        fs::rename(&beside, &target)
    })();
    if result
        .as_ref()
        .is_err_and(|error| error.kind() != ErrorKind::AlreadyExists)
    {
        let _ = fs::remove_file(&beside);
    }
    result.map_err(fail())
}

/// Writes files below a folder, which is made if it is not there.
///
/// # Errors
/// A folder or file that cannot be written.
pub fn write_tree(dir: &Path, files: &BTreeMap<String, String>) -> Result<(), FileError> {
    for (name, text) in files {
        let path = dir.join(name);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(error("cannot make", parent))?;
        }
        replace(&path, text)?;
    }
    Ok(())
}

/// Names of the files in a folder, in order; none where there is no folder.
///
/// # Errors
/// The folder is not readable.
pub fn names(dir: &Path) -> Result<Vec<String>, FileError> {
    let fail = || error("cannot list", dir);
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(missing) if missing.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(other) => return Err(fail()(other)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail())?;
        if entry.file_type().is_ok_and(|kind| kind.is_file()) {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// Removes a file.
///
/// # Errors
/// The folder is not writable.
pub fn remove(path: &Path) -> Result<(), FileError> {
    fs::remove_file(path).map_err(error("cannot remove", path))
}

/// A variable of the environment, if it is set and not empty.
#[must_use]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The files that a variable of the environment lists.
#[must_use]
pub fn paths(name: &str) -> Vec<PathBuf> {
    let list = std::env::var_os(name).unwrap_or_default();
    std::env::split_paths(&list)
        .filter(|path| !path.as_os_str().is_empty())
        .collect()
}

/// Who runs this program, as `user@host`, for people.
#[must_use]
pub fn who() -> String {
    let user = ["SUDO_USER", "USER", "LOGNAME"]
        .into_iter()
        .find_map(variable)
        .unwrap_or_else(|| "somebody".to_owned());
    format!("{user}@{}", gethostname::gethostname().to_string_lossy())
}

/// Which process this is and from which address its user came, for people.
#[must_use]
pub fn from() -> String {
    let process = format!("process {}", std::process::id());
    match variable("SSH_CONNECTION")
        .as_deref()
        .and_then(|words| words.split(' ').next())
    {
        Some(address) => format!("{process}, over ssh from {address}"),
        None => process,
    }
}

/// Whether a terminal that goes away is no reason for this process to end, as `nohup` wants it.
#[must_use]
pub fn ignores_hangup() -> bool {
    // Signals that are ignored, as bits of a number in base 16; SIGHUP is the first.
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let bits = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    bits.is_some_and(|bits| bits & 1 == 1)
}

/// Docker's configuration folder.
#[must_use]
pub fn docker_config() -> PathBuf {
    variable("DOCKER_CONFIG").map_or_else(
        || PathBuf::from(variable("HOME").unwrap_or_default()).join(".docker"),
        PathBuf::from,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode_of(path: &Path) -> u32 {
        mode(path).expect("a file") & 0o777
    }

    #[test]
    fn what_is_private_is_its_owners_whatever_was_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        replace_private(&path, "new").expect("written");
        assert_eq!(mode_of(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).expect("changed");
        replace_private(&path, "newer").expect("written");
        assert_eq!(mode_of(&path), 0o600);
        assert_eq!(read(&path).expect("a text"), "newer");
    }

    #[test]
    fn nothing_is_written_through_a_link_that_waits_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("plan.json");
        let other = folder.path().join("of-somebody");
        fs::write(&other, "theirs").expect("written");
        let beside = format!("plan.json.{}.tmp", std::process::id());
        std::os::unix::fs::symlink(&other, folder.path().join(beside)).expect("a link");
        assert!(replace_private(&path, "ours").is_err());
        assert_eq!(read(&other).expect("a text"), "theirs");
        assert!(!exists(&path));
    }
}
