//! From any inventory to any other of the same cluster: what was planned is all that is to do.

use std::time::Duration;

use milvus_swarm::plan::Action;
use milvus_swarm::role::Role;

use crate::harness::{
    done, execute, parse, plan_up, run, settled, swarm, swarm_of, titles, unbroken, up_well,
};
use crate::inventories::{generated_pair, shipped};
use crate::order::before;
use crate::sim::{Fault, Random, When};

/// How many pairs are drawn.
const PAIRS: u64 = 60;

#[test]
fn one_up_leads_from_any_inventory_to_any_other() {
    let mut came = 0;
    for seed in 0..PAIRS {
        let [a, b] = generated_pair(seed).map(|text| parse(&text));
        run(async {
            let sim = swarm_of(&[&a, &b], seed);
            up_well(&sim, &a).await;
            for to in [&b, &a] {
                let (plan, seen) = plan_up(&sim, to).await;
                if !plan.refusals.is_empty() {
                    continue;
                }
                let run = execute(&sim, &plan, seen).await;
                done(&plan, &run);
                settled(&sim, to).await;
                came += 1;
            }
            unbroken(&sim);
        });
    }
    assert!(came > PAIRS, "most are refused: {came}");
}

#[test]
fn killed_on_the_way_it_still_gets_there() {
    for seed in 0..PAIRS {
        let [a, b] = generated_pair(seed).map(|text| parse(&text));
        run(async {
            let sim = swarm_of(&[&a, &b], seed);
            up_well(&sim, &a).await;
            let call = usize::try_from(Random::new(seed).within(1, 12)).expect("small");
            sim.plant(call, Fault::Kill, When::After);
            let (plan, seen) = plan_up(&sim, &b).await;
            if !plan.refusals.is_empty() {
                return;
            }
            execute(&sim, &plan, seen).await;
            // Swarm has seen by then which tasks must leave.
            tokio::time::sleep(Duration::from_secs(1)).await;
            up_well(&sim, &b).await;
            settled(&sim, &b).await;
            unbroken(&sim);
        });
    }
}

#[test]
fn a_role_that_moves_is_handed_over_one_host_after_the_other() {
    let a = parse(shipped()[2]);
    let mut b = a.clone();
    let two = |role| {
        let hosts = a.hosts.iter().enumerate();
        let with = hosts.filter(move |(_, host)| host.roles.contains(&role));
        with.map(|(at, _)| at).take(2).collect::<Vec<_>>()
    };
    for at in two(Role::Query) {
        b.hosts[at].roles.remove(&Role::Query);
    }
    for at in two(Role::Manager) {
        b.hosts[at].roles.insert(Role::Query);
    }
    run(async {
        let sim = swarm(&a, 5);
        up_well(&sim, &a).await;
        let plan = up_well(&sim, &b).await;
        let unlabels: Vec<usize> = (0..plan.steps.len())
            .filter(|id| plan.steps[*id].action.title().starts_with("unlabel"))
            .collect();
        let &[first, second] = unlabels.as_slice() else {
            panic!("{:?}", titles(&plan));
        };
        let before_second = before(&plan, second);
        let waits = |id: usize| {
            let title = plan.steps[id].action.title();
            let gate = matches!(plan.steps[id].action, Action::Await { .. });
            (gate && before(&plan, id).contains(&first)).then_some(title)
        };
        let waits: Vec<String> = before_second.iter().filter_map(|id| waits(*id)).collect();
        assert_eq!(
            waits,
            [
                "wait for querynode: gone from node04",
                "wait for querynode: 5 registered in etcd"
            ]
        );
        settled(&sim, &b).await;
        unbroken(&sim);
    });
}
