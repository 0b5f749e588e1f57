//! `render`: the stack files as `docker stack deploy` takes them, and the commands around them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{CommandError, Context, by_hand};
use crate::cli::RenderArgs;
use crate::inventory::Inventory;
use crate::plan::Refusal;
use crate::refuse::HOLE;
use crate::release;
use crate::render::{Sources, is_config_file};
use crate::source;
use crate::wanted::Cluster;

/// The folder of config files below that of the stack files.
const CONFIGS: &str = "configs";

pub(super) fn render(context: &Context, args: &RenderArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let sources: Sources = context.templates(&loaded.inventory)?;
    let cluster = Cluster::work_out(&loaded.inventory, None, &sources)?;
    refuse_holes(&cluster, &loaded.inventory)?;
    let mut files = BTreeMap::new();
    for file in &cluster.files {
        files.insert(format!("{}.yml", file.name), file.text.clone());
        files.extend(file.files.clone());
    }
    files.insert(
        "README.txt".to_owned(),
        by_hand::commands(&loaded.inventory, &cluster),
    );
    // No Swarm is looked at, which would tell what a cluster runs.
    let new = loaded.inventory.milvus.is_none().then(|| {
        format!(
            "the inventory says no `milvus`: this is {}, for a new cluster; for one that is there write \
             the minor that it runs, such as `milvus: \"2.3\"`",
            release::show(cluster.release.line)
        )
    });
    for warning in cluster.warnings().chain(&new) {
        let label = context.output.err.change("warning:");
        context.output.say(&format!("{label} {warning}"));
    }
    source::write_tree(&args.out, &files)?;
    context.output.files(&args.out, files.keys());
    for name in stale(&loaded.inventory.name, &args.out, &files)? {
        let path = args.out.join(CONFIGS).join(name);
        source::remove(&path)?;
        context.output.say(&format!(
            "removed {}, which an earlier `render` wrote",
            path.display()
        ));
    }
    Ok(0)
}

/// Files that bring up a known hole by hand are not written either.
fn refuse_holes(cluster: &Cluster, inventory: &Inventory) -> Result<(), CommandError> {
    let refusals = cluster.holes(inventory);
    if refusals.is_empty() {
        return Ok(());
    }
    let all = |part: fn(&Refusal) -> String| refusals.iter().map(part).collect::<Vec<_>>();
    Err(CommandError::No {
        why: format!(
            "{} [{HOLE}]; nothing was written",
            all(|no| no.reason.clone()).join("; ")
        ),
        hint: all(|no| no.hint.clone()).join(". Of the other: "),
    })
}

/// Config files of an earlier render, which have other names as soon as their content differs.
/// What was edited since, or was never ours, stays.
fn stale(
    cluster: &str,
    out: &Path,
    files: &BTreeMap<String, String>,
) -> Result<Vec<String>, CommandError> {
    let folder = out.join(CONFIGS);
    let mut stale = Vec::new();
    for name in source::names(&folder)? {
        if files.contains_key(&format!("{CONFIGS}/{name}")) || !is_config_file(cluster, &name, None)
        {
            continue;
        }
        let Ok(text) = source::read(&folder.join(&name)) else {
            continue;
        };
        if is_config_file(cluster, &name, Some(&text)) {
            stale.push(name);
        }
    }
    Ok(stale)
}
