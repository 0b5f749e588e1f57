//! The plan as a picture: parts as boxes, steps in them, gates as hexagons, and what waits for
//! what as arrows. One SVG without script or outside resource.

mod arrow;
mod draw;
mod group;
mod layer;
mod sizes;

use crate::plan::Plan;

/// The steps of a plan and what each waits for, as an SVG document.
#[must_use]
pub fn graph(plan: &Plan) -> String {
    let model = group::Model::of(plan);
    let sizes = sizes::sizes(plan, &model);
    let layout = layer::Layout::of(&model, &sizes);
    draw::document(plan, &model, &sizes, &layout)
}
