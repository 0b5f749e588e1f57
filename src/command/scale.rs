//! `scale`: more or fewer tasks of a stateless role. The inventory file is changed first, then
//! planned like any other change, so the next `up` agrees.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::alone::Job;
use super::{CommandError, Context, up};
use crate::cli::ScaleArgs;
use crate::count::count;
use crate::inventory::{Inventory, edit};
use crate::role::{ROLES, Role, Scaling};
use crate::source;
use crate::system::COMPONENTS;
use crate::words::{list, names};

pub(super) async fn scale(context: &Context, args: &ScaleArgs) -> Result<u8, CommandError> {
    let targets = args
        .targets
        .iter()
        .map(|target| parse(target))
        .collect::<Result<Vec<_>, _>>()?;
    once_each(&targets)?;
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
        Err(refused @ edit::Refused::UnknownHost { .. }) => Err(CommandError::Misused {
            why: refused.to_string(),
            hint: refused.hint(),
        }),
        Err(refused) => Err(no(refused.to_string(), refused.hint())),
    };
    for (role, replicas) in &targets {
        fits(&loaded.inventory, *role, *replicas, &args.on)?;
        for host in &args.on {
            text = edited(edit::add_role(&text, host, *role))?;
        }
        text = edited(edit::set_replicas(&text, *role, *replicas))?;
    }
    for (role, _) in &targets {
        nothing_to_give(context, &loaded.inventory, *role, &args.on);
    }
    let mut sources = loaded.sources.clone();
    sources[0].1.clone_from(&text);
    let inventory = Context::parse(&sources)?;
    takes_effect(&inventory, &targets, &args.on, &sources)?;

    let mut scene = context.scene(inventory, true).await?;
    let plan = scene.plan_up().await;
    if text != before && !context.output.json {
        context.output.print(&format!(
            "inventory {}\n{}\n",
            path.display(),
            changes.join("\n")
        ));
    }
    up::agreed(context, &scene, &plan, args.yes, Ok(())).await?;
    let plan = up::known(context, &mut scene, plan, args.yes).await?;
    let again = context.command("up");
    let job = Job {
        verb: "scale",
        lock_wait: args.lock.lock_wait,
        gate_timeout: args.gate_timeout,
        again: &again,
        timings: None,
    };
    // Under the lock: a scale that is refused must leave nothing for the next `up` to do.
    let write = || {
        if source::read(&path)? != before {
            return Err(CommandError::Moved(format!(
                "`{}` was edited meanwhile",
                path.display()
            )));
        }
        if text != before {
            source::replace(&path, &text)?;
        }
        Ok(())
    };
    up::carry_out(context, &mut scene, &plan, &job, write).await
}

/// `--on` gives hosts a role and no more: among those that have it, Swarm chooses.
fn nothing_to_give(context: &Context, inventory: &Inventory, role: Role, on: &[String]) {
    let has = |name: &&String| inventory.hosts_with(role).any(|host| host.name == **name);
    let have: Vec<&String> = on.iter().filter(has).collect();
    if !have.is_empty() {
        let verb = if have.len() == 1 { "has" } else { "have" };
        context.output.say(&format!(
            "{} {} {verb} the role `{role}` already, so `--on` changes nothing there: Swarm chooses \
             among all hosts with the role",
            context.output.err.change("note:"),
            names(have)
        ));
    }
}

/// More tasks than there is room for on the hosts of a role would only be pending.
fn fits(
    inventory: &Inventory,
    role: Role,
    replicas: u64,
    on: &[String],
) -> Result<(), CommandError> {
    let per_host = inventory.settings(role).per_host.max(1);
    let mut hosts: BTreeSet<&str> = inventory
        .hosts_with(role)
        .map(|host| host.name.as_str())
        .collect();
    hosts.extend(on.iter().map(String::as_str));
    let room = per_host.saturating_mul(hosts.len() as u64);
    if replicas <= room {
        return Ok(());
    }
    let have = if hosts.len() == 1 { "has" } else { "have" };
    Err(no(
        format!(
            "{} of `{role}` do not fit: {} {have} the role, with room for {per_host} each",
            count(replicas, "task"),
            count(hosts.len(), "host")
        ),
        room_for_more(inventory, role, replicas, &hosts),
    ))
}

/// Where there is room for more tasks: on hosts without the role, then on more hosts, then beside
/// one another.
fn room_for_more(
    inventory: &Inventory,
    role: Role,
    replicas: u64,
    have: &BTreeSet<&str>,
) -> String {
    let per_host = inventory.settings(role).per_host.max(1);
    let missing = replicas.div_ceil(per_host) - have.len() as u64;
    let all = inventory.hosts.len() as u64;
    let without = inventory.hosts.iter();
    let without = without.filter(|host| !have.contains(host.name.as_str()));
    if missing <= without.count() as u64 {
        return format!("name {missing} more with `--on HOST,...`, and they get the role");
    }
    let more = format!(
        "the inventory has {} in all: add hosts to it",
        count(all, "host")
    );
    // Those that share a host would share its port.
    let of_role = COMPONENTS.iter().filter(|row| row.role == role);
    if of_role
        .flat_map(|row| row.published(inventory))
        .next()
        .is_some()
    {
        return more;
    }
    let each = replicas.div_ceil(all);
    format!("{more}, or set `roles.{role}.per_host: {each}` and give all of them the role")
}

/// Two numbers for one role are a slip of the pen, and the later one need not be what was meant.
fn once_each(targets: &[(Role, u64)]) -> Result<(), CommandError> {
    let mut seen = BTreeSet::new();
    match targets.iter().find(|(role, _)| !seen.insert(*role)) {
        Some((role, _)) => Err(CommandError::Usage(format!(
            "`{role}` is named twice: give it one number"
        ))),
        None => Ok(()),
    }
}

/// The first file is edited, but a later one is laid over it: what was asked for must be what
/// comes out.
fn takes_effect(
    inventory: &Inventory,
    targets: &[(Role, u64)],
    on: &[String],
    sources: &[(PathBuf, String)],
) -> Result<(), CommandError> {
    for (role, replicas) in targets {
        let now = inventory.settings(*role).replicas;
        if now != *replicas {
            let mut later = sources.iter().skip(1).rev();
            let winner = later.find(|(_, text)| edit::decides_replicas(text, *role));
            let file = winner.map_or_else(
                || "a file that is laid over the first".to_owned(),
                |(path, _)| format!("`{}`", path.display()),
            );
            return Err(no(
                format!("{file} decides `roles.{role}.replicas`, which would stay {now}"),
                format!("set it to {replicas} there, or take it out there and scale again"),
            ));
        }
        let has = |name: &String| inventory.hosts_with(*role).any(|host| host.name == *name);
        if let Some(host) = on.iter().find(|name| !has(name)) {
            return Err(no(
                format!("host `{host}` would not get the role `{role}`"),
                "look for it in the files that are laid over the first".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Why a number is no way to have more of a role.
fn unscalable(role: Role) -> CommandError {
    let (why, hint) = match role.duty().map(|duty| duty.scaling) {
        Some(Scaling::StandBy) => (
            "one coordinator of each kind works and the others stand by: more of them do no more",
            "for another stand-by, give one more host the role in the inventory and read \
             `milvus-swarm plan`",
        ),
        None => (
            "it marks the managers of the Swarm, which Docker appoints",
            "`docker node promote` makes managers; the proxies on them are `scale proxy=N`",
        ),
        Some(_) => (
            "it has one member on each host with the role, with data or an identity of its own",
            "change the hosts of the role in the inventory and read `milvus-swarm plan`",
        ),
    };
    no(
        format!("`{role}` cannot be scaled with a number: {why}"),
        hint.to_owned(),
    )
}

const fn no(why: String, hint: String) -> CommandError {
    CommandError::No { why, hint }
}

fn parse(target: &str) -> Result<(Role, u64), CommandError> {
    let usage = |why: String| CommandError::Usage(why);
    let (word, number) = target
        .split_once('=')
        .ok_or_else(|| usage(format!("`{target}` is not ROLE=N, such as query=8")))?;
    let role = Role::parse(word).ok_or_else(|| {
        let roles = ROLES.iter().filter(|duty| duty.scaling == Scaling::Tasks);
        let roles = roles.map(|duty| duty.role.to_string()).collect();
        usage(format!("`{word}` is no role; scale takes {}", list(roles)))
    })?;
    if role
        .duty()
        .is_none_or(|duty| duty.scaling != Scaling::Tasks)
    {
        return Err(unscalable(role));
    }
    let replicas = number
        .parse::<u64>()
        .ok()
        .filter(|n| (1..=10_000).contains(n))
        .ok_or_else(|| usage(format!("`{number}` is no number of tasks from 1 to 10000")))?;
    Ok((role, replicas))
}
