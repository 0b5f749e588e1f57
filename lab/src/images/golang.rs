//! The Go that builds MinIO and etcd: the machine's own where it is new enough, else the toolchain
//! that the Go proxy keeps as a module (go.dev/doc/toolchain).

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use anyhow::{Context, Result, anyhow, bail};
use sha2::{Digest, Sha256};

use super::hex;
use super::workshop::Workshop;
use crate::shell;

/// The oldest that the modules take (etcd 3.5.35 says 1.25), as minor version of Go 1.
const OLDEST: u32 = 25;

const VERSION: &str = "v0.0.1-go1.26.8.linux-amd64";
const SHA256: &str = "30c2b1bf7dcc88d3eb0a1364e47ddd9128edb3110a30e8a0ef61cd5856b31de7";

/// Fetches with Python, as pip does: proxies and certificates of the machine are respected.
const FETCH: &str = "import shutil, sys, urllib.request\n\
    with urllib.request.urlopen(sys.argv[1], timeout=60) as answer, open(sys.argv[2], 'wb') as file:\n    \
    shutil.copyfileobj(answer, file)";

/// Runs Go without cgo, as upstreams' releases are built. What is fetched and compiled on the way
/// is shared between builds, and of no use after them.
pub fn run(workshop: &Workshop, args: &[&str], configure: impl FnOnce(&mut Command)) -> Result<()> {
    let go = program(workshop)?;
    let mut command = Workshop::gentle(&go.display().to_string());
    command
        .args(args)
        .env("CGO_ENABLED", "0")
        .env("GOTOOLCHAIN", "local")
        .env("GOPATH", workshop.scratch("go-path")?)
        .env("GOCACHE", workshop.scratch("go-cache")?);
    configure(&mut command);
    shell::run(&mut command).map(drop)
}

/// The program to build with.
fn program(workshop: &Workshop) -> Result<PathBuf> {
    /// Held while one layer fetches what another needs too.
    static FETCHED: Mutex<Option<PathBuf>> = Mutex::new(None);

    if own().is_some_and(|minor| minor >= OLDEST) {
        return Ok(PathBuf::from("go"));
    }
    let mut fetched = FETCHED
        .lock()
        .map_err(|_| anyhow!("a builder of the lab panicked"))?;
    if let Some(program) = fetched.as_ref().filter(|program| program.exists()) {
        return Ok(program.clone());
    }
    workshop
        .progress
        .step("fetching Go, which is missing here or too old");
    let dir = workshop.scratch("golang")?;
    let zip = dir.join("toolchain.zip");
    let address = format!("https://proxy.golang.org/golang.org/toolchain/@v/{VERSION}.zip");
    shell::run(
        Command::new("python3")
            .args(["-c", FETCH, &address])
            .arg(&zip),
    )?;
    let found = sha256(&zip)?;
    if found != SHA256 {
        bail!("{address} has the SHA-256 {found}, not {SHA256}");
    }
    shell::run(
        Command::new("python3")
            .args(["-m", "zipfile", "-e"])
            .args([&zip, &dir]),
    )?;
    let root = dir.join(format!("golang.org/toolchain@{VERSION}"));
    // Zip files of modules carry no permissions.
    for programs in ["bin", "pkg/tool/linux_amd64"] {
        for program in fs::read_dir(root.join(programs))?.flatten() {
            fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755))?;
        }
    }
    let program = root.join("bin/go");
    *fetched = Some(program.clone());
    Ok(program)
}

/// The minor version of the Go on the path.
fn own() -> Option<u32> {
    if !shell::has("go") {
        return None;
    }
    let version = shell::run(Command::new("go").args(["env", "GOVERSION"])).ok()?;
    minor(&version)
}

/// `26` of `go1.26.8`.
fn minor(version: &str) -> Option<u32> {
    let rest = version.trim().strip_prefix("go1.")?;
    rest.split(|c: char| !c.is_ascii_digit())
        .next()?
        .parse()
        .ok()
}

fn sha256(path: &Path) -> Result<String> {
    let bytes = fs::read(path).context("the toolchain was not fetched")?;
    Ok(hex(&Sha256::digest(bytes)))
}

#[cfg(test)]
mod tests {
    use super::minor;

    #[test]
    fn the_minor_version_is_read_off_what_go_says() {
        assert_eq!(minor("go1.26.8\n"), Some(26));
        assert_eq!(minor("go1.25rc1"), Some(25));
        assert_eq!(minor("devel go1.27-abc"), None);
    }
}
