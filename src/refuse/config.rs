//! Configs that would have to hold something else.

use super::No;
use super::facts::Facts;

/// Swarm has no call that changes what a config holds. The configs of the shipped templates carry
/// a hash of their text in their names; an edited template may name one otherwise.
pub(super) fn changes(facts: &Facts<'_>) -> Vec<No> {
    let seen = &facts.case.seen.configs;
    let wanted = facts.case.wanted.configs.iter();
    wanted
        .filter(|(name, config)| {
            let held = seen.get(*name).and_then(|found| found.digest.as_ref());
            held.is_some_and(|held| *held != config.digest())
        })
        .map(|(name, _)| refuse(name))
        .collect()
}

fn refuse(name: &str) -> No {
    No {
        reason: format!(
            "config `{name}` holds something else than is wanted, and Swarm can't change a config"
        ),
        hint: format!(
            "let its `name:` in the template follow its text, as `{{{{ config.name }}}}` does; or, if \
             no service mounts it, take it away: docker config rm {name}"
        ),
    }
}
