//! What a cluster should be, in Swarm's terms: stack files read back, and the gates between
//! their services.

mod endpoints;
mod gates;
mod homes;
mod plan;

use std::collections::BTreeMap;

use thiserror::Error;

use crate::advice;
use crate::component::{Component, Kind};
use crate::compose::{self, Stack, StackError};
use crate::formed;
use crate::inventory::Inventory;
use crate::lint::{self, LintErrors};
use crate::observed::Observed;
use crate::plan::{Drain, SecretSource, Seed, Wanted, WantedSecret};
use crate::release::{Release, ReleaseError};
use crate::render::{
    self, Generations, MINIO_SECRET, ROOT_SECRET, RenderError, Sources, StackFile, secret_name,
};
use crate::spec::{Ipam, IpamConfig, NetworkSpec, ServiceSpec};
use crate::system::{FRONT, METADATA, SEARCH};
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
        let release = Release::parse(&inventory.milvus)?;
        let topology = Topology::place(inventory, &release, seen.map(|seen| seen.nodes.as_slice()));
        let generations = seen
            .map(|seen| Generations::of(&inventory.name, seen))
            .unwrap_or_default();
        let render = |sources| {
            let files = render::stacks(inventory, &release, &topology, &generations, sources)?;
            let stacks = files.iter().map(read_back).collect::<Result<Vec<_>, _>>()?;
            Ok::<_, WantedError>((files, stacks))
        };
        let (files, stacks) = render(sources)?;
        if !sources.are_shipped() {
            let (_, shipped) = render(&Sources::shipped())?;
            lint::check(&files, &stacks, &shipped)?;
        }
        let wanted = wanted(inventory, &release, &topology, &generations, stacks);
        Ok(Self {
            runs: formed::version(wanted.milvus_image(), &release),
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
        network: network(inventory),
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
    for key in [MINIO_SECRET, ROOT_SECRET] {
        wanted.secrets.push(WantedSecret {
            name: secret_name(&inventory.name, key, generations),
            labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
            source: secret_source(inventory, key),
        });
    }
    let phases = Phases::new(inventory, release, topology);
    for component in Component::of(release) {
        let specs = by_component.remove(component.name).unwrap_or_default();
        wanted.phases.push(phases.phase(component, specs));
    }
    let site = phases.site();
    wanted.seed = Seed {
        etcd: site.members(METADATA),
        root_path: inventory.name.clone(),
        after: METADATA.name.to_owned(),
        before: Component::of(release)
            .filter(|row| row.kind() == Some(Kind::Coordinator))
            .map(|row| row.name.to_owned())
            .collect(),
    };
    wanted.proxy = site.service(FRONT);
    let search = site.service(SEARCH);
    let is_there = wanted.services().any(|spec| spec.name == search);
    wanted.drain = is_there.then(|| Drain {
        service: search,
        label: role_label(&inventory.name, SEARCH.role),
        etcd: wanted.seed.etcd.clone(),
        root_path: wanted.seed.root_path.clone(),
        proxy: wanted.proxy.clone(),
    });
    wanted.directories = directories(inventory, &wanted, topology);
    let runs = formed::version(wanted.milvus_image(), release);
    let marks = formed::marks(inventory, runs, topology);
    wanted.labels = topology.labels(inventory, marks);
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

fn secret_source(inventory: &Inventory, key: &str) -> SecretSource {
    let file = match key {
        MINIO_SECRET => &inventory.credentials.minio_password,
        _ => &inventory.credentials.root_password,
    };
    file.as_ref().map_or(
        SecretSource::Generated {
            length: PASSWORD_LENGTH,
        },
        |password| SecretSource::File {
            path: password.path.clone(),
        },
    )
}

fn network(inventory: &Inventory) -> NetworkSpec {
    let mut options = BTreeMap::new();
    if inventory.network.encrypted {
        options.insert("encrypted".to_owned(), String::new());
    }
    NetworkSpec {
        name: render::network_name(&inventory.name),
        driver: "overlay".to_owned(),
        attachable: true,
        internal: false,
        ipam: inventory.network.subnet.map(|subnet| Ipam {
            driver: "default".to_owned(),
            config: vec![IpamConfig {
                subnet: subnet.to_string(),
            }],
        }),
        labels: BTreeMap::from([(CLUSTER_LABEL.to_owned(), inventory.name.clone())]),
        options,
    }
}
