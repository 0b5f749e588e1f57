//! `credentials`: shows what `up` generated, to whoever has the manager, and changes it.

use std::path::Path;

use serde_json::{Value, json};

use super::alone::Job;
use super::context::Scene;
use super::{CommandError, Context, up};
use crate::cli::{Account, SetArgs};
use crate::component::Secret;
use crate::plan::{Action, SecretSource, Step};
use crate::render::ROOT_SECRET;
use crate::system::{FRONT, STORAGE_SECRET, SYSTEMS, System};
use crate::wanted::{Renewal, secret_source};

pub(super) async fn credentials(context: &Context) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let scene = context.scene(loaded.inventory, true).await?;
    if scene.seen.secrets.is_empty() {
        return Err(CommandError::Failed(format!(
            "cluster `{}` has no credentials on this Swarm yet; `milvus-swarm up` makes them",
            scene.inventory.name
        )));
    }
    let result = read(&scene).await;
    scene.live.close().await;
    let read = result?;
    if context.output.json {
        let all = read.into_iter().map(|(system, user, password)| {
            let login = json!({ "user": user, "password": password });
            (system.name.to_owned(), login)
        });
        let printed = context.output.document(&Value::Object(all.collect()));
        printed.map_err(|error| CommandError::Failed(error.to_string()))?;
    } else {
        let lines = read.into_iter().map(|(system, user, password)| {
            let title = system.title;
            format!("{title:<7} user {user:<7} password {password}\n")
        });
        context.output.print(&lines.collect::<String>());
    }
    Ok(0)
}

/// `credentials set`: another password, as a plan like any other.
pub(super) async fn set(context: &Context, args: &SetArgs) -> Result<u8, CommandError> {
    let loaded = context.load()?;
    let key = match args.of {
        Account::Root => ROOT_SECRET,
        Account::Store => STORAGE_SECRET,
    };
    let secret = Secret::all_of(&loaded.inventory).find(|secret| secret.key == key);
    let secret = secret.ok_or_else(|| CommandError::No {
        why: format!(
            "cluster `{}` has no secret `{key}`: what is asked with it is not the cluster's",
            loaded.inventory.name
        ),
        hint: "change the key where the store is, and bring the cluster up with the new files"
            .into(),
    })?;
    let source = args.password_file.as_ref().map_or_else(
        || secret_source(&loaded.inventory, secret),
        |path| SecretSource::File {
            path: path.display().to_string(),
        },
    );
    let mut scene = context.scene(loaded.inventory, true).await?;
    // Before `up` there is no password to change, and `up` takes the one of the inventory.
    if !scene
        .seen
        .services
        .contains_key(&scene.cluster.wanted.proxy)
    {
        let name = &scene.inventory.name;
        return Err(CommandError::No {
            why: format!("cluster `{name}` does not run, so there is nobody to tell a password"),
            hint: context.command("up"),
        });
    }
    let before = scene.plan_up().await;
    let may_wait = |step: &&Step| key == ROOT_SECRET && is_about_proxies(step);
    if let Some(step) = before.steps.iter().find(|step| !may_wait(step)) {
        let what = match args.of {
            Account::Root => "clients would need the new password long before all of it knows it",
            Account::Store => "all of it would be brought up with the new key",
        };
        let why = format!(
            "the cluster is not as the inventory has it (`{}`), and {what}",
            step.action.title()
        );
        scene.live.close().await;
        let hint = format!("{} first", context.command("up"));
        return Err(CommandError::No { why, hint });
    }
    elsewhere(context, &scene, secret, args);
    scene.renew(Renewal {
        key: secret.key,
        source,
    })?;
    let plan = scene.plan_up().await;
    up::agreed(context, &scene, &plan, args.yes, Ok(())).await?;
    let again = context.command("up");
    let job = Job {
        verb: "credentials",
        lock_wait: args.lock.lock_wait,
        gate_timeout: args.gate_timeout,
        again: &again,
        timings: None,
    };
    up::carry_out(context, &mut scene, &plan, &job, || Ok(())).await
}

/// Whether a step may be left to do while the password changes: proxies are not well where a client
/// changed it before.
fn is_about_proxies(step: &Step) -> bool {
    let waits = matches!(step.action, Action::Await { .. } | Action::Smoke { .. });
    let is_theirs = step.part == FRONT.name || matches!(step.action, Action::Smoke { .. });
    let is_former = matches!(
        step.action,
        Action::RemoveSecret { .. } | Action::RemoveUser { .. }
    );
    waits && is_theirs || is_former
}

/// A cluster that is made anew takes the file of the inventory.
fn elsewhere(context: &Context, scene: &Scene, secret: &Secret, args: &SetArgs) {
    let Some(given) = &args.password_file else {
        return;
    };
    let named = (secret.file)(&scene.inventory).map(|file| Path::new(&file.path));
    if let Some(named) = named.filter(|named| *named != given) {
        context.output.say(&format!(
            "{} the inventory names `{}` for this password: put the new one there too, for a \
             cluster that is made anew takes it from there",
            context.output.err.change("note:"),
            named.display()
        ));
    }
}

/// Each system with a credential, its user and the password. What users talk to stands last among
/// systems, and comes first here.
async fn read(scene: &Scene) -> Result<Vec<(&'static System, String, String)>, CommandError> {
    let fail = CommandError::Failed;
    let live = &scene.live;
    let secrets = |system: &'static System| {
        let secrets = system.secrets_of(&scene.inventory);
        secrets.filter_map(move |one| Some((system, one, one.user?)))
    };
    let all: Vec<_> = SYSTEMS.iter().rev().flat_map(secrets).collect();
    let mut passwords = Vec::new();
    if live.has_no_network() {
        let keys: Vec<&str> = all.iter().map(|(_, secret, _)| secret.key).collect();
        passwords = live.secrets_at_rest(&keys).await.map_err(fail)?;
        if passwords.len() != all.len() {
            return Err(fail("not every credential was read".to_owned()));
        }
    } else {
        live.room_to_ask().map_err(fail)?;
        live.ready_to_ask().await.map_err(fail)?;
        let mut at_rest = None;
        for (_, secret, _) in &all {
            if let Ok(password) = live.secret(secret.key).await {
                passwords.push(password);
                continue;
            }
            // Proxies have no more than they need.
            if at_rest.is_none() {
                let keys: Vec<&str> = all.iter().map(|(_, secret, _)| secret.key).collect();
                at_rest = Some(live.secrets_at_rest(&keys).await.map_err(fail)?);
            }
            let found = at_rest.iter().flatten().nth(passwords.len()).cloned();
            let unread = || fail(format!("secret `{}` was not read", secret.key));
            passwords.push(found.ok_or_else(unread)?);
        }
    }
    let logins = all.into_iter().zip(passwords);
    let logins =
        logins.map(|((system, _, user), password)| (system, user(&scene.inventory), password));
    Ok(logins.collect())
}
