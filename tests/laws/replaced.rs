//! What a plan says of the tasks that an update replaces is what Swarm makes of the very words
//! that are posted.

use std::collections::BTreeSet;
use std::rc::Rc;

use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Because};
use milvus_swarm::role::Role;
use milvus_swarm::spec::{EndpointSpec, Restart, ServiceSpec, diff};
use milvus_swarm::system;
use serde_json::json;

use crate::harness::{clean, parse, plan_up, run, settled, swarm, up_well};
use crate::inventories;
use crate::sim::Sim;

const PROXY: &str = "prod-milvus_proxy";

fn production() -> Inventory {
    parse(inventories::shipped()[2])
}

/// Tasks then prefer zones: another placement, which every node satisfies.
fn with_zones(inventory: &Inventory) -> Inventory {
    let mut other = inventory.clone();
    for (at, host) in other.hosts.iter_mut().enumerate() {
        host.zone = Some(format!("z{}", at % 2));
    }
    other
}

fn with_port(inventory: &Inventory, port: u16) -> Inventory {
    let mut other = inventory.clone();
    other.publish.set(system::DOOR, Some(port));
    other
}

/// The endpoints of a service's tasks, as these were made.
fn endpoints(sim: &Sim, service: &str) -> Vec<EndpointSpec> {
    sim.with(|world| {
        let tasks = world.tasks.iter();
        let up = tasks.filter(|task| task.seen.service == service && task.seen.is_up());
        up.map(|task| task.spec.endpoint_spec.clone()).collect()
    })
}

/// SwarmKit overlooks the ports where of a template only the placement is new.
#[test]
fn another_port_comes_to_the_tasks_whatever_becomes_of_the_placement() {
    let before = production();
    let both = with_port(&with_zones(&before), 19531);
    let later = with_port(&both, 19532);
    run(async {
        let sim = swarm(&before, 8);
        up_well(&sim, &before).await;
        // The second time tasks may still have the placement of the first.
        for after in [&both, &with_zones(&before), &later] {
            let plan = up_well(&sim, after).await;
            let updates = plan.steps.iter().filter_map(|step| match &step.action {
                Action::UpdateService { name, restart, .. } => Some((name.as_str(), *restart)),
                _ => None,
            });
            assert!(updates.into_iter().any(|is| is == (PROXY, Restart::All)));
            let spec = &sim.look().services[PROXY].spec;
            let endpoints = endpoints(&sim, PROXY);
            assert_eq!(endpoints.len(), 3);
            assert!(endpoints.iter().all(|is| *is == spec.endpoint_spec));
            settled(&sim, after).await;
        }
        clean(&sim);
    });
}

#[test]
fn a_port_alone_comes_to_tasks_that_an_older_placement_was_left_to() {
    let before = production();
    let zones = with_zones(&before);
    let both = with_port(&zones, 19531);
    run(async {
        let sim = swarm(&before, 8);
        up_well(&sim, &before).await;
        let made = |sim: &Sim| -> Vec<String> {
            let tasks = sim.look().tasks.into_iter();
            let proxies = tasks.filter(|task| task.service == PROXY && task.is_up());
            proxies.map(|task| task.id).collect()
        };
        let first = made(&sim);
        up_well(&sim, &zones).await;
        assert_eq!(made(&sim), first);
        let (plan, _) = plan_up(&sim, &both).await;
        assert!(plan.steps.iter().any(|step| step.ends.is_some()));
        up_well(&sim, &both).await;
        let spec = &sim.look().services[PROXY].spec;
        assert!(
            endpoints(&sim, PROXY)
                .iter()
                .all(|is| *is == spec.endpoint_spec)
        );
        settled(&sim, &both).await;
        clean(&sim);
    });
}

/// The same service in other words: those of an engine that spells its defaults out, of a
/// command line that keeps another order, of a registry that named platforms.
fn reworded(spec: &ServiceSpec) -> ServiceSpec {
    let mut other = spec.clone();
    let task = &mut other.task_template;
    task.other.insert("Runtime".to_owned(), json!("container"));
    task.container_spec.env.reverse();
    task.container_spec.isolation = "default".to_owned();
    task.container_spec.dns_config = Some(Default::default());
    task.networks.reverse();
    task.placement.platforms = vec![json!({"Architecture": "amd64", "OS": "linux"})];
    if let Some(policy) = &mut task.restart_policy {
        policy.max_attempts = Some(0);
    }
    other.endpoint_spec.ports.reverse();
    other
}

fn say_it_in_other_words(sim: &Sim) {
    sim.with(|world| {
        for service in world.services.values_mut() {
            let other = reworded(&service.spec);
            assert_eq!(diff(&service.spec, &other), []);
            assert_ne!(*service.spec, other);
            service.spec = Rc::new(other);
        }
        for task in &mut world.tasks {
            task.spec = Rc::new(reworded(&task.spec));
        }
    });
}

fn up_now(sim: &Sim) -> BTreeSet<String> {
    let tasks = sim.look().tasks.into_iter();
    tasks
        .filter(|task| task.is_up())
        .map(|task| task.id)
        .collect()
}

#[test]
fn other_words_for_the_same_template_restart_nothing() {
    let before = production();
    let mut more = before.clone();
    more.roles.get_mut(&Role::Index).expect("settings").replicas = 4;
    let mut fewer = before.clone();
    fewer
        .roles
        .get_mut(&Role::Index)
        .expect("settings")
        .replicas = 3;
    for (from, to) in [
        (&before, &before),
        (&fewer, &more),
        (&before, &with_zones(&before)),
    ] {
        run(async {
            let sim = swarm(from, 9);
            up_well(&sim, from).await;
            say_it_in_other_words(&sim);
            settled(&sim, from).await;
            let running = up_now(&sim);
            let names: Vec<String> = sim.look().services.into_keys().collect();
            for name in &names {
                sim.with(|world| world.meddle(name, true));
            }
            assert_eq!(up_now(&sim), running, "labels restart nothing");
            let plan = up_well(&sim, to).await;
            let updates = plan.steps.iter().filter(|step| {
                let ends = step.ends.is_some();
                assert!(!ends, "{:?}", step.action.title());
                step.because == Because::Drifted
            });
            assert!(updates.count() >= names.len() - 1);
            assert!(up_now(&sim).is_superset(&running));
            settled(&sim, to).await;
            clean(&sim);
        });
    }
}
