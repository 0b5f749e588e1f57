//! `volumes` of a service: mounts, in the order of the file.

use std::collections::BTreeMap;

use serde_json::json;

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::Node;
use super::paths;
use super::section::Section;
use super::volumes::Volume;
use super::warning::Quirk;
use crate::spec::{Mount, VolumeOptions};

const PROPAGATIONS: [&str; 6] = [
    "private", "rprivate", "rshared", "rslave", "shared", "slave",
];

/// The mounts of a service.
pub(super) fn mounts(
    context: &mut Context<'_>,
    node: &Node,
    volumes: &BTreeMap<String, Volume>,
) -> Result<Vec<Mount>, StackError> {
    let mut mounts: Vec<Mount> = Vec::new();
    for item in node.list()? {
        let mount = if let Ok(text) = item.text() {
            short(context, item, text, volumes)?
        } else {
            long(context, item, volumes)?
        };
        // The engine answers 400 to two mounts at one place.
        if mounts.iter().any(|other| other.target == mount.target) {
            return Err(item.error(Problem::Duplicate { item: mount.target }));
        }
        mounts.push(mount);
    }
    Ok(mounts)
}

/// `[source:]target[:options]`.
fn short(
    context: &Context<'_>,
    node: &Node,
    text: &str,
    volumes: &BTreeMap<String, Volume>,
) -> Result<Mount, StackError> {
    let parts: Vec<&str> = text.split(':').collect();
    let drive = |part: &str| part.len() == 1 && part.starts_with(|c: char| c.is_alphabetic());
    let before_colons = &parts[..parts.len().saturating_sub(1)];
    if before_colons.iter().any(|part| drive(part)) || text.starts_with('\\') {
        return Err(node.error(Problem::Unsupported {
            why: "docker/cli takes a single letter before a colon for a Windows drive",
        }));
    }
    if parts.len() > 3 || parts.iter().any(|part| part.is_empty()) {
        return Err(node.invalid(text, "a volume such as `name:/target:ro`"));
    }
    let mut mount = Mount::default();
    match parts.as_slice() {
        [target] => mount.target = (*target).to_owned(),
        [source, target, ..] => {
            mount.source = (*source).to_owned();
            mount.target = (*target).to_owned();
        }
        [] => {}
    }
    let (mut no_copy, mut propagation) = (false, None);
    for option in parts.get(2).into_iter().flat_map(|part| part.split(',')) {
        match option {
            "ro" => mount.read_only = true,
            "rw" => mount.read_only = false,
            "nocopy" => no_copy = true,
            option if PROPAGATIONS.contains(&option) => propagation = Some(option),
            option => {
                return Err(node.invalid(option, "`ro`, `rw`, `nocopy` or a propagation"));
            }
        }
    }
    let is_path = mount.source.starts_with(['.', '/', '~']);
    mount.kind = if is_path { "bind" } else { "volume" }.to_owned();
    let with = |with: &str| {
        let with = with.to_owned();
        Err(node.error(Problem::Conflict { with }))
    };
    if is_path {
        if no_copy {
            return with("nocopy");
        }
        mount.source = paths::absolute(context, node, &mount.source)?;
        mount.bind_options = propagation.map(|p| json!({ "Propagation": p }));
    } else {
        if propagation.is_some() {
            return with("a propagation");
        }
        let options = VolumeOptions {
            no_copy,
            ..VolumeOptions::default()
        };
        name_volume(node, &mut mount, options, volumes)?;
    }
    Ok(mount)
}

/// `{type, source, target, …}`.
fn long(
    context: &mut Context<'_>,
    node: &Node,
    volumes: &BTreeMap<String, Volume>,
) -> Result<Mount, StackError> {
    let section = node.section(
        &[
            "bind",
            "cluster",
            "consistency",
            "image",
            "read_only",
            "source",
            "target",
            "tmpfs",
            "type",
            "volume",
        ],
        false,
    )?;
    let kind = section
        .text("type")?
        .ok_or_else(|| node.error(Problem::Missing { key: "type" }))?;
    let kind = if kind.is_empty() { "volume" } else { kind };
    if !matches!(kind, "volume" | "bind" | "tmpfs") {
        return Err(node.invalid(
            kind,
            "`volume`, `bind` or `tmpfs`; Swarm on Linux has no other",
        ));
    }
    for other in ["bind", "cluster", "image", "tmpfs", "volume"] {
        if let Some(options) = section.get(other).filter(|_| other != kind) {
            let with = format!("type: {kind}");
            return Err(options.error(Problem::Conflict { with }));
        }
    }
    if let Some(node) = section.get("consistency") {
        context.warn(node, Quirk::Ignored);
    }
    let mut mount = Mount {
        kind: section.string("type")?,
        source: section.string("source")?,
        target: section.string("target")?,
        read_only: section.flag("read_only")?,
        consistency: section.string("consistency")?,
        ..Mount::default()
    };
    if mount.target.is_empty() {
        return Err(node.error(Problem::Missing { key: "target" }));
    }
    match kind {
        "bind" => bind(context, node, &section, &mut mount)?,
        "tmpfs" => tmpfs(context, node, &section, &mut mount)?,
        _ => {
            let options = match section.get("volume") {
                Some(node) => {
                    let section = node.section(&["nocopy", "subpath"], false)?;
                    VolumeOptions {
                        no_copy: section.flag("nocopy")?,
                        subpath: section.string("subpath")?,
                        ..VolumeOptions::default()
                    }
                }
                None => VolumeOptions::default(),
            };
            name_volume(node, &mut mount, options, volumes)?;
        }
    }
    Ok(mount)
}

fn bind(
    context: &mut Context<'_>,
    node: &Node,
    section: &Section<'_>,
    mount: &mut Mount,
) -> Result<(), StackError> {
    if mount.source.is_empty() {
        return Err(node.error(Problem::Missing { key: "source" }));
    }
    mount.source = paths::absolute(context, node, &mount.source)?;
    let Some(options) = section.get("bind") else {
        return Ok(());
    };
    let known = options.section(&["create_host_path", "propagation", "selinux"], false)?;
    for ignored in ["create_host_path", "selinux"] {
        if let Some(node) = known.get(ignored) {
            context.warn(node, Quirk::Ignored);
        }
    }
    let propagation = known.word(
        "propagation",
        &PROPAGATIONS,
        "a propagation such as `rslave`",
    )?;
    mount.bind_options = Some(if propagation.is_empty() {
        json!({})
    } else {
        json!({ "Propagation": propagation })
    });
    Ok(())
}

fn tmpfs(
    context: &mut Context<'_>,
    node: &Node,
    section: &Section<'_>,
    mount: &mut Mount,
) -> Result<(), StackError> {
    if !mount.source.is_empty() {
        let with = "source".to_owned();
        return Err(node.error(Problem::Conflict { with }));
    }
    let Some(options) = section.get("tmpfs") else {
        return Ok(());
    };
    let known = options.section(&["mode", "size"], false)?;
    if let Some(node) = known.get("mode") {
        context.warn(node, Quirk::Ignored);
    }
    let size = known.get("size").map(Node::integer).transpose()?;
    if size.is_some_and(|size| size < 0) {
        return Err(options.invalid("size", "zero or more bytes"));
    }
    mount.tmpfs_options = Some(match size.unwrap_or_default() {
        0 => json!({}),
        size => json!({ "SizeBytes": size }),
    });
    Ok(())
}

/// A mount without a source is an anonymous volume and has no options.
fn name_volume(
    node: &Node,
    mount: &mut Mount,
    options: VolumeOptions,
    volumes: &BTreeMap<String, Volume>,
) -> Result<(), StackError> {
    if mount.source.is_empty() {
        return Ok(());
    }
    let volume = volumes.get(&mount.source).ok_or_else(|| {
        node.error(Problem::Undefined {
            kind: "volume",
            name: mount.source.clone(),
        })
    })?;
    mount.source.clone_from(&volume.name);
    mount.volume_options = Some(VolumeOptions {
        no_copy: options.no_copy,
        subpath: options.subpath,
        ..volume.options.clone()
    });
    Ok(())
}
