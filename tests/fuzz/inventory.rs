//! The inventory reader, and what its accepted names come into.

use std::collections::BTreeSet;

use milvus_swarm::compose::Problem as StackProblem;
use milvus_swarm::inventory::edit::{add_role, set_replicas};
use milvus_swarm::inventory::{
    DataPlace, INIT, Inventory, InventoryErrors, LAB, LOCAL, PRODUCTION_26, Source, THIS_HOST,
    THREE_HOST,
};
use milvus_swarm::render::{Sources, StackFile};
use milvus_swarm::role::Role;
use milvus_swarm::wanted::{Cluster, WantedError};

use crate::bounded::fuzz;
use crate::corpus::Corpus;

/// Words that inventories are made of.
const WORDS: [&str; 30] = [
    "name: ",
    "milvus: \"2.6\"",
    "hosts:",
    "groups:",
    "roles: [etcd]",
    "node[01-05]",
    "n[1-20000]",
    "n[1-9][1-9][1-9]",
    "{ hosts: \"n[1-3]\", roles: [query] }",
    "- name: @this",
    "zone: a",
    "address: 10.0.0.[1-3]",
    "engine: tcp://10.0.0.1:2376",
    "images:",
    "registry: r.example.com/m",
    "resolve: never",
    "milvus: a/b:1",
    "data: { dir: /mnt }",
    "config:",
    "publish: { proxy: ~ }",
    "network: { encrypted: true, subnet: 10.0.0.0/8 }",
    "credentials:",
    "{ file: x }",
    "pulsar: { ensemble: 1 }",
    "replicas: 10000",
    "per_host: 64",
    "drives: 64",
    "reserve: 1TiB",
    "limit: 0.5",
    "heap: 9999999999999999999T",
];

#[test]
fn inventories() {
    let shipped = [
        ("init", INIT),
        ("lab", LAB),
        ("local", LOCAL),
        ("production-26", PRODUCTION_26),
        ("three-host", THREE_HOST),
    ];
    let shipped = shipped.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec()));
    fuzz(&Corpus::new("inventory", shipped.into(), &WORDS), check);
}

/// What is wrong with how a text was read.
fn check(bytes: &[u8]) -> Result<(), String> {
    let source = match Source::from_bytes("fuzz.yml", bytes) {
        Ok(source) => source,
        Err(errors) => return well_told(&errors),
    };
    edits(&source.text)?;
    match Inventory::parse(std::slice::from_ref(&source)) {
        Err(errors) => well_told(&errors),
        Ok(inventory) => {
            if Inventory::parse(&[source]).as_ref() != Ok(&inventory) {
                return Err("read twice, it is two inventories".to_owned());
            }
            harmless(&inventory)?;
            renders(&inventory)
        }
    }
}

/// An edit of whatever text is made or refused; one that is made leaves a good inventory good.
fn edits(text: &str) -> Result<(), String> {
    let good = || Inventory::parse(&[Source::new("before", text)]).is_ok();
    for edited in [
        set_replicas(text, Role::Query, 2),
        add_role(text, "node01", Role::Index),
    ] {
        match edited {
            Ok(edited) => {
                if Inventory::parse(&[Source::new("after", edited.text)]).is_err() && good() {
                    return Err("an edit broke a good inventory".to_owned());
                }
            }
            Err(refused) if refused.hint().is_empty() => {
                return Err("an edit was refused without a hint".to_owned());
            }
            Err(_) => {}
        }
    }
    Ok(())
}

/// Every error has a place inside the text, and can be shown on a terminal.
fn well_told(errors: &InventoryErrors) -> Result<(), String> {
    if errors.findings.is_empty() {
        return Err("refused without a reason".to_owned());
    }
    for finding in &errors.findings {
        let also = finding.also.map(|(at, _)| at);
        for at in [Some(finding.at), also].into_iter().flatten() {
            let source = errors.sources.get(at.source).ok_or("an error in no file")?;
            if at.start > at.end || at.end > source.text.len() {
                return Err(format!("{at:?} is outside the text: {}", finding.problem));
            }
            let (line, column) = source.line_column(at.start);
            let lines = source.text.matches('\n').count() + 1;
            let width = source.line_at(at.start).chars().count();
            if line > lines || column > width + 1 {
                return Err(format!("{line}:{column} is outside the text"));
            }
        }
    }
    let shown = errors.render();
    let hostile = |c: char| c.is_control() && c != '\n' || ('\u{2028}'..='\u{202e}').contains(&c);
    match errors
        .summary()
        .chars()
        .chain(shown.chars())
        .find(|c| hostile(*c))
    {
        Some(c) => Err(format!("an error shows {c:?}")),
        None if shown.is_empty() => Err("an error shows nothing".to_owned()),
        None => Ok(()),
    }
}

/// Whether a text means nothing to a shell, a template, YAML or a path but itself.
fn is_plain(text: &str, also: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c) || also.contains(c);
    text.chars().all(plain) && !text.starts_with('-') && !text.split('/').any(|part| part == "..")
}

/// No accepted name carries a character with a meaning elsewhere.
fn harmless(inventory: &Inventory) -> Result<(), String> {
    let mut names: Vec<(&str, &str)> = vec![
        (&inventory.name, ""),
        (inventory.milvus.as_deref().unwrap_or("2.6"), ""),
    ];
    for host in &inventory.hosts {
        if host.name != THIS_HOST {
            names.push((&host.name, ""));
        }
        names.extend(host.zone.as_deref().map(|zone| (zone, "")));
        names.extend(host.address.as_deref().map(|address| (address, ":[]")));
    }
    names.extend(
        inventory
            .images
            .registry
            .as_deref()
            .map(|text| (text, ":/")),
    );
    let images = inventory.images.overrides.values();
    names.extend(images.map(|image| (image.as_str(), ":/@")));
    names.extend(
        inventory
            .credentials
            .users
            .values()
            .map(|user| (user.as_str(), "")),
    );
    if let DataPlace::Dir(dir) = &inventory.data {
        names.push((dir, "/"));
    }
    match names.iter().find(|(name, also)| !is_plain(name, also)) {
        Some((name, _)) => Err(format!("{name:?} was accepted as a name")),
        None => Ok(()),
    }
}

/// What was accepted becomes stack files that read back, the same each time, and into which no
/// name brought a template.
fn renders(inventory: &Inventory) -> Result<(), String> {
    // Ranges stand for thousands of hosts in a few bytes; a benchmark sees to those.
    if inventory.hosts.len() > 200 {
        return Ok(());
    }
    let work_out = || Cluster::work_out(inventory, None, &Sources::shipped());
    let cluster = match work_out() {
        Ok(cluster) => cluster,
        // A config of Milvus can be longer than Swarm's limit.
        Err(WantedError::Stack { source, .. })
            if matches!(source.problem, StackProblem::FileSize { .. }) =>
        {
            return Ok(());
        }
        Err(error) => return Err(format!("accepted, and then: {error}")),
    };
    let again = work_out().map_err(|error| error.to_string())?;
    if again.files != cluster.files || again.wanted != cluster.wanted {
        return Err("rendered twice, it is two clusters".to_owned());
    }
    for file in &cluster.files {
        untemplated(file)?;
    }
    let mut names = BTreeSet::new();
    for spec in cluster
        .wanted
        .phases
        .iter()
        .flat_map(|phase| &phase.services)
    {
        if !is_plain(&spec.name, "") || !names.insert(&spec.name) {
            return Err(format!("a service is named {:?}", spec.name));
        }
        let task = &spec.task_template;
        let container = &task.container_spec;
        // Swarm expands templates in these on the node.
        let expanded = container.env.iter().chain([&container.hostname]);
        let mounts = container.mounts.iter().map(|mount| &mount.source);
        if let Some(text) = expanded.chain(mounts).find(|text| text.contains("{{")) {
            return Err(format!("{} has the template {text:?}", spec.name));
        }
        let constraints = task.placement.constraints.iter();
        if let Some(text) = constraints.clone().find(|text| !is_plain(text, " =")) {
            return Err(format!("{} is placed by {text:?}", spec.name));
        }
    }
    Ok(())
}

/// The settings that are a secret, which the node puts in.
const OURS: [(&str, &str); 2] = [
    ("secretAccessKey", "minio-milvus"),
    ("defaultRootPassword", "milvus-root-first"),
];

/// Paths stay in the folder, and the only templates are the tool's own.
fn untemplated(file: &StackFile) -> Result<(), String> {
    for (path, text) in &file.files {
        if !is_plain(path, "/") || path.starts_with('/') {
            return Err(format!("a file is named {path:?}"));
        }
        if !["user-yaml", "milvus-yaml"]
            .iter()
            .any(|key| path.contains(key))
        {
            continue;
        }
        for (at, _) in text.match_indices("{{") {
            let rest = &text[at..];
            let line = text[..at]
                .rsplit('\n')
                .next()
                .unwrap_or_default()
                .trim_start();
            let is_of = |(key, secret): &(&str, &str)| {
                line == format!("{key}: \"")
                    && rest.starts_with(&format!("{{{{ secret `{secret}` }}}}\""))
            };
            let ours = OURS.iter().any(is_of);
            // Inside the quotes of an escaped brace, the brace itself comes by again.
            let escaped = rest.starts_with("{{`{{`}}") || rest.starts_with("{{`}}");
            if !ours && !escaped {
                let text: String = rest.chars().take(40).collect();
                return Err(format!("a template came into Milvus' settings: {text:?}"));
            }
        }
    }
    Ok(())
}
