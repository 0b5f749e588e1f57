//! `down`: take the cluster away; the data stays unless its name is typed.

use super::{CommandError, Context, run};
use crate::cli::DownArgs;
use crate::plan::{self, Down};

pub(super) async fn down(context: &Context, args: &DownArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let scene = context.scene(loaded.inventory, None, false).await?;
    let name = scene.inventory.name.clone();
    let what = Down {
        data: args.data,
        volumes: if args.data {
            scene.cluster.volumes()
        } else {
            Vec::new()
        },
    };
    let plan = plan::down(&name, &scene.seen, &what);
    if plan.is_empty() {
        context
            .output
            .say(&format!("cluster {name}: nothing of it is on this Swarm"));
        return Ok(0);
    }
    run::agree(context, &plan, args.yes)?;
    if args.data {
        let typed = match &args.confirm {
            Some(typed) => typed.clone(),
            None => run::ask(
                context,
                &format!("All data of cluster `{name}` will be lost. Type its name to go on: "),
            )?,
        };
        if typed != name {
            return Err(CommandError::Declined);
        }
    }
    run::execute(
        context,
        &scene.live,
        &plan,
        scene.seen.clone(),
        args.gate_timeout,
        "milvus-swarm down",
    )
    .await?;
    if args.data {
        context.output.say(
            "the volumes are empty; their names stay on hosts whose engine this machine does not \
             know",
        );
    } else {
        context.output.say(
            "volumes, member labels and credentials stay; `milvus-swarm up` brings the data back",
        );
    }
    Ok(0)
}
