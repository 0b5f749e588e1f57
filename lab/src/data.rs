//! Data roots. Each host has its own, but for the content of the image layers,
//! which all hosts share read-only: no copying, one page cache, little to remove.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::host::Host;
use crate::paths::Paths;
use crate::shell;

/// Run in the host's mount namespace, before the engine.
///
/// The engine binds its data root and the folder of the layers onto themselves,
/// without what is mounted in them, unless they are such mounts already.
pub const SHARE_LAYERS: &str = r#"
mount -n --bind "$DATA" "$DATA"
mount -n --make-shared "$DATA"
mkdir -p "$DATA/overlay2"
mount -n --bind "$DATA/overlay2" "$DATA/overlay2"
mount -n --make-private "$DATA/overlay2"
for diff in "$SEED"/overlay2/*/diff; do
    layer=$(dirname "$diff")
    here=$DATA/overlay2/${layer##*/}/diff
    if [ -d "$here" ] && [ "$here" != "$diff" ]; then
        mount -n --bind "$diff" "$here"
        mount -n -o remount,bind,ro "$here"
    fi
done
"#;

/// Makes a host's data root, whole or not at all.
pub fn make(paths: &Paths, host: &Host) -> Result<()> {
    let root = host.data(paths);
    if root.exists() {
        return Ok(());
    }
    let partial = root.with_extension("partial");
    remove(&partial)?;
    let seed = paths.seed();
    let layers = partial.join("overlay2");
    fs::create_dir_all(&layers)?;
    shell::run(
        Command::new("cp")
            .arg("-a")
            .arg(seed.join("image"))
            .arg(&partial),
    )?;
    for entry in fs::read_dir(seed.join("overlay2"))?.flatten() {
        let (from, to) = (entry.path(), layers.join(entry.file_name()));
        if entry.file_name() == "l" {
            shell::run(Command::new("cp").arg("-a").arg(from).arg(to))?;
            continue;
        }
        fs::create_dir_all(to.join("diff"))?;
        for file in fs::read_dir(&from)?
            .flatten()
            .filter(|file| file.path().is_file())
        {
            fs::copy(file.path(), to.join(file.file_name()))?;
        }
        if from.join("work").exists() {
            fs::create_dir(to.join("work"))?;
        }
    }
    fs::rename(&partial, &root).with_context(|| format!("cannot make {}", root.display()))
}

/// Removes every host's data root, volumes included.
pub fn remove_all(paths: &Paths) -> Result<()> {
    remove(&paths.hosts())
}

fn remove(dir: &Path) -> Result<()> {
    if dir.exists() {
        // Should anything be mounted in there after all, it stays.
        shell::run(
            Command::new("rm")
                .args(["-rf", "--one-file-system"])
                .arg(dir),
        )?;
    }
    Ok(())
}
