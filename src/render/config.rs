//! The files that services mount as Swarm configs.

use minijinja::Environment;
use serde_json::{Value, json};

use super::defaults::{KEYS, SettingsFile};
use super::{RenderError, render, short_hash, user_yaml};
use crate::component::{Component, Kind, StackName};
use crate::inventory::Inventory;
use crate::release::Release;
use crate::system::milvus::sections;
use crate::system::{FILES, FRONT, METADATA, etcd, pulsar};
use crate::topology::Topology;

/// A config file as one stack uses it.
#[derive(Clone, Debug)]
pub(super) struct ConfigFile {
    /// Its key in the stack file.
    pub key: String,
    /// Its name as a template variable; none for what only some services of a stack mount.
    pub variable: Option<&'static str>,
    /// The components that mount it, where that is not the template's to say.
    pub readers: Vec<&'static str>,
    pub stack: StackName,
    /// Where tasks find it.
    pub target: &'static str,
    pub templated: bool,
    pub text: String,
    /// The Swarm object: content-hashed, since a config cannot be changed.
    pub name: String,
    /// The path in the rendered folder.
    pub file: String,
}

/// Every config file of a cluster.
pub(super) fn files(
    environment: &Environment<'_>,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
) -> Result<Vec<ConfigFile>, RenderError> {
    let zookeeper_members: Vec<_> = topology
        .members(pulsar::ZOOKEEPER.name)
        .iter()
        .map(|member| json!({ "id": member.ordinal + 1, "name": member.name }))
        .collect();
    let values = json!({ "zookeeper_members": zookeeper_members });
    let mut files = Vec::new();
    for row in FILES {
        let text = render(environment, row.template, &values)?;
        let text = super::tidy(&text);
        files.push(ConfigFile {
            key: row.key.to_owned(),
            variable: Some(row.variable),
            readers: Vec::new(),
            target: row.target,
            templated: false,
            ..file(inventory, row.stack, row.key, text)
        });
    }
    files.extend(settings_files(environment, inventory, release, topology)?);
    Ok(files)
}

/// One settings file for each set of components that read the same sections.
fn settings_files(
    environment: &Environment<'_>,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
) -> Result<Vec<ConfigFile>, RenderError> {
    let settings = settings(environment, inventory, release, topology)?;
    let image = inventory.images.overrides.get(&FRONT.image);
    let file_of = SettingsFile::of(release, image.map(String::as_str))?;
    let read_by =
        |component: &str| user_yaml::write(&file_of.complete(sections::of(&settings, component)));
    let shared = read_by("");
    let mut files: Vec<ConfigFile> = Vec::new();
    for component in Component::of(release).filter(|row| row.milvus.is_some()) {
        let text = read_by(component.name);
        if let Some(same) = files.iter_mut().find(|file| file.text == text) {
            same.readers.push(component.name);
            continue;
        }
        let key = if text == shared {
            file_of.key.to_owned()
        } else {
            format!("{}-{}", file_of.key, short_hash(&text))
        };
        files.push(ConfigFile {
            key,
            variable: None,
            readers: vec![component.name],
            target: file_of.target,
            templated: true,
            // The same text keeps its name whoever reads it: another name is a restart.
            ..file(inventory, component.stack, file_of.key, text)
        });
    }
    Ok(files)
}

/// Whether a file has the name that [`files`] gives to a config of a cluster and, where its text
/// is known, still the text that the name was made from.
#[must_use]
pub(crate) fn is_config_file(cluster: &str, name: &str, text: Option<&str>) -> bool {
    let Some((stem, hash)) = name
        .strip_prefix(cluster)
        .and_then(|rest| rest.strip_prefix('-')?.rsplit_once('-'))
    else {
        return false;
    };
    let known = KEYS.contains(&stem) || FILES.iter().any(|row| row.key == stem);
    known && text.is_none_or(|text| short_hash(text) == hash)
}

fn file(inventory: &Inventory, stack: StackName, stem: &str, text: String) -> ConfigFile {
    let name = format!("{}-{stem}-{}", inventory.name, short_hash(&text));
    ConfigFile {
        key: String::new(),
        variable: None,
        readers: Vec::new(),
        stack,
        target: "",
        templated: false,
        text,
        file: format!("configs/{name}"),
        name,
    }
}

/// Our settings and the user's over them.
fn settings(
    environment: &Environment<'_>,
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
) -> Result<Value, RenderError> {
    let etcd_endpoints: Vec<String> = topology
        .members(METADATA.name)
        .iter()
        .map(|member| format!("{}:{}", member.name, etcd::PORT))
        .collect();
    let leads = |name: &str| {
        let row = Component::named(name);
        row.and_then(Component::kind) == Some(Kind::Coordinator)
    };
    let mut pools = topology.pools.iter();
    let standby = pools.any(|(name, pool)| leads(name) && pool.replicas > 1);
    let password = format!("{{{{ secret `{}` }}}}", super::MINIO_SECRET);
    let values = json!({
        "cluster": inventory.name,
        "etcd_endpoints": etcd_endpoints,
        "minio_user": super::names::minio_user(inventory),
        "minio_password": password,
        "bucket": super::names::bucket(inventory),
        "standby": standby,
        "release_minor": release.minor,
    });
    let text = render(environment, "user.yaml", &values)?;
    let tree: Value =
        serde_saphyr::from_str(&text).map_err(|error| RenderError::UserYaml(error.to_string()))?;
    if !tree.is_object() {
        return Err(RenderError::UserYaml("it is no mapping".to_owned()));
    }
    let mut own = inventory.config.clone();
    user_yaml::escape_templates(&mut own);
    Ok(user_yaml::laid_over(tree, &own))
}

/// The files of one stack.
pub(super) fn used_by(stack: StackName, files: &[ConfigFile]) -> Vec<ConfigFile> {
    files
        .iter()
        .filter(|file| file.stack == stack)
        .cloned()
        .collect()
}
