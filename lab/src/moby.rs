//! Docker 29, which no Debian has yet, from the Go modules of its makers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::progress::Progress;
use crate::{shell, toolchain};

/// The release that moby's module below is: the tags `v2.0.0-beta.20` and `docker-v29.7.0` are one
/// commit, and `releases/versions.yaml` of beta.24 has 29.8.1 as the next one.
pub const VERSION: &str = "29.8.1";

/// Programs of one version, built together.
struct Module {
    packages: &'static [&'static str],
    version: &'static str,
    cgo: bool,
}

/// The engine, and the containerd and runc that its Dockerfile pairs with it.
const MODULES: [Module; 3] = [
    Module {
        packages: &[
            "github.com/moby/moby/v2/cmd/dockerd",
            "github.com/moby/moby/v2/cmd/docker-proxy",
        ],
        version: "v2.0.0-beta.24",
        cgo: false,
    },
    Module {
        packages: &[
            "github.com/containerd/containerd/v2/cmd/containerd",
            "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
        ],
        version: "v2.3.5",
        cgo: false,
    },
    // That of bookworm knows no time namespaces, which the engine asks for where the kernel has
    // them. It enters namespaces in C, and filters system calls through libseccomp.
    Module {
        packages: &["github.com/opencontainers/runc"],
        version: "v1.5.1",
        cgo: true,
    },
];

/// What it takes to build the one in C.
const TOOLS: [(&str, &str); 4] = [
    ("/usr/bin/gcc", "gcc"),
    ("/usr/include/stdio.h", "libc6-dev"),
    ("/usr/include/seccomp.h", "libseccomp-dev"),
    ("/usr/bin/pkg-config", "pkg-config"),
];

/// Builds it below a folder. A build that was cut short goes on from what it had compiled.
pub fn build(work: &Path, progress: &Progress) -> Result<PathBuf> {
    if !shell::has("go") {
        bail!(
            "Docker {VERSION} is built with Go, and there is none: install Go 1.21 or newer, or ask for `--engine 26.1`"
        );
    }
    let missing: Vec<&str> = TOOLS
        .iter()
        .filter(|(file, _)| !Path::new(file).exists())
        .map(|(_, package)| *package)
        .collect();
    toolchain::install(&missing, progress)?;
    let made = work.join("made");
    let bin = made.join("usr/sbin");
    fs::create_dir_all(&bin)?;
    let version = format!("github.com/moby/moby/v2/dockerversion.Version={VERSION}");
    for module in MODULES {
        progress.step(format!(
            "building {} {}",
            module.packages[0], module.version
        ));
        let packages = module
            .packages
            .iter()
            .map(|package| format!("{package}@{}", module.version));
        shell::run(
            Command::new("nice")
                .args(["-n", "5", "go", "install", "-trimpath", "-tags", "seccomp"])
                .args(["-ldflags", &format!("-s -w -X {version}")])
                .args(packages)
                .env("CGO_ENABLED", if module.cgo { "1" } else { "0" })
                // An older Go fetches the one that the modules ask for.
                .env("GOTOOLCHAIN", "auto")
                // What is fetched and compiled on the way is of no use later.
                .env("GOPATH", work.join("go"))
                .env("GOCACHE", work.join("cache"))
                .env("GOBIN", &bin),
        )?;
    }
    Ok(made)
}
