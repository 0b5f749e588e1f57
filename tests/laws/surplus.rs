//! Services that somebody scaled up by hand: what is too many goes as the plan says.

use milvus_swarm::gate::short;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Ends, Plan};
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::role::Role;
use milvus_swarm::system;

use crate::harness::{parse, plan_up, run, scale_by_hand, settled, swarm, unbroken, up_well};
use crate::inventories;

fn production(role: Role, per_host: u64, replicas: u64) -> Inventory {
    let mut inventory = parse(inventories::shipped()[2]);
    let settings = inventory.roles.get_mut(&role).expect("settings");
    settings.per_host = per_host;
    settings.replicas = replicas;
    if role == Role::Proxy && per_host > 1 {
        inventory.publish.set(system::DOOR, None);
    }
    inventory
}

fn with_key(inventory: &Inventory) -> Inventory {
    let mut other = inventory.clone();
    // Every part of Milvus reads it.
    other.config = serde_json::json!({ "common": { "someKey": 1 } });
    other
}

/// Nodes that prefer zones: another placement, which leaves tasks alone.
fn with_zones(inventory: &Inventory) -> Inventory {
    let mut other = inventory.clone();
    for (at, host) in other.hosts.iter_mut().enumerate() {
        host.zone = Some(format!("z{}", at % 2));
    }
    other
}

/// What each update of a service ends.
fn ends<'a>(plan: &'a Plan, service: &str) -> Vec<Option<&'a Ends>> {
    let steps = plan.steps.iter();
    steps
        .filter(
            |step| matches!(&step.action, Action::UpdateService { name, .. } if name == service),
        )
        .map(|step| step.ends.as_ref())
        .collect()
}

#[test]
fn the_first_turn_ends_what_is_too_many_as_well() {
    const SERVICE: &str = "prod-milvus_indexnode";
    let two = production(Role::Index, 1, 2);
    let changed = with_key(&two);
    run(async {
        let sim = swarm(&two, 21);
        up_well(&sim, &two).await;
        scale_by_hand(&sim, SERVICE, 4).await;
        let (plan, _) = plan_up(&sim, &changed).await;
        let counts: Vec<(u64, usize)> = ends(&plan, SERVICE)
            .into_iter()
            .map(|ends| ends.map_or((0, 0), |ends| (ends.tasks, ends.among.len())))
            .collect();
        assert_eq!(counts, [(3, 4), (1, 2)]);
        let outage = plan.outages.iter().find(|o| o.component == "indexnode");
        let outage = outage.expect("an outage");
        // Three go at the same time, then the last.
        assert_eq!((outage.tasks, outage.seconds), (4, 10));
        let text = plan_text(&plan, Style::default());
        assert!(text.contains("restarts or ends 3 of 4 tasks"), "{text}");
        up_well(&sim, &changed).await;
        settled(&sim, &changed).await;
        unbroken(&sim);
    });
}

#[test]
fn what_goes_alone_is_named() {
    const SERVICE: &str = "prod-milvus_indexnode";
    let two = production(Role::Index, 1, 2);
    run(async {
        let sim = swarm(&two, 22);
        up_well(&sim, &two).await;
        scale_by_hand(&sim, SERVICE, 4).await;
        let (plan, _) = plan_up(&sim, &two).await;
        let ends = ends(&plan, SERVICE);
        let named: Vec<&str> = ends[0]
            .expect("tasks")
            .among
            .iter()
            .map(|ended| ended.task.as_str())
            .collect();
        assert_eq!(named, ["indexnode.3", "indexnode.4"]);
        up_well(&sim, &two).await;
        settled(&sim, &two).await;
        unbroken(&sim);
    });
}

/// `up_well` holds each plan against what ended.
#[test]
fn whatever_was_scaled_by_hand_ends_as_foretold() {
    for (role, service, per_host, wanted, made) in [
        (Role::Index, "prod-milvus_indexnode", 1, 2, 3),
        (Role::Index, "prod-milvus_indexnode", 1, 3, 4),
        (Role::Index, "prod-milvus_indexnode", 2, 3, 6),
        (Role::Index, "prod-milvus_indexnode", 2, 5, 8),
        (Role::Index, "prod-milvus_indexnode", 1, 2, 6),
        (Role::Query, "prod-milvus_querynode", 1, 3, 5),
        (Role::Proxy, "prod-milvus_proxy", 1, 1, 3),
        (Role::Proxy, "prod-milvus_proxy", 2, 2, 6),
    ] {
        let before = production(role, per_host, wanted);
        for (seed, after) in [with_key(&before), with_zones(&before), before.clone()]
            .into_iter()
            .enumerate()
        {
            run(async {
                let sim = swarm(&before, 23 + seed as u64);
                up_well(&sim, &before).await;
                scale_by_hand(&sim, service, made).await;
                let plan = up_well(&sim, &after).await;
                assert!(!ends(&plan, service).is_empty(), "{}", short(service));
                settled(&sim, &after).await;
                unbroken(&sim);
            });
        }
    }
}
