//! Another password for root: Milvus is told, and the secret of the next generation has it.

use std::collections::BTreeMap;

use super::act::{fail, moved, relabelled};
use super::root::nearest_up;
use super::{Live, failure};
use crate::engine::EngineError;
use crate::execute::Failure;
use crate::observed::Observed;
use crate::render::ROOT_SECRET;
use crate::system::milvus::within::none_near;
use crate::topology::UNTOLD_LABEL;

/// The user whose password it is.
const ROOT: &str = "root";

impl Live {
    /// Makes the secret, then tells Milvus: whoever is killed in between leaves a secret that Milvus
    /// does not know, and not a password that nobody knows.
    pub(super) async fn renew_password(
        &self,
        name: &str,
        labels: &BTreeMap<String, String>,
        new: &[u8],
        service: &str,
    ) -> Result<(), Failure> {
        let new = std::str::from_utf8(new)
            .map_err(|_| fail(format!("the password for secret `{name}` is not UTF-8")))?;
        self.place_to_ask().await.map_err(fail)?;
        let seen = self.look().await.map_err(failure)?;
        let (_, proxy) =
            nearest_up(service, &seen).ok_or_else(|| fail(none_near(service, &seen)))?;
        let proxy = proxy.to_string();
        let old = if self.opens(&proxy, new).await.map_err(fail)? {
            None
        } else {
            Some(self.password_that_opens(&proxy, &seen, name).await?)
        };
        let mut first = labels.clone();
        if old.is_some() {
            first.insert(UNTOLD_LABEL.to_owned(), "true".to_owned());
        }
        let made = self.engine.create_secret(name, &first, new.as_bytes());
        let id = match made.await {
            Ok(id) => id,
            // One that is there already has other bytes.
            Err(EngineError::Conflict(_)) => return Err(moved("secret", name, "is there by now")),
            Err(error) => return Err(failure(error)),
        };
        if let Some(old) = old {
            if let Err(why) = self.tell(&proxy, &old, new).await
                // The answer may be all that was lost.
                && !matches!(self.opens(&proxy, new).await, Ok(true))
            {
                return Err(not_told(name, &why));
            }
            let done = self.engine.update_secret(&id, &first, labels).await;
            relabelled(done, "secret", name)?;
        }
        self.password_is(new);
        Ok(())
    }

    async fn opens(&self, proxy: &str, password: &str) -> Result<bool, String> {
        let mut client = self.as_root(proxy, password).await?;
        client.is_let_in().await.map_err(|error| error.to_string())
    }

    async fn tell(&self, proxy: &str, old: &str, new: &str) -> Result<(), String> {
        let leave = self.engine.leave("a request to a component").await;
        leave.map_err(|error| error.to_string())?;
        let mut client = self.as_root(proxy, old).await?;
        let changed = client.change_password(ROOT, old, new).await;
        changed.map_err(|error| error.to_string())
    }

    /// The one that is mounted, else one of those before or after it: a run may have been killed
    /// between the secret and Milvus.
    async fn password_that_opens(
        &self,
        proxy: &str,
        seen: &Observed,
        next: &str,
    ) -> Result<String, Failure> {
        let mounted = self.root_password().await.map_err(fail)?;
        if self.opens(proxy, &mounted).await.map_err(fail)? {
            return Ok(mounted);
        }
        let stem = next.trim_end_matches(|c: char| c.is_ascii_digit());
        let generation = |name: &String| name.strip_prefix(stem)?.parse::<u32>().ok();
        let mut others: Vec<&String> = seen.secrets.keys().collect();
        others.retain(|name| generation(name).is_some());
        others.sort_by_key(|name| std::cmp::Reverse(generation(name)));
        for name in &others {
            let found = self.generation_at_rest(ROOT_SECRET, name).await;
            let password = found.map_err(fail)?;
            if password != mounted && self.opens(proxy, &password).await.map_err(fail)? {
                return Ok(password);
            }
        }
        let names: Vec<String> = others.iter().map(|name| format!("`{name}`")).collect();
        Err(Failure {
            message: format!(
                "Milvus takes neither the new root password nor that of {}: somebody changed it",
                names.join(" or ")
            ),
            hint: Some(
                "put the password that Milvus takes now in a file, and: milvus-swarm credentials \
                 set root --password-file FILE"
                    .to_owned(),
            ),
            moved: false,
        })
    }
}

/// Milvus did not say that it did as it was told. It may have, now or in a moment, and then the secret
/// is the only place with its password: it stays, and is not mounted before that is known.
fn not_told(name: &str, why: &str) -> Failure {
    Failure {
        message: format!("Milvus did not say that it took the password of secret `{name}`: {why}"),
        hint: Some("milvus-swarm credentials set root".to_owned()),
        moved: false,
    }
}
