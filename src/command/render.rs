//! `render`: the stack files as `docker stack deploy` takes them, and the commands around them.

use std::collections::BTreeMap;
use std::path::Path;

use super::{CommandError, Context, by_hand};
use crate::cli::RenderArgs;
use crate::render::{Sources, is_config_file};
use crate::source;
use crate::wanted::Cluster;

/// The folder of config files below that of the stack files.
const CONFIGS: &str = "configs";

pub(super) fn render(context: &Context, args: &RenderArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let sources: Sources = context.templates(&loaded.inventory)?;
    let cluster = Cluster::work_out(&loaded.inventory, None, &sources)?;
    let mut files = BTreeMap::new();
    for file in &cluster.files {
        files.insert(format!("{}.yml", file.name), file.text.clone());
        files.extend(file.files.clone());
    }
    files.insert(
        "README.txt".to_owned(),
        by_hand::commands(&loaded.inventory, &cluster),
    );
    for warning in cluster.warnings() {
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
