//! `init` and `schema`: texts to start from.

use super::Context;
use crate::inventory;

pub(super) fn init(context: &Context) -> u8 {
    context.output.print(inventory::INIT);
    0
}

pub(super) fn schema(context: &Context) -> u8 {
    context.output.print(&inventory::schema::schema_text());
    0
}
