//! Control groups: how the lab knows, exactly, which processes are a host's.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The group under which every process of the lab runs.
pub const ROOT: &str = "milvus-swarm-lab";

const MOUNT: &str = "/sys/fs/cgroup";

/// The hierarchies that the lab puts its engines into: one is enough to find
/// them, memory takes them out of the caller's own limit.
pub fn hierarchies() -> Vec<PathBuf> {
    let mount = Path::new(MOUNT);
    if mount.join("cgroup.controllers").exists() {
        return vec![mount.to_owned()];
    }
    ["freezer", "memory", "pids"]
        .iter()
        .map(|name| mount.join(name))
        .filter(|dir| dir.join("cgroup.procs").exists())
        .collect()
}

/// Makes a group in each of [`hierarchies`] and returns their `cgroup.procs` files.
pub fn make(group: &str) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for hierarchy in hierarchies() {
        let dir = hierarchy.join(group);
        fs::create_dir_all(&dir)
            .with_context(|| format!("cannot make cgroup {}", dir.display()))?;
        files.push(dir.join("cgroup.procs"));
    }
    if files.is_empty() {
        bail!("no cgroup hierarchy under {MOUNT}: mount cgroups first");
    }
    Ok(files)
}

/// Every process in a group and the groups below it.
pub fn members(group: &str) -> Vec<u32> {
    let mut pids: Vec<u32> = Vec::new();
    for hierarchy in hierarchies() {
        walk(&hierarchy.join(group), &mut |dir| {
            let procs = fs::read_to_string(dir.join("cgroup.procs")).unwrap_or_default();
            pids.extend(procs.lines().filter_map(|line| line.parse::<u32>().ok()));
        });
    }
    pids.retain(|pid| *pid > 1);
    pids.sort_unstable();
    pids.dedup();
    pids
}

/// Stops every process of a group where it is, without its knowing, or lets all of them go on.
pub fn freeze(group: &str, still: bool) -> Result<()> {
    let (file, word) = freezer(group, still)?;
    fs::write(&file, word).with_context(|| format!("cannot write {word} to {}", file.display()))?;
    let until = Instant::now() + Duration::from_secs(30);
    while is_frozen(group) != still {
        if Instant::now() > until {
            bail!("the processes of {group} do not become {word}");
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// Whether a group is frozen.
pub fn is_frozen(group: &str) -> bool {
    let read = |file: PathBuf| fs::read_to_string(file).unwrap_or_default();
    let mount = Path::new(MOUNT);
    read(mount.join("freezer").join(group).join("freezer.state")).trim() == "FROZEN"
        || read(mount.join(group).join("cgroup.events"))
            .lines()
            .any(|line| line == "frozen 1")
}

/// The file that freezes a group, and what is written to it: in version 1 of cgroups or in 2.
fn freezer(group: &str, still: bool) -> Result<(PathBuf, &'static str)> {
    let mount = Path::new(MOUNT);
    let old = mount.join("freezer").join(group).join("freezer.state");
    let new = mount.join(group).join("cgroup.freeze");
    match (old.exists(), new.exists()) {
        (true, _) => Ok((old, if still { "FROZEN" } else { "THAWED" })),
        (_, true) => Ok((new, if still { "1" } else { "0" })),
        _ => bail!("no freezer for {group} under {MOUNT}"),
    }
}

/// Kills every process of a group, until none is left.
pub fn kill(group: &str) -> Result<()> {
    // In version 1 nothing that is frozen dies.
    if is_frozen(group) {
        freeze(group, false)?;
    }
    let until = Instant::now() + Duration::from_secs(30);
    loop {
        let pids = members(group);
        if pids.is_empty() {
            return Ok(());
        }
        if Instant::now() > until {
            bail!("processes of {group} do not die: {pids:?}");
        }
        signal("KILL", &pids);
        sleep(Duration::from_millis(20));
    }
}

/// Sends a signal; processes that are gone already are no error.
pub fn signal(name: &str, pids: &[u32]) {
    for some in pids.chunks(500) {
        let pids = some.iter().map(u32::to_string);
        crate::shell::run(
            std::process::Command::new("kill")
                .arg(format!("-{name}"))
                .args(pids),
        )
        .ok();
    }
}

/// Removes a group from every hierarchy; its processes must be gone.
pub fn remove(group: &str) {
    let mut roots = vec![PathBuf::from(MOUNT)];
    if let Ok(entries) = fs::read_dir(MOUNT) {
        roots.extend(entries.flatten().map(|entry| entry.path()));
    }
    for root in roots {
        let mut dirs = Vec::new();
        walk(&root.join(group), &mut |dir| dirs.push(dir.to_owned()));
        for dir in dirs.iter().rev() {
            for _ in 0..50 {
                match fs::remove_dir(dir) {
                    Err(error) if error.kind() == std::io::ErrorKind::ResourceBusy => {
                        sleep(Duration::from_millis(20));
                    }
                    _ => break,
                }
            }
        }
    }
}

fn walk(dir: &Path, visit: &mut dyn FnMut(&Path)) {
    if !dir.is_dir() {
        return;
    }
    visit(dir);
    if let Ok(entries) = fs::read_dir(dir) {
        for entry in entries.flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                walk(&entry.path(), visit);
            }
        }
    }
}
