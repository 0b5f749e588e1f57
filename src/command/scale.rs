//! `scale`: more or fewer tasks of a stateless role. The inventory file is changed first, then
//! planned like any other change, so the next `up` agrees.

use super::{CommandError, Context, run, up};
use crate::cli::ScaleArgs;
use crate::inventory::edit;
use crate::plan;
use crate::role::Role;
use crate::source;

const SCALABLE: [Role; 4] = [Role::Query, Role::Index, Role::Data, Role::Proxy];

pub(super) async fn scale(context: &Context, args: &ScaleArgs) -> Result<u8, CommandError> {
    let targets = args
        .targets
        .iter()
        .map(|target| parse(target))
        .collect::<Result<Vec<_>, _>>()?;
    let loaded = context.load()?;
    let Some((path, before)) = loaded.sources.first().cloned() else {
        return Err(CommandError::Usage(
            "the embedded inventory cannot be scaled: milvus-swarm init > milvus-swarm.yml".into(),
        ));
    };
    let mut text = before.clone();
    let mut changes: Vec<String> = Vec::new();
    let mut edited = |result: Result<edit::Edited, edit::Refused>| match result {
        Ok(edited) => {
            changes.extend(edited.diff_lines.iter().map(|line| {
                let sign = if line.added { "+" } else { "-" };
                format!("  {sign} {:>4} {}", line.number, line.text)
            }));
            Ok(edited.text)
        }
        Err(refused) => Err(CommandError::Usage(format!(
            "{refused}\n\n{}",
            refused.hint()
        ))),
    };
    for (role, replicas) in &targets {
        for host in &args.on {
            text = edited(edit::add_role(&text, host, *role))?;
        }
        text = edited(edit::set_replicas(&text, *role, *replicas))?;
    }
    let mut sources = loaded.sources.clone();
    sources[0].1.clone_from(&text);
    let inventory = Context::parse(&sources)?;

    let mut scene = context.scene(inventory, None, true).await?;
    scene.plan_drain().await;
    let verdicts = scene.live.verdicts(&scene.cluster, &scene.seen).await;
    let plan = plan::up(&scene.cluster.wanted, &scene.seen, &verdicts);
    if text != before && !context.output.json {
        context.output.print(&format!(
            "inventory {}\n{}\n",
            path.display(),
            changes.join("\n")
        ));
    }
    if let Err(error) = run::agree(context, &plan, args.yes) {
        scene.live.close().await;
        return Err(error);
    }
    if text != before {
        source::replace(&path, &text)?;
    }
    up::carry_out(context, &scene, &plan, args.gate_timeout, "milvus-swarm up").await
}

fn parse(target: &str) -> Result<(Role, u64), CommandError> {
    let usage = |why: String| CommandError::Usage(why);
    let (word, number) = target
        .split_once('=')
        .ok_or_else(|| usage(format!("`{target}` is not ROLE=N, such as query=8")))?;
    let role = Role::parse(word).ok_or_else(|| {
        usage(format!(
            "`{word}` is no role; scale takes query, index, data and proxy"
        ))
    })?;
    if !SCALABLE.contains(&role) {
        return Err(usage(format!(
            "`{word}` cannot be scaled with a number: its members hold data or an identity; change \
             the hosts of the role in the inventory and read `milvus-swarm plan`"
        )));
    }
    let replicas = number
        .parse::<u64>()
        .ok()
        .filter(|n| (1..=10_000).contains(n))
        .ok_or_else(|| usage(format!("`{number}` is no number of tasks from 1 to 10000")))?;
    Ok((role, replicas))
}
