//! `eject`: the stack templates inside the program, written out to be edited.

use std::collections::BTreeMap;

use super::{CommandError, Context};
use crate::cli::EjectArgs;
use crate::render::Sources;
use crate::source;
use crate::words::list;

pub(super) fn eject(context: &Context, args: &EjectArgs) -> Result<u8, CommandError> {
    let dir = &args.dir;
    let taken: Vec<String> = Sources::names()
        .map(|name| dir.join(name))
        .filter(|path| source::exists(path))
        .map(|path| format!("`{}`", path.display()))
        .collect();
    if !taken.is_empty() {
        return Err(CommandError::Misused {
            why: format!("{} would be overwritten; nothing was written", list(taken)),
            hint: "delete them, or choose another folder".to_owned(),
        });
    }
    let files: BTreeMap<String, String> = Sources::shipped()
        .iter()
        .map(|(name, text)| (name.to_owned(), text.to_owned()))
        .collect();
    source::write_tree(dir, &files)?;
    context.output.files(dir, files.keys());
    context.output.say(&format!(
        "now put `stacks: {}` into the inventory, or say `--stacks` each time; files that you do not edit are better deleted, \
         so that they follow new versions of the tool",
        dir.display()
    ));
    Ok(0)
}
