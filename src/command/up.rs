//! `up`: make the Swarm what the inventory says.

use std::path::Path;

use super::context::Scene;
use super::{CommandError, Context, run};
use crate::cli::UpArgs;
use crate::plan::{self, Action, Plan};
use crate::role::Role;
use crate::source;

pub(super) async fn up(context: &Context, args: &UpArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let mut scene = context
        .scene(loaded.inventory, args.stacks.as_deref(), true)
        .await?;
    scene.plan_drain().await;
    let verdicts = scene.live.verdicts(&scene.cluster, &scene.seen).await;
    let plan = plan::up(&scene.cluster.wanted, &scene.seen, &verdicts);
    let plan = match &args.plan {
        Some(path) => saved(path, plan)?,
        None => plan,
    };
    if let Err(error) = run::agree(context, &plan, args.yes) {
        scene.live.close().await;
        return Err(error);
    }
    carry_out(context, &scene, &plan, args.gate_timeout, "milvus-swarm up").await
}

/// A saved plan, if it is still the one that would be made now.
fn saved(path: &Path, fresh: Plan) -> Result<Plan, CommandError> {
    let saved: Plan = serde_json::from_str(&source::read(path)?).map_err(|error| {
        CommandError::Usage(format!("`{}` is no saved plan: {error}", path.display()))
    })?;
    if essence(&saved) == essence(&fresh) {
        return Ok(saved);
    }
    Err(CommandError::Moved(format!(
        "`{}` has {} steps, a plan made now has {} or other ones",
        path.display(),
        saved.steps.len(),
        fresh.steps.len()
    )))
}

/// What a plan does, without what may differ between two looks at the same Swarm: the words of
/// gates that are not open, and versions of services whose specs are equal.
fn essence(plan: &Plan) -> Vec<(String, Action, Vec<usize>)> {
    plan.steps
        .iter()
        .map(|step| {
            let mut action = step.action.clone();
            if let Action::UpdateService { version, .. } = &mut action {
                *version = 0;
            }
            (step.part.clone(), action, step.after.clone())
        })
        .collect()
}

/// Executes a plan that was agreed on and tells where Milvus is.
pub(super) async fn carry_out(
    context: &Context,
    scene: &Scene,
    plan: &Plan,
    gate_timeout: u64,
    again: &str,
) -> Result<u8, CommandError> {
    if !plan.is_empty() {
        run::execute(
            context,
            &scene.live,
            plan,
            scene.seen.clone(),
            gate_timeout,
            again,
        )
        .await?;
    }
    endpoint(context, scene);
    Ok(0)
}

/// Where users connect, and as whom.
fn endpoint(context: &Context, scene: &Scene) {
    let Some(port) = scene.inventory.publish.proxy else {
        return;
    };
    let endpoints: Vec<String> = scene
        .inventory
        .hosts_with(Role::Proxy)
        .map(|host| {
            let node = scene
                .seen
                .nodes
                .iter()
                .find(|node| node.hostname == host.name);
            let address = host
                .address
                .clone()
                .or_else(|| node.map(|node| node.addr.clone()))
                .unwrap_or_else(|| host.name.clone());
            format!("http://{address}:{port}")
        })
        .collect();
    if context.output.json {
        context.output.print(&format!(
            "{}\n",
            serde_json::json!({ "event": "endpoints", "endpoints": endpoints })
        ));
        return;
    }
    context.output.print(&format!(
        "\nMilvus {} answers at {}\nuser root, password: milvus-swarm credentials\n",
        scene.cluster.runs,
        endpoints.join(", ")
    ));
}
