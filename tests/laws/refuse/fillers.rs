//! Data stays in what met a need first.

use milvus_swarm::gate::Gate;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::Action;

use super::{THREE, allowed, rules, running, says, stopped};
use crate::harness::{down_well, parse, plan_up, run, settled, swarm, up_well};
use crate::inventories;

fn on_s3(changes: &[(&str, &str)]) -> Inventory {
    let mut text = format!("{}{}", inventories::shipped()[THREE], inventories::STORAGE);
    for (from, to) in changes {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, to);
    }
    parse(&text)
}

const HINT: &str = "write `storage` as it was; to move the data, bring up a second cluster under \
                    another `name:` and copy with milvus-backup";

#[test]
fn objects_in_minio_stay_there() {
    let said = [(
        "filler-moves",
        "the cluster has its data in MinIO, and would look for it in \
         `s3:s3.example.com/vectors/files`",
        HINT,
    )];
    let (inventory, seen) = running(THREE);
    allowed(&inventory, &seen);
    says(&on_s3(&[]), &seen, &said);
    // Labels tell it when services are gone.
    let (_, seen) = stopped(THREE);
    says(&on_s3(&[]), &seen, &said);
}

#[test]
fn objects_elsewhere_stay_there() {
    let inventory = on_s3(&[]);
    let others = [
        parse(inventories::shipped()[THREE]),
        on_s3(&[("bucket: vectors", "bucket: pictures")]),
        on_s3(&[("bucket: vectors", "bucket: vectors, root_path: other")]),
        on_s3(&[("s3.example.com", "s3.example.org")]),
    ];
    run(async {
        let sim = swarm(&inventory, 7);
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        for data in [false, true] {
            for other in &others {
                assert_eq!(rules(other, &sim.look()), ["filler-moves"]);
            }
            allowed(&inventory, &sim.look());
            down_well(&sim, &inventory, data).await;
        }
        for other in &others {
            assert_eq!(rules(other, &sim.look()), Vec::<String>::new());
        }
    });
}

fn on(log: &str) -> Inventory {
    parse(&format!("{}{log}", inventories::shipped()[THREE]))
}

/// What is written and not flushed yet is in one log only.
#[test]
fn a_log_stays_where_it_is() {
    let (pulsar, woodpecker) = (on(""), on(inventories::LOG));
    let hint = HINT.replace("`storage`", "`log`");
    let says_so = |inventory: &Inventory, seen: &_, was: &str, will: &str| {
        let reason = format!("the cluster has its data in {was}, and would look for it in {will}");
        says(inventory, seen, &[("filler-moves", &reason, &hint)]);
    };
    let (_, seen) = running(THREE);
    says_so(&woodpecker, &seen, "Pulsar", "`woodpecker`");
    let (_, seen) = stopped(THREE);
    says_so(&woodpecker, &seen, "Pulsar", "`woodpecker`");
    run(async {
        let sim = swarm(&woodpecker, 7);
        up_well(&sim, &woodpecker).await;
        settled(&sim, &woodpecker).await;
        for data in [false, true] {
            says_so(&pulsar, &sim.look(), "`woodpecker`", "Pulsar");
            allowed(&woodpecker, &sim.look());
            down_well(&sim, &woodpecker, data).await;
        }
        allowed(&pulsar, &sim.look());
    });
}

/// Nothing of what it stands for is there; it is remembered once etcd and the store are well, and
/// before Milvus starts.
#[test]
fn a_log_inside_milvus_brings_nothing_else() {
    let both = on(&format!("{}{}", inventories::LOG, inventories::STORAGE));
    // MinIO is asked for its quorum and for who Milvus is.
    for (inventory, stores) in [(on(inventories::LOG), 2), (both, 1)] {
        let plan = run(async {
            let sim = swarm(&inventory, 7);
            plan_up(&sim, &inventory).await.0
        });
        let said = format!("{:?}", plan.steps).to_lowercase();
        for word in ["pulsar", "bookie", "zookeeper", "broker"] {
            assert!(!said.contains(word), "{word}");
        }
        let steps = || plan.steps.iter().enumerate();
        let labels: Vec<usize> = steps()
            .filter(|(_, step)| matches!(&step.action, Action::LabelNode { add, .. } if add.keys().any(|key| key.ends_with(".formed.log"))))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(labels.len(), 3);
        for label in &labels {
            let after = plan.steps[*label]
                .after
                .iter()
                .map(|id| &plan.steps[*id].action);
            let gates = after.filter(|action| matches!(action, Action::Await { .. }));
            assert_eq!(gates.count(), 1 + stores, "etcd and the store");
        }
        let coordinator = steps().find(|(_, step)| matches!(&step.action, Action::CreateService { spec } if spec.name.ends_with("coord")));
        let (_, coordinator) = coordinator.expect("a coordinator");
        assert!(labels.iter().all(|label| coordinator.after.contains(label)));
    }
}

/// A store is told that a log is kept there; without one it is asked as ever.
#[test]
fn a_store_is_asked_for_what_the_log_wants() {
    let conditions = |inventory: &Inventory| {
        let plan = run(async {
            let sim = swarm(inventory, 7);
            plan_up(&sim, inventory).await.0
        });
        let mut gates = plan.steps.iter().filter_map(|step| match &step.action {
            Action::Await {
                gate: Gate::Elsewhere(gate),
            } => Some(gate.settings.get("conditions").cloned()),
            _ => None,
        });
        gates.next().expect("the gate of the store")
    };
    assert_eq!(conditions(&on_s3(&[])), None);
    let both = on(&format!("{}{}", inventories::LOG, inventories::STORAGE));
    assert_eq!(conditions(&both).as_deref(), Some("true"));
}

#[test]
fn a_milvus_without_woodpecker_keeps_no_log() {
    let (_, seen) = super::fresh(THREE);
    let mut inventory = on(inventories::LOG);
    for version in ["2.6.20", "3.0"] {
        inventory.milvus = Some(version.to_owned());
        allowed(&inventory, &seen);
    }
    inventory.milvus = Some("2.5".to_owned());
    inventory
        .by_default
        .insert(milvus_swarm::role::Role::Streaming);
    says(
        &inventory,
        &seen,
        &[(
            "woodpecker-early",
            "Milvus 2.5.27 has no Woodpecker, and `log.woodpecker` chooses it",
            "set `milvus: \"2.6\"` or later for a new cluster, or leave `log` out and give hosts the \
             roles `bookie` and `broker`",
        )],
    );
}

/// While the store restarts nothing is written either, and the plan says so.
#[test]
fn what_hangs_on_the_store_is_missed_with_it() {
    for (log, says_so) in [("", false), (inventories::LOG, true)] {
        let inventory = on(log);
        let mut other = inventory.clone();
        let settings = other.roles.get_mut(&milvus_swarm::role::Role::Minio);
        settings.expect("settings").memory.limit = Some(7 << 30);
        run(async {
            let sim = swarm(&inventory, 7);
            up_well(&sim, &inventory).await;
            let (plan, _) = plan_up(&sim, &other).await;
            let effects: Vec<&str> = plan.outages.iter().map(|one| &*one.effect).collect();
            let said = effects
                .iter()
                .any(|effect| effect.ends_with("; no writes: the log is there too"));
            assert_eq!(said, says_so, "{effects:?}");
        });
    }
}

/// The store is asked with the keys that it knows, and before anything of Milvus starts.
#[test]
fn milvus_waits_for_the_store() {
    let inventory = on_s3(&[("name: milvus", "name: milvus\nmilvus: \"2.3\"")]);
    let plan = run(async {
        let sim = swarm(&inventory, 7);
        plan_up(&sim, &inventory).await.0
    });
    let those = |is: &dyn Fn(&Action) -> bool| -> Vec<usize> {
        let steps = plan.steps.iter().enumerate();
        let those = steps.filter(|(_, step)| is(&step.action));
        those.map(|(id, _)| id).collect()
    };
    let asked = those(&|action| {
        matches!(
            action,
            Action::Await {
                gate: Gate::Elsewhere(_)
            }
        )
    });
    let [asked] = asked[..] else {
        panic!("{asked:?}");
    };
    let secrets = those(
        &|action| matches!(action, Action::CreateSecret { name, .. } if name.contains("-s3-")),
    );
    assert_eq!(secrets.len(), 2);
    let before = &plan.steps[asked].after;
    assert!(secrets.iter().all(|id| before.contains(id)));
    let coordinators = those(
        &|action| matches!(action, Action::CreateService { spec } if spec.name.ends_with("coord")),
    );
    assert_eq!(coordinators.len(), 3);
    for id in coordinators {
        assert!(plan.steps[id].after.contains(&asked), "{id}");
    }
}

/// An `up` that stops at the store's gate has nothing there yet; from the moment that Milvus may
/// start, the store is remembered, whatever of Milvus is there.
#[test]
fn a_store_is_remembered_before_milvus_starts() {
    let inventory = on_s3(&[]);
    let other = on_s3(&[("bucket: vectors", "bucket: pictures")]);
    run(async {
        let sim = swarm(&inventory, 7);
        let (plan, _) = plan_up(&sim, &inventory).await;
        let is_label = |action: &Action| matches!(action, Action::LabelNode { add, .. } if add.keys().any(|key| key.ends_with(".formed.storage")));
        let steps = plan.steps.iter().enumerate();
        let labels: Vec<usize> = steps
            .filter(|(_, step)| is_label(&step.action))
            .map(|(id, _)| id)
            .collect();
        assert_eq!(labels.len(), 3);
        for step in &plan.steps {
            if matches!(&step.action, Action::CreateService { spec } if spec.name.ends_with("coord"))
            {
                assert!(labels.iter().all(|label| step.after.contains(label)));
            }
        }
        up_well(&sim, &inventory).await;
        let mut seen = sim.look();
        assert_eq!(rules(&other, &seen), ["filler-moves"]);
        seen.services.retain(|name, _| !name.contains("-milvus_"));
        assert_eq!(rules(&other, &seen), ["filler-moves"]);
        for node in &mut seen.nodes {
            node.labels
                .retain(|label, _| !label.ends_with(".formed.storage"));
        }
        assert_eq!(rules(&other, &seen), Vec::<String>::new());
    });
}

#[test]
fn an_authority_of_ones_own_is_for_a_milvus_that_asks_it() {
    let (_, seen) = super::fresh(THREE);
    let ca = ("bucket: vectors", "bucket: vectors, ca: ca.pem");
    let mut inventory = on_s3(&[ca]);
    allowed(&inventory, &seen);
    inventory.milvus = Some("2.3.11".to_owned());
    super::accept(&mut inventory);
    says(
        &inventory,
        &seen,
        &[(
            "s3-authority",
            "Milvus 2.3.11 takes no authority but those that its image trusts, and `storage.s3.ca` \
             names one: query nodes would end when they first ask the store",
            "set `milvus: 2.3.12` or later, or give the store a certificate of a public authority and \
             leave `ca` out",
        )],
    );
}
