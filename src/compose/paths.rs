//! Paths of bind mounts.

use super::context::Context;
use super::error::{Problem, StackError};
use super::node::Node;

/// An absolute path: `~` is the deployment's `HOME`, anything else relative starts at the
/// directory of the stack file. Absolute paths stay as written.
pub(super) fn absolute(
    context: &Context<'_>,
    node: &Node,
    path: &str,
) -> Result<String, StackError> {
    let expanded = match path.strip_prefix('~') {
        Some(rest) => {
            let home = context.outside.variables.get("HOME");
            let home = home.ok_or_else(|| {
                node.error(Problem::Required {
                    name: "HOME".to_owned(),
                    message: "`~` stands for it".to_owned(),
                })
            })?;
            format!("{home}{rest}")
        }
        None => path.to_owned(),
    };
    if expanded.starts_with('/') {
        return Ok(expanded);
    }
    if context.outside.directory.is_empty() {
        return Err(node.invalid(path, "an absolute path"));
    }
    Ok(clean(&format!("{}/{expanded}", context.outside.directory)))
}

/// Go's `filepath.Clean` of an absolute path.
fn clean(path: &str) -> String {
    let mut parts = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}
