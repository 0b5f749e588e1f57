//! MinIO, built from its Go module; the version is the only one that can be had there.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use anyhow::Result;
use serde_json::json;

use super::layer::{Layer, Make};
use super::{Image, golang};

const MODULE: &str = "github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c";

/// What upstream's release build writes into the binary.
const FLAGS: &str = "-s -w \
    -X github.com/minio/minio/cmd.Version=2026-02-12T20:18:48Z \
    -X github.com/minio/minio/cmd.ReleaseTag=RELEASE.2026-02-12T20-18-48Z \
    -X github.com/minio/minio/cmd.CopyrightYear=2026 \
    -X github.com/minio/minio/cmd.ShortCommitID=7aac2a2c5b7c \
    -X github.com/minio/minio/cmd.CommitID=7aac2a2c5b7c";

const ENTRYPOINT: &str = include_str!("../../images/minio/docker-entrypoint.sh");

/// The same image under the name that can be pulled, and under that of clusters made before
/// Docker Hub lost it.
pub fn images() -> [Image; 2] {
    [
        image("quay.io/minio/minio:RELEASE.2026-02-12T20-18-48Z"),
        image("minio/minio:RELEASE.2026-02-12T20-18-48Z"),
    ]
}

fn image(name: &'static str) -> Image {
    Image {
        name,
        made_of: "go:github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c",
        layers: vec!["debian", "curl", "minio"],
        config: json!({
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "MINIO_ACCESS_KEY_FILE=access_key",
                "MINIO_SECRET_KEY_FILE=secret_key",
                "MINIO_ROOT_USER_FILE=access_key",
                "MINIO_ROOT_PASSWORD_FILE=secret_key",
                "MINIO_KMS_SECRET_KEY_FILE=kms_master_key",
                "MINIO_UPDATE_MINISIGN_PUBKEY=RWTx5Zr1tiHQLwG9keckT0c45M3AGeHD6IvimQHpyRywVWGbP1aVSGav",
                "MINIO_CONFIG_ENV_FILE=config.env",
                "MC_CONFIG_DIR=/tmp/.mc",
            ],
            "Entrypoint": ["/usr/bin/docker-entrypoint.sh"],
            "Cmd": ["minio"],
            "ExposedPorts": {"9000/tcp": {}},
            "Volumes": {"/data": {}},
        }),
    }
}

pub fn layer() -> Layer {
    Layer {
        name: "minio",
        inputs: vec![MODULE, FLAGS, ENTRYPOINT],
        make: Make::Tree(|workshop, tree| {
            let bin = tree.join("usr/bin");
            fs::create_dir_all(&bin)?;
            let out = workshop.scratch("minio-bin")?;
            let install = ["install", "-trimpath", "-ldflags", FLAGS, MODULE];
            golang::run(workshop, &install, |command| {
                command.env("GOBIN", &out);
            })?;
            fs::copy(out.join("minio"), bin.join("minio"))?;
            write(&bin.join("docker-entrypoint.sh"), ENTRYPOINT)
        }),
    }
}

fn write(file: &std::path::Path, text: &str) -> Result<()> {
    fs::write(file, text)?;
    fs::set_permissions(file, fs::Permissions::from_mode(0o755))?;
    Ok(())
}
