//! From any inventory to any other of the same cluster: what was planned is all that is to do.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use milvus_swarm::inventory::THREE_HOST;
use milvus_swarm::plan::Action;
use milvus_swarm::role::Role;

use crate::harness::{
    done, execute, parse, plan_up, run, settled, swarm, swarm_of, titles, unbroken, up_well,
};
use crate::inventories::{generated_pair, shipped};
use crate::order::before;
use crate::sim::{Fault, Random, When};

/// Pairs that broke a law once, beyond those that are always drawn.
const KNOWN: [u64; 6] = [70, 277, 515, 1114, 1161, 2846];

/// The pairs that are drawn; `MILVUS_SWARM_PAIRS=40..2000` draws others, for a long search.
fn pairs() -> Vec<u64> {
    let Ok(text) = std::env::var("MILVUS_SWARM_PAIRS") else {
        return (0..40).chain(KNOWN).collect();
    };
    let Some((first, end)) = text.split_once("..") else {
        panic!("MILVUS_SWARM_PAIRS is not like 40..2000: {text}");
    };
    let number = |text: &str| {
        text.parse()
            .expect("MILVUS_SWARM_PAIRS is not like 40..2000")
    };
    (number(first)..number(end)).collect()
}

/// Holds a law for every pair, and names all that break it.
pub fn each(law: impl Fn(u64)) {
    let broken: Vec<u64> = pairs()
        .into_iter()
        .filter(|seed| catch_unwind(AssertUnwindSafe(|| law(*seed))).is_err())
        .collect();
    assert!(broken.is_empty(), "pairs that break it: {broken:?}");
}

/// No host has a port twice: who has it goes before who gets it comes, in each direction.
#[test]
fn a_balancer_takes_the_port_over_and_gives_it_back() {
    let text = |publish: &str| format!("{THREE_HOST}\npublish: {publish}\n");
    for publish in ["{ proxy: 19530 }", "{ proxy: 19530, minio: 9000 }"] {
        let without = parse(&text(publish));
        let with = parse(&text(publish).replace("[manager,", "[balancer, manager,"));
        run(async {
            let sim = swarm_of(&[&without, &with], 1);
            up_well(&sim, &without).await;
            for to in [&with, &without, &with] {
                up_well(&sim, to).await;
                settled(&sim, to).await;
            }
        });
    }
}

#[test]
fn one_up_leads_from_any_inventory_to_any_other() {
    let came = Cell::new(0);
    each(|seed| {
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
                came.set(came.get() + 1);
            }
            unbroken(&sim);
        });
    });
    let (came, pairs) = (came.get(), pairs().len());
    assert!(
        came > pairs,
        "most are refused: {came} of {pairs} both ways"
    );
}

#[test]
fn killed_on_the_way_it_still_gets_there() {
    each(|seed| {
        let [a, b] = generated_pair(seed).map(|text| parse(&text));
        run(async {
            let sim = swarm_of(&[&a, &b], seed);
            up_well(&sim, &a).await;
            let (plan, seen) = plan_up(&sim, &b).await;
            if !plan.refusals.is_empty() || plan.steps.is_empty() {
                return;
            }
            let steps = u64::try_from(plan.steps.len()).expect("small");
            let call = usize::try_from(Random::new(seed).within(1, steps)).expect("small");
            sim.plant(call, Fault::Kill, When::After);
            execute(&sim, &plan, seen).await;
            // Swarm has seen by then which tasks must leave.
            tokio::time::sleep(Duration::from_secs(1)).await;
            up_well(&sim, &b).await;
            settled(&sim, &b).await;
            unbroken(&sim);
        });
    });
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

/// What stands before Milvus is renewed after Milvus, one task after the other; and where a run died once it
/// was made, the next one waits for it after the proxies, however long these take.
#[test]
fn balancers_come_after_all_that_they_stand_before() {
    let with = |more: &str| {
        let text = THREE_HOST.replace("[manager,", "[balancer, manager,");
        parse(&text.replace("roles:\n", &format!("roles:\n{more}")))
    };
    let limits = "  balancer: { memory: { limit: 2GiB } }\n  proxy: { memory: { limit: 2GiB } }\n";
    run(async {
        let sim = swarm_of(&[&with("")], 3);
        up_well(&sim, &with("")).await;
        let (plan, _) = plan_up(&sim, &with(limits)).await;
        let of = |part: &str| {
            let steps = plan.steps.iter().enumerate();
            let update = |action: &Action| matches!(action, Action::UpdateService { .. });
            let steps = steps.filter(|(_, step)| step.part == part && update(&step.action));
            steps.map(|(id, _)| id).collect::<Vec<_>>()
        };
        let (balancers, proxies) = (of("haproxy"), of("proxy"));
        assert_eq!(
            (balancers.len(), proxies.len()),
            (3, 3),
            "{:?}",
            titles(&plan)
        );
        for balancer in balancers {
            let passed = before(&plan, balancer);
            assert!(proxies.iter().all(|proxy| passed.contains(proxy)));
        }
        up_well(&sim, &with(limits)).await;
        settled(&sim, &with(limits)).await;
    });
    run(async {
        let without = parse(THREE_HOST);
        // Each call may be the one that makes them.
        for call in 1..12 {
            let sim = swarm_of(&[&without, &with("")], 4);
            up_well(&sim, &without).await;
            let (plan, seen) = plan_up(&sim, &with("")).await;
            sim.plant(call, Fault::Kill, When::After);
            execute(&sim, &plan, seen).await;
            let (plan, seen) = plan_up(&sim, &with("")).await;
            let is_there = seen.services.keys().any(|name| name.ends_with("_haproxy"));
            let waits = plan.steps.iter().position(|step| step.part == "haproxy");
            let rolls = plan.steps.iter().enumerate().filter(|(_, step)| {
                step.part == "proxy" && matches!(step.action, Action::UpdateService { .. })
            });
            let rolls: Vec<usize> = rolls.map(|(id, _)| id).collect();
            let (true, Some(waits), false) = (is_there, waits, rolls.is_empty()) else {
                continue;
            };
            let passed = before(&plan, waits);
            assert!(
                rolls.iter().all(|id| passed.contains(id)),
                "{:?}",
                titles(&plan)
            );
            up_well(&sim, &with("")).await;
            settled(&sim, &with("")).await;
            return;
        }
        panic!("no run died between a balancer and the proxies before it");
    });
}
