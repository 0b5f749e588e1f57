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

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, ErrorKind, UndefinedBehavior, context as values};
use thiserror::Error;

use bounds::{FUEL, MOST_BYTES, MOST_TEMPLATE, STACK};
pub(crate) use config::is_config_file;
pub(crate) use names::first_secret_name;
pub(crate) use names::generation;
pub use names::{Generations, ROOT_SECRET, secret_name};
pub(crate) use user_yaml::plain;

use crate::component::Stack;
use crate::digest::sha256;
use crate::inventory::Inventory;
use crate::release::Release;
use crate::system::{Plot, SYSTEMS, Text};
use crate::topology::Topology;

/// A rendered stack file.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct StackFile {
    /// That of the stack without the cluster's: `store`.
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

/// What the stack files of all systems share.
const SHARED: [Text; 2] = [
    Text {
        name: "macros.yml",
        text: include_str!("../../stacks/macros.yml"),
    },
    FRAME,
];

/// A stack file around the services of its systems.
const FRAME: Text = Text {
    name: "stack.yml",
    text: include_str!("../../stacks/stack.yml"),
};

fn shipped() -> impl Iterator<Item = Text> {
    let runs = SYSTEMS.iter().filter_map(|system| system.runs);
    let services = runs.map(|runs| runs.services);
    let others = SYSTEMS.iter().flat_map(|system| {
        let files = system.files.iter().map(|file| file.template);
        files.chain(system.templates.iter().copied())
    });
    SHARED.into_iter().chain(services).chain(others)
}

impl Sources {
    /// The templates inside the program.
    #[must_use]
    pub fn shipped() -> Self {
        let all = shipped().map(|text| (text.name.to_owned(), text.text.to_owned()));
        Self(all.collect())
    }

    /// Whether nothing was replaced.
    #[must_use]
    pub fn are_shipped(&self) -> bool {
        let mut all = shipped();
        self.0.len() == shipped().count() && all.all(|one| self.text(one.name) == Some(one.text))
    }

    /// Names and texts of all templates.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, text)| (name.as_str(), text.as_str()))
    }

    /// Names of all templates.
    pub fn names() -> impl Iterator<Item = &'static str> {
        shipped().map(|text| text.name)
    }

    /// Files that earlier versions wrote and this one does not, and the templates that each became:
    /// whoever edited one still has it.
    #[must_use]
    pub fn former() -> Vec<(String, Vec<&'static str>)> {
        let all = Stack::all().into_iter().map(|stack| {
            let parts = stack.parts().map(|(_, runs)| runs.services.name);
            (whole_file(stack), parts.collect::<Vec<_>>())
        });
        all.filter(|(file, parts)| !parts.contains(&file.as_str()))
            .collect()
    }

    /// A stack file that a user edited in an earlier version, when one template was all of it.
    fn whole(&self, stack: Stack) -> Option<String> {
        let file = whole_file(stack);
        let text = self.text(&file)?;
        let is_part = Self::names().any(|name| name == file);
        let is_whole = !is_part || text.lines().any(|line| line.trim_end() == "services:");
        is_whole.then_some(file)
    }

    /// The template that a file beside it looks like another layer of, as
    /// `milvus.override.yml` and `milvus.yaml` do of `milvus.yml`.
    #[must_use]
    pub fn layered(file: &str) -> Option<String> {
        let (stem, _) = file.split_once('.')?;
        let is_yaml = |name: &str| name.ends_with(".yml") || name.ends_with(".yaml");
        let former = Self::former().into_iter().map(|(name, _)| name);
        let names: Vec<String> = Self::names().map(str::to_owned).chain(former).collect();
        if !is_yaml(file) || names.iter().any(|name| name == file) {
            return None;
        }
        let of = |name: &String| is_yaml(name) && name.split('.').next() == Some(stem);
        names.into_iter().find(of)
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

/// The file of a stack: `store.yml`.
fn whole_file(stack: Stack) -> String {
    format!("{}.yml", stack.name)
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
    let plot = Plot {
        inventory,
        release,
        topology,
        generations,
    };
    let base = context::base(&plot);
    let configs = config::files(&environment, &plot, &base)?;
    // What was chosen in place of all that a stack has leaves none to deploy.
    let is_of = |stack: &Stack| stack.parts().any(|(system, _)| system.is_of(inventory));
    Stack::all()
        .into_iter()
        .filter(is_of)
        .map(|stack| {
            let used = config::used_by(stack, &configs);
            let context = context::of_stack(stack, &base, inventory, release, topology, &used);
            let text = stack_text(
                &environment,
                sources,
                inventory,
                stack,
                Serde(context).into(),
            )?;
            Ok(StackFile {
                name: stack.name.to_owned(),
                namespace: format!("{}-{}", inventory.name, stack.name),
                text: tidy(&text),
                files: used
                    .into_iter()
                    .map(|config| (config.file, config.text))
                    .collect(),
            })
        })
        .collect()
}

/// A stack file: the services of each of its systems, in the frame that all share.
fn stack_text(
    environment: &Environment<'_>,
    sources: &Sources,
    inventory: &Inventory,
    stack: Stack,
    values: Value,
) -> Result<String, RenderError> {
    if let Some(file) = sources.whole(stack) {
        return render(environment, &file, values);
    }
    let mut parts = String::new();
    for (_, runs) in stack.parts().filter(|(system, _)| system.is_of(inventory)) {
        let part = render(environment, runs.services.name, values.clone())?;
        // Each begins on a line of its own, whatever its template ends with.
        parts.push('\n');
        parts.push_str(part.trim_start_matches('\n').trim_end());
        parts.push('\n');
    }
    let values = values! { parts, about => stack.about, ..values };
    render(environment, FRAME.name, values)
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
    values: impl Into<Value>,
) -> Result<String, RenderError> {
    let template = |source| RenderError::Template {
        name: name.to_owned(),
        source,
    };
    let found = environment.get_template(name).map_err(template)?;
    let mut text = bounds::Text::default();
    let rendered = found.render_captured_to(values, &mut text).map(drop);
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
