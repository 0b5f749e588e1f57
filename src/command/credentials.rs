//! `credentials`: shows what `up` generated, to whoever has the manager.

use serde_json::json;

use super::{CommandError, Context};
use crate::render::{DEFAULT_MINIO_USER, MINIO_SECRET, ROOT_SECRET};

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
    let (root, minio) = result?;
    let user = scene
        .inventory
        .credentials
        .minio_user
        .as_deref()
        .unwrap_or(DEFAULT_MINIO_USER);
    if context.output.json {
        let printed = context.output.document(&json!({
            "milvus": { "user": "root", "password": root },
            "minio": { "user": user, "password": minio },
        }));
        printed.map_err(|error| CommandError::Failed(error.to_string()))?;
    } else {
        context.output.print(&format!(
            "Milvus  user root    password {root}\nMinIO   user {user:<7} password {minio}\n"
        ));
    }
    Ok(0)
}

async fn read(scene: &super::context::Scene) -> Result<(String, String), CommandError> {
    let fail = CommandError::Failed;
    let live = &scene.live;
    if live.has_no_network() {
        let found = live.secrets_at_rest(&[ROOT_SECRET, MINIO_SECRET]).await;
        let [root, minio] = <[String; 2]>::try_from(found.map_err(fail)?)
            .map_err(|_| fail("not every credential was read".to_owned()))?;
        return Ok((root, minio));
    }
    live.room_to_ask().map_err(fail)?;
    live.ready_to_ask().await.map_err(fail)?;
    let root = live.secret(ROOT_SECRET).await.map_err(fail)?;
    let minio = live.secret(MINIO_SECRET).await.map_err(fail)?;
    Ok((root, minio))
}
