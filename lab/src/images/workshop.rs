//! Builds layers, each whole or not at all, a few at a time, each as soon as those below it are there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Condvar, Mutex};

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use super::hex;
use super::layer::{Layer, Make};
use crate::paths::Paths;
use crate::progress::Progress;
use crate::{cgroup, shell, toolchain};

/// Mounts the layers below as one root, runs the script in it, and leaves what it added in `upper`.
const CHROOT: &str = r#"
set -eu
for group in $CGROUPS; do echo $$ > "$group"; done
hostname localhost
ip link set lo up
mount -t overlay overlay -o "lowerdir=$LOWER,upperdir=$DIR/upper,workdir=$DIR/overlay" "$DIR/root"
mount -t proc proc "$DIR/root/proc"
mount --rbind /dev "$DIR/root/dev"
for empty in tmp var/tmp var/cache/apt var/lib/apt/lists var/log; do mount -t tmpfs tmpfs "$DIR/root/$empty"; done
printf '%s\n' "$SOURCES" > "$DIR/sources.list"
mount --bind "$DIR/sources.list" "$DIR/root/etc/apt/sources.list"
mount --bind /etc/resolv.conf "$DIR/root/etc/resolv.conf"
echo "127.0.0.1 localhost" > "$DIR/root/etc/hosts"
exec chroot "$DIR/root" /bin/sh -euc "$SCRIPT"
"#;

/// How many layers are made side by side: most wait for the network half of the time.
const AT_ONCE: usize = 4;

/// Where the scripts run, so that those of a killed build are found.
const GROUP: &str = "milvus-swarm-lab/build/layer";

/// What a layer's maker may use.
pub struct Workshop<'a> {
    pub paths: &'a Paths,
    pub progress: &'a Progress,
    layers: &'a [Layer],
}

/// Builds the layers that are needed and that the cache lacks, those that others stand on first.
pub fn build(
    paths: &Paths,
    layers: &[Layer],
    needed: &BTreeSet<&str>,
    progress: &Progress,
) -> Result<()> {
    let missing: Vec<&Layer> = layers
        .iter()
        .filter(|layer| needed.contains(layer.name))
        .filter(|layer| layer.diff(paths, layers).is_none())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let tools = [
        ("mmdebstrap", "mmdebstrap"),
        ("mvn", "maven"),
        ("python3", "python3"),
        ("tar", "tar"),
    ];
    toolchain::need(&tools, progress)?;
    let workshop = Workshop {
        paths,
        progress,
        layers,
    };
    fs::create_dir_all(paths.layers())?;
    let work = paths.work();
    cgroup::kill(GROUP)?;
    if work.exists() {
        shell::run(Command::new("rm").arg("-rf").arg(&work))?;
    }
    let mut waiting = Queue::new(missing);
    let queue = Mutex::new(&mut waiting);
    let turned = Condvar::new();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| work_off(&workshop, &queue, &turned));
        }
    });
    if let Some(error) = waiting.failed {
        return Err(error);
    }
    shell::run(Command::new("rm").arg("-rf").arg(&work)).map(drop)
}

/// Makes layers until none is left, or one failed.
fn work_off(workshop: &Workshop, queue: &Mutex<&mut Queue<'_>>, turned: &Condvar) {
    let Ok(mut held) = queue.lock() else { return };
    while held.failed.is_none() && !held.waiting.is_empty() {
        let Some(layer) = held.take() else {
            // Those that it stands on are being made by others.
            let Ok(again) = turned.wait(held) else { return };
            held = again;
            continue;
        };
        drop(held);
        let made = workshop
            .make(layer)
            .with_context(|| format!("cannot build the layer `{}`", layer.name));
        let Ok(again) = queue.lock() else { return };
        held = again;
        held.making.retain(|name| *name != layer.name);
        if let Err(error) = made {
            held.failed.get_or_insert(error);
        }
        turned.notify_all();
    }
}

/// The layers to be made, in the order of the recipe.
struct Queue<'a> {
    waiting: Vec<&'a Layer>,
    making: Vec<&'static str>,
    failed: Option<anyhow::Error>,
}

impl<'a> Queue<'a> {
    fn new(waiting: Vec<&'a Layer>) -> Self {
        Self {
            waiting,
            making: Vec::new(),
            failed: None,
        }
    }

    /// The first layer that stands on nothing still to be made.
    fn take(&mut self) -> Option<&'a Layer> {
        let pending = |name: &&str| {
            self.making.contains(name) || self.waiting.iter().any(|layer| layer.name == *name)
        };
        let ready = self
            .waiting
            .iter()
            .position(|layer| !layer.below().iter().any(pending))?;
        let layer = self.waiting.remove(ready);
        self.making.push(layer.name);
        Some(layer)
    }
}

impl Workshop<'_> {
    /// An empty folder to work in.
    pub fn scratch(&self, name: &str) -> Result<PathBuf> {
        let dir = self.paths.work().join(name);
        fs::create_dir_all(&dir)?;
        Ok(dir)
    }

    /// A command at low priority: others work on this machine too.
    pub fn gentle(program: &str) -> Command {
        let mut command = Command::new("nice");
        command.args(["-n", "5", program]);
        command
    }

    fn make(&self, layer: &Layer) -> Result<()> {
        self.progress.step(format!("building layer {}", layer.name));
        let since = std::time::Instant::now();
        let dir = self.scratch(layer.name)?;
        let tree = match layer.make {
            Make::Base => self.base(&dir)?,
            Make::Tree(fill) => {
                let tree = dir.join("tree");
                fs::create_dir_all(&tree)?;
                fill(self, &tree)?;
                // Nothing of the moment goes into the image.
                shell::run(Command::new("find").arg(&tree).args([
                    "-exec",
                    "touch",
                    "-hd",
                    "2026-01-01T00:00:00Z",
                    "{}",
                    "+",
                ]))?;
                tree
            }
            Make::Chroot {
                on,
                script,
                network,
            } => self.chroot(&dir, on, script, network)?,
        };
        let tar = layer.tar(self.paths, self.layers);
        let partial = tar.with_extension("partial");
        shell::run(
            Command::new("tar")
                .args(["--create", "--numeric-owner", "--sort=name", "--file"])
                .arg(&partial)
                .arg("--directory")
                .arg(&tree)
                .arg("."),
        )?;
        let diff = digest(&partial)?;
        fs::rename(&partial, &tar)?;
        fs::write(tar.with_extension("sha256"), diff)?;
        if !matches!(layer.make, Make::Base) {
            shell::run(Command::new("rm").arg("-rf").arg(&dir))?;
        }
        self.progress.done(format!(
            "layer {} built in {:.0} s, {} MB",
            layer.name,
            since.elapsed().as_secs_f32(),
            fs::metadata(&tar)?.len() / 1_000_000
        ));
        Ok(())
    }

    fn base(&self, dir: &Path) -> Result<PathBuf> {
        let (mirror, suite) = toolchain::mirror()?;
        let tree = dir.join("tree");
        shell::run(
            Self::gentle("mmdebstrap")
                .args([
                    "--quiet",
                    "--variant=minbase",
                    "--include=ca-certificates,usr-is-merged",
                ])
                .args(
                    ["doc", "man", "locale", "info"]
                        .map(|of| format!("--dpkgopt=path-exclude=/usr/share/{of}/*")),
                )
                .arg(suite)
                .arg(&tree)
                .arg(format!("deb {mirror} {suite} main")),
        )?;
        // The mirror is this machine's business, not the image's.
        fs::write(tree.join("etc/apt/sources.list"), "")?;
        fs::write(tree.join("etc/hostname"), "")?;
        fs::write(tree.join("etc/resolv.conf"), "")?;
        Ok(tree)
    }

    fn chroot(&self, dir: &Path, on: &[&str], script: &str, network: bool) -> Result<PathBuf> {
        let (mirror, suite) = toolchain::mirror()?;
        for name in ["root", "upper", "overlay"] {
            fs::create_dir_all(dir.join(name))?;
        }
        let mut lower = Vec::new();
        // Overlayfs wants the topmost first.
        for name in on.iter().rev() {
            lower.push(self.unpacked(name)?.display().to_string());
        }
        let cgroups = cgroup::make(GROUP)?;
        let cgroups: Vec<String> = cgroups
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        shell::run(
            Self::gentle("unshare")
                .args(["--mount", "--uts", "--pid", "--fork", "--kill-child"])
                .args((!network).then_some("--net"))
                .args(["sh", "-c", CHROOT])
                .env("CGROUPS", cgroups.join(" "))
                .env("DIR", dir)
                .env("LOWER", lower.join(":"))
                .env("SOURCES", format!("deb {mirror} {suite} main"))
                .env("SCRIPT", script)
                .env("DEBIAN_FRONTEND", "noninteractive")
                .env("LC_ALL", "C"),
        )?;
        let upper = dir.join("upper");
        // Marks of removed files; nothing here relies on a file being gone.
        shell::run(
            Command::new("find")
                .arg(&upper)
                .args(["-type", "c", "-delete"]),
        )?;
        for leftover in [
            "etc/hosts",
            "etc/resolv.conf",
            "etc/apt/sources.list",
            "dev",
        ] {
            let path = upper.join(leftover);
            if path.is_dir() {
                fs::remove_dir_all(path).ok()
            } else {
                fs::remove_file(path).ok()
            };
        }
        Ok(upper)
    }

    /// A layer's content as a folder.
    fn unpacked(&self, name: &str) -> Result<PathBuf> {
        let Some(layer) = self.layers.iter().find(|layer| layer.name == name) else {
            bail!("no layer `{name}`");
        };
        let dir = self.paths.work().join("unpacked").join(name);
        if !dir.exists() {
            let partial = dir.with_extension(format!("{:?}", std::thread::current().id()));
            fs::create_dir_all(&partial)?;
            let tar = layer.tar(self.paths, self.layers);
            shell::run(
                Command::new("tar")
                    .arg("--extract")
                    .arg("--file")
                    .arg(tar)
                    .arg("--directory")
                    .arg(&partial),
            )?;
            // Another thread may have been first.
            if fs::rename(&partial, &dir).is_err() {
                shell::run(Command::new("rm").arg("-rf").arg(&partial))?;
            }
        }
        Ok(dir)
    }
}

fn digest(file: &Path) -> Result<String> {
    let mut hash = Sha256::new();
    std::io::copy(&mut File::open(file)?, &mut Hasher(&mut hash))?;
    Ok(hex(hash.finalize().as_slice()))
}

struct Hasher<'a>(&'a mut Sha256);

impl std::io::Write for Hasher<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(name: &'static str, on: &'static [&'static str]) -> Layer {
        let make = Make::Chroot {
            on,
            script: "",
            network: false,
        };
        Layer {
            name,
            inputs: vec![],
            make,
        }
    }

    #[test]
    fn a_layer_waits_for_those_below_it_and_others_go_first() {
        let layers = [layer("top", &["base"]), layer("base", &[]), layer("x", &[])];
        let mut queue = Queue::new(layers.iter().collect());
        let mut take = |made: &str| {
            queue.making.retain(|name| *name != made);
            queue.take().map(|layer| layer.name)
        };
        assert_eq!(take(""), Some("base"));
        assert_eq!(take(""), Some("x"));
        assert_eq!(take("x"), None);
        assert_eq!(take("base"), Some("top"));
    }
}
