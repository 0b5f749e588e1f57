//! Puts the images into the seed data root, through a private engine that ends afterwards.

use std::fs;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use super::{Image, Loaded, Stamp, layers};
use crate::api::Api;
use crate::host::Host;
use crate::paths::Paths;
use crate::progress::Progress;
use crate::{cgroup, engine, net, toolchain};

/// Loads images and writes the stamp.
pub fn load(paths: &Paths, images: &[Image], progress: &Progress) -> Result<()> {
    progress.step("loading the images");
    let dir = paths.work().join("load");
    fs::create_dir_all(&dir)?;
    let layers = layers();
    let mut manifest = Vec::new();
    let mut ids = Vec::new();
    for image in images {
        let (id, config) = image
            .manifest(paths, &layers)?
            .context("a layer is missing")?;
        fs::write(dir.join(format!("{id}.json")), config)?;
        let mut files = Vec::new();
        for layer in layers
            .iter()
            .filter(|layer| image.layers.contains(&layer.name))
        {
            let file = format!(
                "{}.tar",
                layer.diff(paths, &layers).context("a layer is missing")?
            );
            if !dir.join(&file).exists() {
                fs::hard_link(layer.tar(paths, &layers), dir.join(&file))?;
            }
            files.push((
                image.layers.iter().position(|name| *name == layer.name),
                file,
            ));
        }
        files.sort();
        let files: Vec<String> = files.into_iter().map(|(_, file)| file).collect();
        manifest.push(
            json!({"Config": format!("{id}.json"), "RepoTags": [image.name], "Layers": files}),
        );
        ids.push((image.name, id));
    }
    fs::write(dir.join("manifest.json"), Value::from(manifest).to_string())?;
    with_engine(paths, |api| {
        let mut tar = Command::new("tar")
            .args(["--create", "--directory"])
            .arg(&dir)
            .arg(".")
            .stdout(Stdio::piped())
            .spawn()?;
        let loaded = Command::new(toolchain::docker(paths))
            .args(["load", "--quiet"])
            .env("DOCKER_HOST", format!("unix://{}", api.socket().display()))
            .stdin(tar.stdout.take().context("no pipe")?)
            .output()?;
        tar.wait()?;
        if !loaded.status.success() {
            bail!("docker load: {}", String::from_utf8_lossy(&loaded.stderr));
        }
        api.post("/images/prune", &Value::Null)?;
        let mut stamp = Stamp::default();
        for (name, id) in &ids {
            let found = api.get(&format!("/images/{name}/json"))?;
            if found["Id"].as_str() != Some(&format!("sha256:{id}")) {
                bail!("{name} became {} instead of sha256:{id}", found["Id"]);
            }
            let bytes = found["Size"].as_u64().unwrap_or_default();
            let id = id.clone();
            stamp
                .images
                .insert((*name).to_owned(), Loaded { id, bytes });
        }
        fs::write(
            paths.seed().join("images.json"),
            serde_json::to_string_pretty(&stamp)?,
        )?;
        Ok(())
    })?;
    fs::remove_dir_all(paths.work()).ok();
    progress.done(format!("{} images are in the cache", ids.len()));
    Ok(())
}

/// Runs the engine on the seed data root for as long as `work` takes.
pub fn with_engine(paths: &Paths, work: impl FnOnce(&Api) -> Result<()>) -> Result<()> {
    let builder = Host::new(0);
    fs::create_dir_all(&paths.run)?;
    net::make_host(paths, &builder, 1500)?;
    let worked = engine::start(paths, &builder)
        .and_then(|()| engine::wait(paths, &builder))
        .and_then(|()| work(&Api::new(builder.socket(paths))));
    engine::stop(&builder)?;
    cgroup::remove(&builder.cgroup());
    net::remove_host(paths, &builder);
    for end in ["sock", "json", "resolv", "log"] {
        if worked.is_ok() {
            fs::remove_file(paths.run.join(format!("build.{end}"))).ok();
        }
    }
    worked
}
