//! The images: what they are called, whether the cache has them, how they get there.

mod base;
mod etcd;
mod golang;
mod haproxy;
mod layer;
mod load;
mod milvus;
mod minio;
mod pulsar;
mod pypi;
mod verify;
mod workshop;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::paths::Paths;
use crate::progress::Progress;
use layer::Layer;
pub use verify::verify;

/// Every stand-in carries this label; `milvus-swarm` points out images that have it.
pub const STAND_IN: &str = "milvus-swarm.stand-in";

/// An image, by the upstream name and tag of what really runs in it.
struct Image {
    name: &'static str,
    made_of: &'static str,
    layers: Vec<&'static str>,
    /// `Env`, `Cmd`, `Entrypoint` and so on, as upstream has them.
    config: Value,
}

/// An image as `milvus-swarm-lab images` lists it.
#[derive(Debug)]
pub struct Listed {
    pub name: &'static str,
    pub id: Option<String>,
    pub bytes: u64,
    /// Whether what is cached is what this program would build.
    pub current: bool,
}

/// What the seed data root holds; written only once all of it is there.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Stamp {
    images: BTreeMap<String, Loaded>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Loaded {
    id: String,
    bytes: u64,
}

/// The images that every lab has.
fn images() -> Vec<Image> {
    let mut images = Vec::from(etcd::images());
    images.extend(minio::images());
    images.extend(pulsar::images());
    images.extend(milvus::images());
    images.push(haproxy::image());
    images
}

/// Those that every lab has, and those of the others that are asked for.
fn images_with(also: &[&str]) -> Result<Vec<Image>> {
    let mut images = images();
    let mut others = Vec::from(pulsar::on_request());
    for name in also {
        let Some(at) = others.iter().position(|image| image.name == *name) else {
            bail!("nothing is known of an image {name}");
        };
        images.push(others.remove(at));
    }
    Ok(images)
}

/// Of all images, whoever asks for them, in the order in which they are begun: what takes long, and
/// what others wait for, first.
fn layers() -> Vec<Layer> {
    let mut layers = base::layers();
    layers.extend(pulsar::layers());
    layers.push(minio::layer());
    layers.extend(etcd::layers());
    layers.extend(milvus::layers());
    layers.push(haproxy::layer());
    layers
}

/// Builds the images that the cache lacks, of those that every lab has and those that are asked for.
pub fn ensure(paths: &Paths, also: &[&str], progress: &Progress) -> Result<()> {
    let images = images_with(also)?;
    if listed(paths, &images)?.iter().all(|image| image.current) {
        return Ok(());
    }
    if paths.hosts().exists() {
        bail!(
            "the images must be built anew, but a lab uses the old ones: `milvus-swarm-lab down` first"
        );
    }
    let lock = paths.cache.join("images.lock");
    fs::create_dir_all(&paths.cache)?;
    let file = fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)?;
    file.lock()?;
    workshop::build(paths, &layers(), &needed(&images), progress)?;
    load::load(paths, &images, progress)?;
    layer::remove_stale(paths, &layers());
    Ok(())
}

/// The layers that images are made of, and those that these stand on.
fn needed(images: &[Image]) -> BTreeSet<&'static str> {
    let layers = layers();
    let of = |name: &&str| layers.iter().find(|layer| layer.name == *name);
    let own = images.iter().flat_map(|image| &image.layers);
    own.filter_map(of)
        .flat_map(|layer| layer.below().iter().chain([&layer.name]).copied())
        .collect()
}

/// Every image that each lab has, and whether the cache has it.
pub fn list(paths: &Paths) -> Result<Vec<Listed>> {
    listed(paths, &images())
}

fn listed(paths: &Paths, images: &[Image]) -> Result<Vec<Listed>> {
    let stamp = read_stamp(paths);
    let layers = layers();
    images
        .iter()
        .map(|image| {
            let loaded = stamp.images.get(image.name);
            let wanted = image.manifest(paths, &layers)?.map(|(id, _)| id);
            Ok(Listed {
                name: image.name,
                id: loaded.map(|loaded| format!("sha256:{}", loaded.id)),
                bytes: loaded.map_or(0, |loaded| loaded.bytes),
                current: loaded.map(|loaded| &loaded.id) == wanted.as_ref() && wanted.is_some(),
            })
        })
        .collect()
}

impl Image {
    /// The image's id and configuration, once its layers are built. The same
    /// layers give the same id: nothing of the time or machine goes in.
    fn manifest(&self, paths: &Paths, layers: &[Layer]) -> Result<Option<(String, String)>> {
        let mut diffs = Vec::new();
        for name in &self.layers {
            let found = layers.iter().find(|layer| layer.name == *name);
            match found.and_then(|layer| layer.diff(paths, layers)) {
                Some(diff) => diffs.push(format!("sha256:{diff}")),
                None => return Ok(None),
            }
        }
        let mut config = self.config.clone();
        config["Labels"] = json!({
            STAND_IN: "true",
            "milvus-swarm.made-of": self.made_of,
        });
        let history: Vec<Value> = self
            .layers
            .iter()
            .map(|name| json!({"created": CREATED, "created_by": format!("milvus-swarm-lab: {name}")}))
            .collect();
        let text = serde_json::to_string(&json!({
            "architecture": "amd64",
            "os": "linux",
            "created": CREATED,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": diffs},
            "history": history,
        }))?;
        Ok(Some((
            hex(Sha256::digest(text.as_bytes()).as_slice()),
            text,
        )))
    }
}

const CREATED: &str = "2026-01-01T00:00:00Z";

fn read_stamp(paths: &Paths) -> Stamp {
    fs::read_to_string(paths.seed().join("images.json"))
        .ok()
        .and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_layer_is_known() {
        let layers = layers();
        let others = pulsar::on_request();
        for image in images().into_iter().chain(others) {
            for name in image.layers {
                assert!(layers.iter().any(|layer| layer.name == name), "{name}");
            }
        }
    }
}
