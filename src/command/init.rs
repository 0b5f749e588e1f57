//! `init` and `schema`: texts to start from.

use super::{CommandError, Context};
use crate::cli::SchemaArgs;
use crate::inventory;

pub(super) fn init(context: &Context) -> Result<u8, CommandError> {
    if context.output.json {
        return Err(CommandError::Usage(
            "`init` prints an inventory, which is YAML: leave `--json` out".to_owned(),
        ));
    }
    context.output.print(inventory::INIT);
    Ok(0)
}

pub(super) fn schema(context: &Context, args: &SchemaArgs) -> Result<u8, CommandError> {
    let text = args.what.text();
    let text = text.map_err(|error| CommandError::Failed(error.to_string()))?;
    context.output.print(&text);
    Ok(0)
}
