//! Configs that exist and hold something else.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::{Config, Observed};
use milvus_swarm::render::Sources;
use milvus_swarm::wanted::Cluster;
use serde_json::json;

use super::{THREE, allowed, running, says};

fn says_changed(inventory: &Inventory, seen: &Observed, name: &str) {
    let reason = format!(
        "config `{name}` holds something else than is wanted, and Swarm can't change a config"
    );
    let hint = format!(
        "let its `name:` in the template follow its text, as `{{{{ config.name }}}}` does; or, if \
         no service mounts it, take it away: docker config rm {name}"
    );
    says(inventory, seen, &[("config-changes", &reason, &hint)]);
}

#[test]
fn a_config_made_by_hand_is_not_taken_for_ours() {
    let (inventory, mut seen) = running(THREE);
    let (name, config) = seen.configs.iter_mut().next().expect("a config");
    let name = name.clone();
    config.digest = Some("of another text".to_owned());
    says_changed(&inventory, &seen, &name);
    // Nobody looked.
    config_of(&mut seen, &name).digest = None;
    allowed(&inventory, &seen);
}

fn config_of<'s>(seen: &'s mut Observed, name: &str) -> &'s mut Config {
    seen.configs.get_mut(name).expect("a config")
}

/// What templates with names for good make of an inventory.
fn with_fixed_names(inventory: &Inventory, seen: &Observed) -> Cluster {
    let mut sources = Sources::shipped();
    let text = sources.text("macros.yml").expect("a template").to_owned();
    let named = text.replace(
        "name: {{ config.name|q }}",
        "name: {{ (config.cluster ~ '-' ~ config.key)|q }}",
    );
    assert_ne!(text, named);
    sources.replace("macros.yml", named);
    Cluster::work_out(inventory, Some(seen), &sources).expect("a cluster")
}

fn rules(inventory: &Inventory, seen: &Observed) -> Vec<String> {
    let refusals = with_fixed_names(inventory, seen).refusals(inventory, seen);
    refusals.into_iter().map(|no| no.rule).collect()
}

#[test]
fn a_name_for_good_keeps_its_text() {
    let (mut inventory, mut seen) = running(THREE);
    for (name, config) in with_fixed_names(&inventory, &seen).wanted.configs {
        let digest = Some(config.digest());
        seen.configs.insert(
            name,
            Config {
                digest,
                ..Config::default()
            },
        );
    }
    assert_eq!(rules(&inventory, &seen), Vec::<String>::new());
    inventory.config = json!({ "log": { "level": "debug" } });
    assert_eq!(rules(&inventory, &seen), ["config-changes"]);
}
