//! What somebody changed by hand is brought back, and every step that does so says it.

use std::collections::BTreeMap;
use std::time::Duration;

use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Because, Heard, Plan};
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::role::Role;
use milvus_swarm::topology::{role_label, zone_label};

use crate::harness::{
    by_hand, known_cluster, parse, plan_up, run, scale_by_hand, settled, swarm, unbroken, up_well,
};
use crate::inventories::{self, with_replicas};

fn production() -> Inventory {
    parse(inventories::shipped()[2])
}

/// Why each update of a service is in a plan.
fn whys<'a>(plan: &'a Plan, service: &str) -> Vec<&'a Because> {
    let steps = plan.steps.iter();
    steps
        .filter(
            |step| matches!(&step.action, Action::UpdateService { name, .. } if name == service),
        )
        .map(|step| &step.because)
        .collect()
}

#[test]
fn every_turn_of_a_service_that_was_changed_by_hand_says_so() {
    const SERVICE: &str = "prod-milvus_querynode";
    run(async {
        let sim = swarm(&production(), 11);
        up_well(&sim, &production()).await;
        by_hand(&sim, SERVICE, |spec| {
            let env = &mut spec.task_template.container_spec.env;
            env.push("BY=hand".to_owned());
            // All at once, as people do.
            spec.update_config.get_or_insert_default().parallelism = 0;
        });
        tokio::time::sleep(Duration::from_secs(120)).await;
        let (plan, _) = plan_up(&sim, &production()).await;
        assert_eq!(whys(&plan, SERVICE), [&Because::Drifted; 5]);
        let text = plan_text(&plan, Style::default());
        assert_eq!(text.matches("changed by hand").count(), 1, "{text}");
        assert!(text.contains("env.BY: hand -> (none)"), "{text}");
        up_well(&sim, &production()).await;
        settled(&sim, &production()).await;
        unbroken(&sim);
    });
}

/// Nothing mounts a config anew for its labels: it is one call, which ends no task.
#[test]
fn labels_of_a_config_are_brought_back() {
    run(async {
        let sim = swarm(&production(), 11);
        up_well(&sim, &production()).await;
        let name = sim.with(|world| {
            let (name, config) = world.configs.iter_mut().next().expect("a config");
            config.labels.insert("by".to_owned(), "hand".to_owned());
            name.clone()
        });
        let (plan, _) = plan_up(&sim, &production()).await;
        let titles: Vec<String> = plan.steps.iter().map(|step| step.action.title()).collect();
        assert_eq!(titles, [format!("update labels of config {name}")]);
        let text = plan_text(&plan, Style::default());
        let told = format!("    ~ labels of config {name}\n        labels.by: hand -> (none)\n");
        assert!(text.contains(&told), "{text}");
        assert!(
            text.contains("0 to create, 1 to change, 0 to remove"),
            "{text}"
        );
        up_well(&sim, &production()).await;
        settled(&sim, &production()).await;
        unbroken(&sim);
    });
}

#[test]
fn labels_of_a_secret_are_brought_back_and_what_has_no_use_is_pointed_out() {
    run(async {
        let sim = swarm(&production(), 11);
        up_well(&sim, &production()).await;
        let name = sim.with(|world| {
            let (name, secret) = world.secrets.iter_mut().next().expect("a secret");
            secret.labels.insert("by".to_owned(), "hand".to_owned());
            name.clone()
        });
        let (plan, mut seen) = plan_up(&sim, &production()).await;
        let titles: Vec<String> = plan.steps.iter().map(|step| step.action.title()).collect();
        assert_eq!(titles, [format!("update labels of secret {name}")]);
        let text = plan_text(&plan, Style::default());
        let told = format!("    ~ labels of secret {name}\n        labels.by: hand -> (none)\n");
        assert!(text.contains(&told), "{text}");
        up_well(&sim, &production()).await;
        settled(&sim, &production()).await;

        let secret = seen.secrets[&name].clone();
        seen.secrets.insert("prod-old".to_owned(), secret);
        let network = seen.networks.values().next().expect("a network").clone();
        seen.networks.insert("prod_old".to_owned(), network);
        let cluster = known_cluster(&production(), &seen);
        let plan = cluster.plan(&production(), &seen, &Heard::default());
        let told = |what: &str| {
            let mut warnings = plan.warnings.iter();
            warnings.any(|one| one.starts_with(what) && one.contains("is left alone"))
        };
        assert!(told("secret `prod-old`"), "{:?}", plan.warnings);
        assert!(told("network `prod_old`"), "{:?}", plan.warnings);
    });
}

/// The mark of an earlier spec is that spec's own.
#[test]
fn a_rollback_by_hand_is_drift() {
    const SERVICE: &str = "prod-milvus_querynode";
    let three = with_replicas(&production(), Role::Query, 3);
    run(async {
        let sim = swarm(&production(), 13);
        up_well(&sim, &production()).await;
        let (_, mut seen) = plan_up(&sim, &three).await;
        let cluster = known_cluster(&three, &seen);
        let service = seen.services.get_mut(SERVICE).expect("query nodes");
        service.update_state = "rollback_completed".to_owned();
        let plan = cluster.plan(&three, &seen, &Heard::default());
        let whys = whys(&plan, SERVICE);
        assert!(!whys.is_empty() && whys.iter().all(|why| **why == Because::Drifted));
    });
}

#[test]
fn query_nodes_that_somebody_added_leave_because_of_it() {
    const SERVICE: &str = "prod-milvus_querynode";
    let three = with_replicas(&production(), Role::Query, 3);
    run(async {
        let sim = swarm(&three, 12);
        up_well(&sim, &three).await;
        scale_by_hand(&sim, SERVICE, 5).await;
        let (plan, _) = plan_up(&sim, &three).await;
        assert_eq!(whys(&plan, SERVICE), [&Because::Drifted; 2]);
        assert!(plan.steps.iter().all(|step| step.because != Because::Asked));
        up_well(&sim, &three).await;
        settled(&sim, &three).await;
        unbroken(&sim);
    });
}

#[test]
fn fewer_wanted_is_no_doing_of_others() {
    const SERVICE: &str = "prod-milvus_querynode";
    let three = with_replicas(&production(), Role::Query, 3);
    run(async {
        let sim = swarm(&production(), 13);
        up_well(&sim, &production()).await;
        let (plan, _) = plan_up(&sim, &three).await;
        assert_eq!(whys(&plan, SERVICE), [&Because::Asked; 2]);
    });
}

#[test]
fn a_label_with_another_value_is_told_with_both() {
    let mut zoned = production();
    for host in &mut zoned.hosts {
        host.zone = Some("a".to_owned());
    }
    run(async {
        let sim = swarm(&zoned, 14);
        up_well(&sim, &zoned).await;
        let query = role_label("prod", Role::Query);
        let zone = zone_label("prod");
        let node = |has: &str| {
            let seen = sim.look();
            let mut nodes = seen.nodes.into_iter();
            nodes
                .find(|node| node.labels.contains_key(has))
                .expect("a node")
                .id
        };
        let id = node(&query);
        let set = |label: &str, value: &str| {
            let add = BTreeMap::from([(label.to_owned(), value.to_owned())]);
            sim.with(|world| world.label(&id, &add, &[]))
                .expect("a node");
        };
        set(&zone, "b");
        let (plan, _) = plan_up(&sim, &zoned).await;
        assert_eq!(plan.steps[0].because, Because::Changed);
        let text = plan_text(&plan, Style::default());
        assert!(text.contains(&format!("{zone}: b -> a")), "{text}");
        set(&query, "false");
        tokio::time::sleep(Duration::from_secs(60)).await;
        let (plan, _) = plan_up(&sim, &zoned).await;
        let step = &plan.steps[0];
        assert_eq!(step.because, Because::Drifted);
        let Action::LabelNode { add, from, .. } = &step.action else {
            panic!("{:?}", step.action);
        };
        assert_eq!(from[&query], "false");
        assert_eq!(add[&query], "true");
        let text = plan_text(&plan, Style::default());
        assert!(text.contains(&format!("{query}: false -> true")), "{text}");
        assert!(text.contains("changed by hand"), "{text}");
        up_well(&sim, &zoned).await;
        settled(&sim, &zoned).await;
    });
}
