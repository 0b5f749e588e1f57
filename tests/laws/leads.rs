//! A coordinator that is up does not lead yet: the session of the one before stays for its lease,
//! and all of Milvus goes on dialling what is gone.

use std::time::Duration;

use milvus_swarm::drive;
use milvus_swarm::gate::{Gate, Tasks, Verdict};
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::Action;
use serde_json::json;

use crate::harness::{done, execute, parse, plan_up, run, settled, swarm, up_well};
use crate::inventories;
use crate::sim::Sim;

const LEASE: Duration = Duration::from_secs(30);

fn three() -> Inventory {
    parse(inventories::shipped()[1])
}

fn gate(inventory: &Inventory) -> Gate {
    Gate::Tasks(Tasks {
        component: "mixcoord".to_owned(),
        check: "leads".to_owned(),
        cluster: inventory.name.clone(),
        service: format!("{}-milvus_mixcoord", inventory.name),
        tasks: 1,
        asks: [("etcd".to_owned(), vec![etcd(inventory, 0)])].into(),
        ..Tasks::default()
    })
}

fn etcd(inventory: &Inventory, ordinal: usize) -> String {
    format!("{}-store_etcd-{ordinal}", inventory.name)
}

async fn verdict(sim: &Sim, gate: &Gate) -> Verdict {
    drive::verdict(sim, gate, &sim.look()).await
}

/// The host of the task that leads.
fn leader(sim: &Sim) -> String {
    sim.with(|world| {
        let mut sessions = world.data.sessions.iter();
        let leads = sessions
            .find(|session| session.is_leaders && session.role == "mixcoord")
            .expect("one leads");
        let mut tasks = world.tasks.iter();
        let task = tasks.find(|task| task.seen.id == leads.task);
        let node = &task.expect("its task").seen.node_id;
        let seen = world.nodes.iter().find(|other| &other.id == node);
        seen.expect("its node").hostname.clone()
    })
}

#[test]
fn a_standby_leads_once_the_lease_of_the_one_before_is_over() {
    let inventory = three();
    run(async {
        let sim = swarm(&inventory, 5);
        up_well(&sim, &inventory).await;
        let mut gate = gate(&inventory);
        assert!(matches!(verdict(&sim, &gate).await, Verdict::Open(_)));
        let host = leader(&sim);
        // The member of etcd that is asked is another one than the one that is lost.
        if let (Gate::Tasks(gate), "node01") = (&mut gate, host.as_str()) {
            gate.asks = [("etcd".to_owned(), vec![etcd(&inventory, 1)])].into();
        }
        sim.with(|world| world.power(&host, false));
        // Swarm finds out late, the lease ends later.
        let mut said = Vec::new();
        for _ in 0..120 {
            match verdict(&sim, &gate).await {
                Verdict::Open(_) if said.is_empty() => {}
                Verdict::Open(_) => break,
                other => said.extend(other.reasons().iter().map(ToString::to_string)),
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        let why = "which ended: the next one leads when its session has run out";
        assert!(said.iter().any(|reason| reason.ends_with(why)), "{said:?}");
        assert!(matches!(verdict(&sim, &gate).await, Verdict::Open(_)));
        assert_ne!(leader(&sim), host);
    });
}

/// What comes after a coordinator's restart begins once a task of the new spec leads.
#[test]
fn nothing_follows_a_coordinator_that_does_not_lead_yet() {
    let mut inventory = three();
    run(async {
        let sim = swarm(&inventory, 5);
        up_well(&sim, &inventory).await;
        inventory.config = json!({ "rootCoord": { "maxDatabaseNum": 65 } });
        let (plan, seen) = plan_up(&sim, &inventory).await;
        let gate = gate(&inventory);
        let is_gate = |action: &Action| match action {
            Action::Await {
                gate: Gate::Tasks(other),
            } => {
                matches!(&gate, Gate::Tasks(ours) if (&ours.service, &ours.check) == (&other.service, &other.check))
            }
            _ => false,
        };
        let at = plan.steps.iter().position(|step| is_gate(&step.action));
        let at = at.expect("the gate");
        let smoke = plan
            .steps
            .iter()
            .find(|step| matches!(step.action, Action::Smoke { .. }));
        assert!(
            smoke.expect("a smoke check").after.contains(&at),
            "{plan:#?}"
        );
        let begun = tokio::time::Instant::now();
        let run = execute(&sim, &plan, seen).await;
        done(&plan, &run);
        assert!(begun.elapsed() > LEASE, "it did not wait for the lease");
        settled(&sim, &inventory).await;
    });
}
