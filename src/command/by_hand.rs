//! The commands around `docker stack deploy`: what `up` does, for people who type it themselves.
//!
//! Every command is one line that begins with three spaces and can be copied to a shell.

use std::fmt::Write;

use crate::component::{Component, Shape};
use crate::formed;
use crate::gate::Gate;
use crate::inventory::{Inventory, THIS_HOST};
use crate::plan::{Directory, SecretSource};
use crate::render::ROOT_SECRET;
use crate::spec::{MTU, NetworkSpec, is_encrypted};
use crate::system::milvus::{ROOT_PASSWORD, starts_closed};
use crate::system::{DOOR, FRONT, door};
use crate::topology::{member_label, role_label, zone_label};
use crate::wanted::{CLUSTER_LABEL, Cluster};
use crate::words::list;

/// A page of them.
pub(super) fn commands(inventory: &Inventory, cluster: &Cluster) -> String {
    let mut text = format!(
        "What `milvus-swarm up` does for cluster {}, by hand, on a manager:\n",
        inventory.name
    );
    let sections = [
        labels(inventory, cluster),
        networks(cluster),
        secrets(inventory, cluster),
        directories(cluster),
        stacks(cluster),
        user(cluster),
        births(cluster),
        password(inventory, cluster),
    ];
    for (section, number) in sections.into_iter().flatten().zip(1..) {
        let _ = write!(text, "\n{number}. {}\n\n", section.title);
        for line in section.lines {
            let _ = writeln!(text, "   {line}");
        }
    }
    text
}

struct Section {
    title: String,
    lines: Vec<String>,
}

/// A node as `docker node update` takes it, which knows no `self` (docker/cli:
/// `cli/command/node/update.go`).
fn node(host: &str) -> &str {
    if host == THIS_HOST {
        "\"$(docker node inspect self --format '{{.ID}}')\""
    } else {
        host
    }
}

fn labels(inventory: &Inventory, cluster: &Cluster) -> Option<Section> {
    let name = &inventory.name;
    let update = |label: &str, value: &str, host: &str| {
        format!(
            "docker node update --label-add {label}={value} {}",
            node(host)
        )
    };
    let mut lines = Vec::new();
    for (component, members) in &cluster.topology.members {
        for member in members {
            let label = member_label(name, &member.name);
            let line = update(&label, "true", &member.host);
            lines.push(format!("{line}   # {component}"));
        }
    }
    for mark in formed::marks(inventory, cluster.runs, &cluster.topology, &[]) {
        lines.push(update(&mark.label, &mark.value, mark.host));
    }
    // A task that runs once does so on any host of its role.
    let rows = || Component::of(inventory, &cluster.release);
    for once in rows().filter(|row| row.shape == Shape::Task) {
        let label = role_label(name, once.role);
        let mut rows = rows().filter(|row| row.shape == Shape::Members);
        let row = rows.find(|row| row.role == once.role);
        for member in row.map_or(&[][..], |row| cluster.topology.members(row.name)) {
            lines.push(update(&label, "true", &member.host));
        }
    }
    for (label, host) in cluster.topology.pool_labels(name) {
        lines.push(update(&label, "true", &host));
    }
    // Replicas are spread over them.
    for host in &inventory.hosts {
        if let Some(zone) = &host.zone {
            lines.push(update(&zone_label(name), zone, &host.name));
        }
    }
    Some(Section {
        title: "Labels (`milvus-swarm plan` lists the node of each):".to_owned(),
        lines,
    })
}

fn networks(cluster: &Cluster) -> Option<Section> {
    let networks = cluster.wanted.networks.iter();
    Some(Section {
        title: "Networks:".to_owned(),
        lines: networks
            .map(|network| created(&cluster.wanted.cluster, network))
            .collect(),
    })
}

fn created(cluster: &str, network: &NetworkSpec) -> String {
    let internal = if network.internal { " --internal" } else { "" };
    let encrypted = if is_encrypted(network) {
        " --opt encrypted"
    } else {
        ""
    };
    let mtu = network.options.get(MTU);
    let mtu = mtu.map_or_else(String::new, |mtu| format!(" --opt {MTU}={mtu}"));
    let subnet = network
        .ipam
        .as_ref()
        .and_then(|ipam| ipam.config.first())
        .map(|config| format!(" --subnet {}", config.subnet))
        .unwrap_or_default();
    format!(
        "docker network create --driver overlay{internal}{encrypted}{mtu}{subnet} --label \
         {CLUSTER_LABEL}={cluster} {}",
        network.name
    )
}

fn secrets(inventory: &Inventory, cluster: &Cluster) -> Option<Section> {
    let secrets = &cluster.wanted.secrets;
    let lines = secrets.iter().map(|secret| {
        let bytes = match &secret.source {
            SecretSource::Generated { length } => {
                format!("tr -dc A-Za-z0-9 </dev/urandom | head -c {length}")
            }
            // Without the line break at its end, as `up` reads it.
            SecretSource::File { path } => {
                format!("printf %s \"$(tr -d '\\r' <{})\"", quoted(path))
            }
        };
        format!(
            "{bytes} | docker secret create --label {CLUSTER_LABEL}={} {} -",
            cluster.wanted.cluster, secret.name
        )
    });
    let title = if !inventory.credentials.passwords.is_empty() {
        "Secrets (from the folder in which you run `milvus-swarm`: paths are those of the inventory):"
    } else {
        "Secrets:"
    };
    Some(Section {
        title: title.to_owned(),
        lines: lines.collect(),
    })
}

/// A word of the shell that means itself.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// Swarm turns a task away whose directory is not there.
fn directories(cluster: &Cluster) -> Option<Section> {
    let make = |directory: &Directory| {
        let (uid, path) = (directory.uid, quoted(&directory.path));
        format!("[ -d {path} ] || install -d -m 0700 -o {uid} -g 0 {path}")
    };
    let mut lines = Vec::new();
    for (host, directories) in cluster.directories() {
        lines.push(format!("# on {host}"));
        lines.extend(directories.iter().map(make));
    }
    (!lines.is_empty()).then(|| Section {
        title: "Directories, as root on each host; one that is there keeps its owner:".to_owned(),
        lines,
    })
}

fn stacks(cluster: &Cluster) -> Option<Section> {
    let deploy = |file: &crate::render::StackFile| {
        format!(
            "docker stack deploy -c {}.yml {}",
            file.name, file.namespace
        )
    };
    Some(Section {
        title: "Stacks, from the folder of this file, each when the one before it is healthy:"
            .to_owned(),
        lines: cluster.files.iter().map(deploy).collect(),
    })
}

/// Milvus is a user of what keeps its objects, whom `up` makes.
fn user(cluster: &Cluster) -> Option<Section> {
    let phases = cluster.wanted.phases.iter();
    let mut gates = phases.flat_map(|phase| &phase.opens);
    let (user, title) = gates.find_map(|gate| match gate {
        Gate::Elsewhere(talk) => talk.user(),
        _ => None,
    })?;
    let milvus = milvus(&cluster.wanted.cluster);
    Some(Section {
        title: format!(
            "The user of {title} that Milvus is. `milvus-swarm up` makes it once {title} runs, and Milvus does not \
             start\nwithout it: leave {milvus} to `up`. Else make `{user}` there, with the key that is in \
             the secret\nof this name and no more rights than docs/storage.md lists."
        ),
        lines: Vec::new(),
    })
}

/// The stack that needs what only `up` does, in words.
fn milvus(cluster: &str) -> String {
    format!(
        "the stack `{cluster}-{}` and those after it",
        FRONT.stack.name
    )
}

/// No process of Milvus starts where data has no birth.
fn births(cluster: &Cluster) -> Option<Section> {
    let wanted = &cluster.wanted;
    let births = wanted.phases.iter().filter_map(|phase| phase.birth);
    let made = births.filter_map(|birth| Some((Component::named(birth.of)?, birth.by_hand?)));
    let (titles, lines): (Vec<&str>, Vec<String>) = made
        .map(|(row, by_hand)| (row.title, by_hand(&wanted.cluster)))
        .unzip();
    let milvus = milvus(&wanted.cluster);
    (!lines.is_empty()).then(|| Section {
        title: format!(
            "The birth of data in {}, by which other data is told. `milvus-swarm up` puts it there, and Milvus does \
             not\nstart without it: leave {milvus} to `up`. Else, once the stacks before that run, on a host with \
             {}:",
            list(titles.iter().map(|title| (*title).to_owned()).collect()),
            titles.join(" and ")
        ),
        lines,
    })
}

/// Milvus makes up root's default password at its first start, unless `up` was there before or its
/// settings have one.
fn password(inventory: &Inventory, cluster: &Cluster) -> Option<Section> {
    let configs = || cluster.files.iter().flat_map(|file| file.files.values());
    let is_set = configs().any(|text| text.contains(ROOT_PASSWORD));
    if is_set && starts_closed(cluster.runs) {
        return None;
    }
    let mut title = format!(
        "Root's password. Milvus started this way lets in everybody who reaches a proxy as user `root`\nwith the \
         password `Milvus`. Better leave {} to `milvus-swarm up`, which puts\nthe password of the secret in \
         place before the first start.",
        milvus(&inventory.name)
    );
    let door = door(inventory);
    let published = door.published(inventory);
    let mut published = published.filter(|(one, _)| one.key.name == DOOR.key.name);
    let Some((_, port)) = published.next() else {
        return Some(Section {
            title,
            lines: Vec::new(),
        });
    };
    let (at, who) = if door.name == FRONT.name {
        ("127.0.0.1", String::new())
    } else {
        let who = format!(", HOST being one with a {},", door.one);
        ("HOST", who)
    };
    let _ = write!(
        title,
        "\nElse change it at once, on a host with a proxy{who} with pymilvus (`pip install pymilvus`):"
    );
    Some(Section {
        title,
        lines: vec![format!(
            "docker exec \"$(docker ps -q -f name={}-milvus_proxy | head -n 1)\" cat \
             /run/secrets/{ROOT_SECRET} | python3 -c 'import sys; from pymilvus import connections, \
             utility; connections.connect(uri=\"http://{at}:{port}\", user=\"root\", \
             password=\"Milvus\"); utility.reset_password(\"root\", \"Milvus\", sys.stdin.read())'",
            inventory.name
        )],
    })
}
