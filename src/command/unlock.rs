//! `unlock`: removes a lock that nobody will let go of.

use super::alone::Told;
use super::{CommandError, Context, run};
use crate::cli::UnlockArgs;
use crate::engine::EngineError;
use crate::live::{end_lock, watch_lock};
use crate::lock::{Lock, Pulse};
use crate::source;

pub(super) async fn unlock(context: &Context, args: &UnlockArgs) -> Result<u8, CommandError> {
    let cluster = context.load()?.inventory.name;
    let engine = context.engine().await?;
    let Some(lock) = engine.lock(&cluster).await? else {
        context
            .output
            .say(&format!("cluster {cluster}: nobody holds its lock"));
        return Ok(0);
    };
    let lock = if args.force {
        context
            .output
            .say(&format!("the cluster is locked: {}", lock.holder));
        lock
    } else {
        let mut told = Told::default();
        let watched = watch_lock(&engine, &cluster, |lock, pulse| {
            if let Some(line) = told.line(lock, pulse, 0) {
                context.output.say(&line);
            }
        });
        match watched.await? {
            None => return gone(context, &cluster),
            Some((lock, Pulse::Dead)) => lock,
            Some((lock, _)) => {
                return Err(CommandError::Beats {
                    lock: Box::new(lock),
                });
            }
        }
    };
    if !args.yes && !run::said_yes(context, "\nRemove its lock? [y/N] ")? {
        return Err(CommandError::Declined);
    }
    match end_lock(&engine, &cluster, &lock, &source::who(), args.force).await {
        Ok(()) => {
            context
                .output
                .say(&format!("cluster {cluster}: the lock is removed"));
            Ok(0)
        }
        Err(EngineError::NotFound(_)) => gone(context, &cluster),
        Err(EngineError::OutOfSequence(_)) => Err(CommandError::Beats {
            lock: Box::new(Lock::clone(&lock)),
        }),
        Err(error) => Err(error.into()),
    }
}

fn gone(context: &Context, cluster: &str) -> Result<u8, CommandError> {
    context
        .output
        .say(&format!("cluster {cluster}: the lock was let go of"));
    Ok(0)
}
