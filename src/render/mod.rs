//! From the topology to stack files and the config files that they mount.
//!
//! The text made here is what `docker stack deploy` takes unchanged, and it is also the only
//! source of the specs that `up` creates: they are read back from it (`compose`).

mod bounds;
mod config;
mod context;
mod defaults;
mod names;
mod quote;
mod service;
mod user_yaml;

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::thread;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior};
use serde::Serialize;
use thiserror::Error;

use bounds::{FUEL, MOST_BYTES, MOST_TEMPLATE, STACK};
pub(crate) use config::is_config_file;
pub use names::{DEFAULT_MINIO_USER, Generations, MINIO_SECRET, ROOT_SECRET, secret_name};
pub(crate) use names::{minio_user, network_name};
pub(crate) use user_yaml::plain;

use crate::component::StackName;
use crate::digest::sha256;
use crate::inventory::Inventory;
use crate::release::Release;
use crate::system::Plot;
use crate::topology::Topology;

/// A rendered stack file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StackFile {
    /// `store`, `pulsar` or `milvus`.
    pub name: String,
    /// The stack's name: `prod-store`.
    pub namespace: String,
    pub text: String,
    /// Config files by the path that the text refers to.
    pub files: BTreeMap<String, String>,
}

/// A template that does not render.
#[derive(Debug, Error)]
pub enum RenderError {
    #[error("stack template `{name}`: {source}")]
    Template {
        name: String,
        source: minijinja::Error,
    },
    /// A loop around a loop, most likely.
    #[error(
        "template `{name}` comes to no end: given up in line {line}, after {FUEL} instructions"
    )]
    Endless { name: String, line: usize },
    #[error("template `{name}` has more than {MOST_TEMPLATE} bytes")]
    Big { name: String },
    #[error("no thread to read templates on: {0}")]
    NoThread(std::io::Error),
    #[error("template `{name}` writes more than {MOST_BYTES} bytes")]
    TooLong { name: String },
    #[error("template `user.yaml` does not render to a YAML mapping: {0}")]
    UserYaml(String),
}

/// Sources of templates by file name; what is shipped inside the program, or what a user
/// ejected and edited.
#[derive(Clone, Debug)]
pub struct Sources(BTreeMap<String, String>);

const SHIPPED: [(&str, &str); 9] = [
    ("macros.yml", include_str!("../../stacks/macros.yml")),
    ("store.yml", include_str!("../../stacks/store.yml")),
    ("pulsar.yml", include_str!("../../stacks/pulsar.yml")),
    ("milvus.yml", include_str!("../../stacks/milvus.yml")),
    (
        "zookeeper.conf",
        include_str!("../../templates/zookeeper.conf"),
    ),
    (
        "start-zookeeper.sh",
        include_str!("../../templates/start-zookeeper.sh"),
    ),
    (
        "init-metadata.sh",
        include_str!("../../templates/init-metadata.sh"),
    ),
    (
        "start-pulsar.sh",
        include_str!("../../templates/start-pulsar.sh"),
    ),
    ("user.yaml", include_str!("../../templates/user.yaml")),
];

impl Sources {
    /// The templates inside the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self(
            SHIPPED
                .iter()
                .map(|(name, text)| ((*name).to_owned(), (*text).to_owned()))
                .collect(),
        )
    }

    /// Whether nothing was replaced.
    #[must_use]
    pub fn are_shipped(&self) -> bool {
        SHIPPED
            .iter()
            .all(|(name, text)| self.text(name) == Some(text))
    }

    /// Names and texts of all templates.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Names of all templates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SHIPPED.iter().map(|(name, _)| *name)
    }

    /// The template that a file beside it looks like another layer of, as
    /// `milvus.override.yml` and `milvus.yaml` do of `milvus.yml`.
    #[must_use]
    pub fn layered(file: &str) -> Option<&'static str> {
        let (stem, _) = file.split_once('.')?;
        let is_yaml = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
        if !is_yaml(file) || Self::names().any(|name| name == file) {
            return None;
        }
        let of = |name: &&str| is_yaml(name) && name.split('.').next() == Some(stem);
        Self::names().find(of)
    }

    /// Replaces one template.
    pub fn replace(&mut self, name: &str, text: String) {
        self.0.insert(name.to_owned(), text);
    }

    /// The text of a template.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }
}

/// Renders every stack of a cluster. The same input gives the same bytes.
///
/// # Errors
/// A template that does not render.
pub fn stacks(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
    sources: &Sources,
) -> Result<Vec<StackFile>, RenderError> {
    let made = || made(inventory, release, topology, generations, sources);
    if sources.are_shipped() {
        return made();
    }
    if let Some((name, _)) = sources.iter().find(|(_, text)| text.len() > MOST_TEMPLATE) {
        let name = name.to_owned();
        return Err(RenderError::Big { name });
    }
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(STACK);
        let thread = thread
            .spawn_scoped(scope, made)
            .map_err(RenderError::NoThread)?;
        thread.join().unwrap_or_else(|panic| resume_unwind(panic))
    })
}

fn made(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
    sources: &Sources,
) -> Result<Vec<StackFile>, RenderError> {
    let environment = environment(sources)?;
    let base = context::base(&Plot {
        inventory,
        release,
        topology,
        generations,
    });
    let configs = config::files(&environment, inventory, release, topology)?;
    StackName::ALL
        .into_iter()
        .map(|stack| {
            let used = config::used_by(stack, &configs);
            let context = context::of_stack(stack, &base, inventory, release, topology, &used);
            let file = format!("{}.yml", stack.name());
            let text = render(&environment, &file, &context)?;
            drop(context);
            Ok(StackFile {
                name: stack.name().to_owned(),
                namespace: format!("{}-{}", inventory.name, stack.name()),
                text: tidy(&text),
                files: used
                    .into_iter()
                    .map(|config| (config.file, config.text))
                    .collect(),
            })
        })
        .collect()
}

fn environment(sources: &Sources) -> Result<Environment<'_>, RenderError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    environment.add_filter("q", quote::compose);
    environment.set_fuel(Some(FUEL));
    for (name, text) in &sources.0 {
        environment
            .add_template(name, text)
            .map_err(|source| RenderError::Template {
                name: name.clone(),
                source,
            })?;
    }
    Ok(environment)
}

fn render(
    environment: &Environment<'_>,
    name: &str,
    context: &impl Serialize,
) -> Result<String, RenderError> {
    let template = |source| RenderError::Template {
        name: name.to_owned(),
        source,
    };
    let found = environment.get_template(name).map_err(template)?;
    let mut text = bounds::Text::default();
    let rendered = found
        .render_captured_to(Serde(context), &mut text)
        .map(drop);
    match rendered {
        Ok(()) => Ok(text.into_string()),
        Err(_) if text.is_full() => Err(RenderError::TooLong {
            name: name.to_owned(),
        }),
        Err(source) if source.kind() == ErrorKind::OutOfFuel => Err(RenderError::Endless {
            // The loop may be in a file that this one imports.
            name: source.name().unwrap_or(name).to_owned(),
            line: source.line().unwrap_or_default(),
        }),
        Err(source) => Err(template(source)),
    }
}

/// One newline at the end, no blank ones before it, LF line ends, no blanks at the end of lines.
fn tidy(text: &str) -> String {
    let mut tidy = String::with_capacity(text.len() + 1);
    for line in text.trim_end().lines() {
        tidy.push_str(line.trim_end());
        tidy.push('\n');
    }
    if tidy.is_empty() {
        tidy.push('\n');
    }
    tidy
}

/// The first ten hex digits of a text's SHA-256: part of a config's name, since configs
/// cannot be changed (moby#35803).
#[must_use]
pub fn short_hash(text: &str) -> String {
    let mut hash = sha256(text.as_bytes());
    hash.truncate(10);
    hash
}
