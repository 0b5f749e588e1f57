//! What a cluster should be, in Swarm's terms: stack files read back, and the gates between
//! their services.

mod crossing;
mod endpoints;
mod gates;
mod homes;
mod networks;
mod plan;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::advice;
use crate::component::{Component, Kind, Secret};
use crate::compose::{self, Stack, StackError};
use crate::formed;
use crate::gate::{GONE, LEADS_NOTHING};
use crate::hole::{self, holes};
use crate::inventory::Inventory;
use crate::lint::{self, LintErrors};
use crate::observed::Observed;
use crate::plan::{Drain, SecretSource, Seed, Wanted, WantedSecret};
use crate::release::{Release, ReleaseError};
use crate::render::{self, Generations, ROOT_SECRET, RenderError, Sources, StackFile, secret_name};
use crate::spec::ServiceSpec;
use crate::system::milvus::returns;
use crate::system::{FRONT, METADATA, SEARCH, door};
use crate::tag::Version;
pub use crate::topology::{CLUSTER_LABEL, probe_name};
use crate::topology::{Topology, role_label};
use gates::Phases;
use homes::directories;

/// Letters and digits in a generated password.
const PASSWORD_LENGTH: usize = 32;

/// An inventory that cannot be turned into specs.
#[derive(Debug, Error)]
pub enum WantedError {
    #[error(transparent)]
    Release(#[from] ReleaseError),
    #[error(transparent)]
    Render(#[from] RenderError),
    #[error("stack `{stack}` as rendered: {source}{}", quoted(.line))]
    Stack {
        stack: String,
        source: Box<StackError>,
        /// The rendered line that it is about.
        line: String,
    },
    /// Templates of the user's own lack what the tool relies on.
    #[error(transparent)]
    Lint(#[from] LintErrors),
}

fn quoted(line: &str) -> String {
    if line.is_empty() {
        String::new()
    } else {
        format!("; the line is `{line}`")
    }
}

/// A cluster worked out: where things run, the files, and what a plan is made from.
#[derive(Clone, Debug)]
pub struct Cluster {
    pub release: Release,
    /// The version that Milvus' image says it is, else the release.
    pub runs: Version,
    pub topology: Topology,
    pub files: Vec<StackFile>,
    pub wanted: Wanted,
}

/// A credential that is to have another password.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Renewal {
    /// Key of its secret.
    pub key: &'static str,
    /// Where the password comes from.
    pub source: SecretSource,
}

/// What is made anew though it is there.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Anew {
    pub credential: Option<Renewal>,
    /// Networks that are otherwise, for which everything is stopped.
    pub networks: bool,
}

impl Cluster {
    /// Works out a cluster from its inventory and what was seen of the Swarm, if anything.
    ///
    /// # Errors
    /// An unknown release, a template that does not render, a stack file that does not read.
    pub fn work_out(
        inventory: &Inventory,
        seen: Option<&Observed>,
        sources: &Sources,
    ) -> Result<Self, WantedError> {
        Self::renewed(inventory, seen, sources, &Anew::default())
    }

    /// The same with what is to be made anew.
    ///
    /// # Errors
    /// Those of [`work_out`](Self::work_out).
    pub fn renewed(
        inventory: &Inventory,
        seen: Option<&Observed>,
        sources: &Sources,
        anew: &Anew,
    ) -> Result<Self, WantedError> {
        let renewal = anew.credential.as_ref();
        let release = formed::release(inventory, seen)?;
        let topology = Topology::place(inventory, &release, seen.map(|seen| seen.nodes.as_slice()));
        let generations = seen
            .map(|seen| Generations::of(&inventory.name, seen))
            .unwrap_or_default();
        let generations = match renewal {
            Some(renewal) => generations.with_next(renewal.key),
            None => generations,
        };
        let render = |sources| {
            let files = render::stacks(inventory, &release, &topology, &generations, sources)?;
            let stacks = files.iter().map(read_back).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, WantedError>((files, stacks))
        };
        let (files, stacks) = render(sources)?;
        let mut lacks = Vec::new();
        if !sources.are_shipped() {
            let (_, shipped) = render(&Sources::shipped())?;
            lint::check(&files, &stacks, &shipped)?;
            lacks = lint::missing(&files, &stacks, &shipped);
        }
        let mut wanted = wanted(inventory, &release, &topology, &generations, stacks);
        let nodes = seen.map_or(&[][..], |seen| &seen.nodes);
        let runs = formed::version(wanted.milvus_image(), &release);
        let marks = formed::marks(inventory, runs, &topology, nodes);
        wanted.labels = topology.labels(inventory, marks);
        wanted.secrets = secrets(inventory, &generations, renewal);
        networks::plan(inventory, &mut wanted, seen, anew.networks);
        wanted.warnings.extend(lacks);
        wanted
            .warnings
            .extend(networks::warnings(inventory, &wanted, seen));
        let was = seen.and_then(|seen| formed::oldest(&inventory.name, seen));
        let no_return = was.and_then(|was| returns::told(inventory, was, runs));
        wanted.warnings.extend(no_return);
        Ok(Self {
            runs,
            release,
            topology,
            files,
            wanted,
        })
    }
}

fn wanted(
    inventory: &Inventory,
    release: &Release,
    topology: &Topology,
    generations: &Generations,
    stacks: Vec<Stack>,
) -> Wanted {
    let mut wanted = Wanted {
        cluster: inventory.name.clone(),
        warnings: advice::warnings(inventory, release),
        ..Wanted::default()
    };
    let mut by_component: BTreeMap<&str, Vec<ServiceSpec>> = BTreeMap::new();
    for stack in stacks {
        let warnings = stack.warnings.iter();
        let file = stack.namespace.trim_start_matches(&inventory.name);
        let file = file.trim_start_matches('-');
        wanted
            .warnings
            .extend(warnings.map(|warning| format!("{file}.yml as rendered, {warning}")));
        for config in stack.configs.into_values() {
            wanted.configs.insert(config.name.clone(), config);
        }
        for (name, spec) in stack.services {
            if let Some(row) = Component::of_service(&name) {
                by_component.entry(row.name).or_default().push(spec);
            }
        }
    }
    let phases = Phases::new(inventory, release, topology, generations);
    // What waits for services that are of the cluster comes after them.
    let (alone, after): (Vec<_>, Vec<_>) = phases.chosen().partition(|one| one.needs.is_empty());
    let rows: Vec<&Component> = Component::of(inventory, release).collect();
    let first = rows.iter().position(|row| row.milvus.is_some());
    let (before, rest) = rows.split_at(first.unwrap_or(rows.len()));
    let mut phase = |component: &'static Component| {
        let specs = by_component.remove(component.name).unwrap_or_default();
        phases.phase(component, specs)
    };
    wanted.phases.extend(alone);
    wanted.phases.extend(before.iter().copied().map(&mut phase));
    wanted.phases.extend(after);
    wanted.phases.extend(rest.iter().copied().map(phase));
    let site = phases.site();
    wanted.seed = Seed {
        etcd: site.members(METADATA),
        root_path: inventory.name.clone(),
        after: METADATA.name.to_owned(),
        before: Component::of(inventory, release)
            .filter(|row| row.kind() == Some(Kind::Coordinator))
            .map(|row| row.name.to_owned())
            .collect(),
    };
    wanted.proxy = site.service(FRONT);
    wanted.door = site.service(door(inventory));
    let search = site.service(SEARCH);
    let is_there = wanted.services().any(|spec| spec.name == search);
    let leads = phases.check(SEARCH, LEADS_NOTHING).filter(|_| is_there);
    let gone = phases.check(SEARCH, GONE);
    wanted.drain = leads.zip(gone).map(|(leads, gone)| Drain {
        service: search,
        label: role_label(&inventory.name, SEARCH.role),
        leads,
        gone,
    });
    wanted.directories = directories(inventory, &wanted, topology);
    let holes = holes(wanted.services(), inventory, release);
    wanted.warnings.extend(hole::accepted(&holes, inventory));
    wanted
}

/// Reads a stack file back, as `docker stack deploy` would.
fn read_back(file: &StackFile) -> Result<Stack, WantedError> {
    let read = |path: &str| {
        let path = path.strip_prefix("./").unwrap_or(path);
        file.files.get(path).map(|text| text.clone().into_bytes())
    };
    compose::read(&file.namespace, &file.text, &read).map_err(|source| {
        let at = usize::try_from(source.place.line).unwrap_or(usize::MAX);
        let line = at.checked_sub(1).and_then(|at| file.text.lines().nth(at));
        WantedError::Stack {
            stack: file.name.clone(),
            line: line.unwrap_or_default().trim().chars().take(80).collect(),
            source: Box::new(source),
        }
    })
}

fn secrets(
    inventory: &Inventory,
    generations: &Generations,
    renewal: Option<&Renewal>,
) -> Vec<WantedSecret> {
    let secrets = Secret::all_of(inventory).map(|secret| {
        let renewal = renewal.filter(|renewal| renewal.key == secret.key);
        WantedSecret {
            name: secret_name(&inventory.name, secret.key, generations),
            labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
            source: renewal.map_or_else(
                || secret_source(inventory, secret),
                |renewal| renewal.source.clone(),
            ),
            // Whom the other secrets are of is asked whether they know them.
            renews: renewal.is_some() && secret.key == ROOT_SECRET,
        }
    });
    secrets.collect()
}

/// Where a new password comes from: a file that the inventory names, or chance.
pub(crate) fn secret_source(inventory: &Inventory, secret: &Secret) -> SecretSource {
    (secret.file)(inventory).map_or(
        SecretSource::Generated {
            length: PASSWORD_LENGTH,
        },
        |password| SecretSource::File {
            path: password.path.clone(),
        },
    )
}
