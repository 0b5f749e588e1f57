//! The files that services mount as Swarm configs.

use minijinja::Environment;
use minijinja::value::Serde;
use serde_json::Value;

use super::defaults::{KEYS, SettingsFile, version};
use super::{RenderError, render, short_hash, user_yaml};
use crate::component::{Component, Stack};
use crate::inventory::Inventory;
use crate::system::milvus::{SETTINGS, sections};
use crate::system::{FRONT, Plot, SYSTEMS, System};

/// A config file as one stack uses it.
#[derive(Clone, Debug)]
pub(super) struct ConfigFile {
    /// Its key in the stack file.
    pub key: String,
    /// Its name as a template variable; none for what only some services of a stack mount.
    pub variable: Option<&'static str>,
    /// The components that mount it, where that is not the template's to say.
    pub readers: Vec<&'static str>,
    pub stack: Stack,
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
    plot: &Plot<'_>,
    values: &Value,
) -> Result<Vec<ConfigFile>, RenderError> {
    let mut files = Vec::new();
    let running = System::all_of(plot.inventory).filter_map(|one| Some((one, one.runs?)));
    for (system, runs) in running {
        let version = version(plot.inventory, plot.release);
        let files_of = system.files.iter();
        for row in files_of.filter(|row| (row.is_of)(plot.inventory, version)) {
            let text = render(environment, row.template.name, Serde(values))?;
            let text = super::tidy(&text);
            files.push(ConfigFile {
                key: row.key.to_owned(),
                variable: Some(row.variable),
                readers: Vec::new(),
                target: row.target,
                templated: row.is_templated,
                ..file(plot.inventory, runs.stack, row.key, text)
            });
        }
    }
    files.extend(settings_files(environment, plot, values)?);
    Ok(files)
}

/// One settings file for each set of components that read the same sections.
fn settings_files(
    environment: &Environment<'_>,
    plot: &Plot<'_>,
    values: &Value,
) -> Result<Vec<ConfigFile>, RenderError> {
    let (inventory, release) = (plot.inventory, plot.release);
    let settings = settings(environment, inventory, values)?;
    let image = inventory.images.overrides.get(&FRONT.image);
    let file_of = SettingsFile::of(release, image.map(String::as_str))?;
    let read_by =
        |component: &str| user_yaml::write(&file_of.complete(sections::of(&settings, component)));
    let shared = read_by("");
    let mut files: Vec<ConfigFile> = Vec::new();
    for component in Component::of(inventory, release).filter(|row| row.milvus.is_some()) {
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
    let known = KEYS.contains(&stem)
        || SYSTEMS
            .iter()
            .flat_map(|system| system.files)
            .any(|row| row.key == stem);
    known && text.is_none_or(|text| short_hash(text) == hash)
}

fn file(inventory: &Inventory, stack: Stack, stem: &str, text: String) -> ConfigFile {
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
    values: &Value,
) -> Result<Value, RenderError> {
    let text = render(environment, SETTINGS.name, Serde(values))?;
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
pub(super) fn used_by(stack: Stack, files: &[ConfigFile]) -> Vec<ConfigFile> {
    files
        .iter()
        .filter(|file| file.stack == stack)
        .cloned()
        .collect()
}
