//! Files that a verb writes at its end: what is wrong with their names is said at its beginning.

use std::path::Path;

use super::CommandError;
use crate::source;

/// Refuses a name without that ending, or in a folder that is not there.
pub(super) fn check(path: Option<&Path>, ending: Option<&str>) -> Result<(), CommandError> {
    let Some(path) = path else { return Ok(()) };
    if let Some(ending) = ending
        && path.extension().is_none_or(|found| found != ending)
    {
        return Err(CommandError::Usage(format!(
            "`{}` does not end in .{ending}, which is what would be written there",
            path.display()
        )));
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    match folder {
        Some(folder) if !source::is_folder(folder) => Err(CommandError::Usage(format!(
            "cannot write `{}`: there is no folder `{}`",
            path.display(),
            folder.display()
        ))),
        _ => Ok(()),
    }
}
