//! `down`: take the cluster away; the data stays unless its name is typed.

use super::alone::{self, Job};
use super::context::Scene;
use super::{CommandError, Context, run};
use crate::cli::DownArgs;
use crate::live::is_volume;
use crate::plan::{self, Action, Down, Plan};
use crate::words::names;

/// The last line of a plan that leaves the data.
const STAYS: &str = "data, member labels and credentials stay (without `--data`)\n";

pub(super) async fn down(context: &Context, args: &DownArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let mut scene = context.scene(loaded.inventory, true).await?;
    let name = scene.inventory.name.clone();
    let plan = plan_down(&scene, args.data);
    if plan.is_empty() {
        context
            .output
            .say(&format!("cluster {name}: nothing of it is on this Swarm"));
        return Ok(0);
    }
    scene.live.may_dial(hosts_of_volumes(&plan))?;
    let stays = if args.data { "" } else { STAYS };
    run::agree_with(context, &plan, stays, args.yes)?;
    if args.data {
        let typed = match &args.confirm {
            Some(typed) => typed.clone(),
            None => run::ask(
                context,
                &format!("All data of cluster `{name}` will be lost. Type its name to go on: "),
                &format!("say --confirm {name} to lose its data"),
            )?,
        };
        if typed != name {
            return Err(CommandError::Misnamed { typed, name });
        }
    }
    let again = context.command(if args.data { "down --data" } else { "down" });
    let job = Job {
        verb: "down",
        lock_wait: args.lock.lock_wait,
        gate_timeout: args.gate_timeout,
        again: &again,
        timings: None,
    };
    let now = async |scene: &mut Scene| plan_down(scene, args.data);
    alone::execute(context, &mut scene, &plan, &job, now, || Ok(())).await?;
    if args.data {
        context.output.say(&emptied(&scene, &plan));
    } else {
        context.output.say(
            "volumes, member labels and credentials stay; `milvus-swarm up` brings the data back",
        );
    }
    Ok(0)
}

/// What became of the volumes, and how to be rid of those that stay.
fn emptied(scene: &Scene, plan: &Plan) -> String {
    let foreign: Vec<&str> = hosts_of_volumes(plan)
        .filter(|hostname| !scene.live.knows_engine(hostname))
        .collect();
    if foreign.is_empty() {
        return "the data is gone".to_owned();
    }
    format!(
        "the volumes are empty; on {} their names stay, because this machine does not know the \
         engine. To remove them, run there: {}. Where the inventory gives a host its `engine`, `down --data` does \
         it itself",
        names(foreign),
        scene.live.volumes_away()
    )
}

/// The hosts whose volumes a plan removes.
fn hosts_of_volumes(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.steps.iter().filter_map(|step| match &step.action {
        // A directory has no name with the engine.
        Action::RemoveVolumes { hostname, volumes }
            if volumes.iter().any(|volume| is_volume(volume)) =>
        {
            Some(hostname.as_str())
        }
        _ => None,
    })
}

/// What `down` would do, by the last look.
fn plan_down(scene: &Scene, data: bool) -> Plan {
    let what = Down {
        data,
        volumes: if data { held(scene) } else { Vec::new() },
    };
    plan::down(&scene.inventory.name, &scene.seen, &what)
}

/// The volumes of hosts that have members by their labels: where there is none, none is left.
fn held(scene: &Scene) -> Vec<(String, Vec<String>)> {
    let ours = format!("milvus.{}.member.", scene.inventory.name);
    let holds = |hostname: &str| {
        let mut nodes = scene.seen.nodes.iter();
        nodes.any(|node| {
            node.hostname == hostname && node.labels.keys().any(|key| key.starts_with(&ours))
        })
    };
    let mut volumes = scene.cluster.volumes();
    volumes.retain(|(hostname, _)| holds(hostname));
    volumes
}
