//! A change of what Milvus runs restarts the services that it concerns and no others, in
//! upstream's upgrade order, workers one at a time.

use std::time::Duration;

use milvus_swarm::component::Component;
use milvus_swarm::event::Event;
use milvus_swarm::gate::{RENEWED, Verdict, short};
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::{Observed, Task};
use milvus_swarm::plan::{Action, Because, Heard, Plan, Verdicts};
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::system;

use crate::harness::{
    clean, done, execute, known_cluster, parse, plan_up, run, settled, swarm, titles, unbroken, up,
    up_well,
};
use crate::inventories;
use crate::sim::{Fault, Sim, SimTask, Update, When};

fn production() -> Inventory {
    parse(inventories::shipped()[2])
}

fn with_key(section: &str) -> Inventory {
    let mut other = production();
    other.config = serde_json::json!({ section: { "someKey": 1 } });
    other
}

fn with_image() -> Inventory {
    let mut other = production();
    let images = &mut other.images.overrides;
    images.insert(system::milvus::IMAGE, "milvusdb/milvus:v2.3.99".to_owned());
    other
}

/// The short names of the services that are updated, each once, in the order of the plan.
fn updated(plan: &Plan) -> Vec<String> {
    let mut names = Vec::new();
    for step in &plan.steps {
        if let Action::UpdateService { name, .. } = &step.action
            && !names.contains(&short(name).to_owned())
        {
            names.push(short(name).to_owned());
        }
    }
    names
}

fn count(sim: &Sim, component: &'static str) {
    sim.with(|world| world.watch.fewest = Some((component, usize::MAX)));
}

fn fewest(sim: &Sim) -> usize {
    sim.with(|world| world.watch.fewest.expect("it was counted").1)
}

#[test]
fn a_key_restarts_those_who_read_it() {
    for (section, readers) in [
        ("queryNode", vec!["querynode"]),
        ("indexNode", vec!["indexnode", "datacoord", "datanode"]),
        ("dataNode", vec!["datacoord", "datanode"]),
        (
            "proxy",
            vec!["rootcoord", "datacoord", "querycoord", "proxy"],
        ),
        ("rootCoord", vec!["rootcoord"]),
        ("queryCoord", vec!["querycoord"]),
        ("dataCoord", vec!["datacoord", "datanode"]),
        ("indexCoord", vec!["datacoord"]),
        ("quotaAndLimits", vec!["rootcoord", "proxy"]),
        (
            "common",
            vec![
                "indexnode",
                "rootcoord",
                "datacoord",
                "querycoord",
                "querynode",
                "datanode",
                "proxy",
            ],
        ),
    ] {
        run(async {
            let sim = swarm(&production(), 3);
            up_well(&sim, &production()).await;
            let changed = with_key(section);
            let (plan, _) = plan_up(&sim, &changed).await;
            assert_eq!(updated(&plan), readers, "{section}: {:#?}", titles(&plan));
            up_well(&sim, &changed).await;
            settled(&sim, &changed).await;
            clean(&sim);
        });
    }
}

#[test]
fn query_nodes_are_renewed_one_at_a_time() {
    run(async {
        let sim = swarm(&production(), 4);
        up_well(&sim, &production()).await;
        count(&sim, "querynode");
        let plan = up_well(&sim, &with_key("queryNode")).await;
        assert_eq!(fewest(&sim), 4, "of five");
        let turns = plan
            .steps
            .iter()
            .filter(|step| matches!(step.action, Action::UpdateService { turn: Some(_), .. }));
        assert_eq!(turns.count(), 5);
        settled(&sim, &with_key("queryNode")).await;
        // Swarm's pace between the turns is nothing that the user asked for; what they do is told.
        let text = plan_text(&plan, Style::default());
        assert!(!text.contains("update_config"), "{text}");
        let next = |line: &str| line.contains("milvus_querynode, task 1 of 5");
        let told = text.lines().skip_while(|line| !next(line)).nth(1);
        assert!(told.is_some_and(|line| line.contains(" -> ")), "{text}");
        clean(&sim);
    });
}

/// From 2.6 on a streaming node is a query node to etcd as well, and leads shards.
#[test]
fn query_nodes_beside_streaming_nodes_are_renewed_one_at_a_time() {
    let text = |line: &str| {
        format!(
            "\
name: prod
milvus: \"{line}\"
groups:
  - {{ hosts: [h1, h2, h3], roles: [manager, etcd, bookie] }}
  - {{ hosts: [h1], roles: [minio, broker] }}
  - {{ hosts: [h2, h3], roles: [coord] }}
  - {{ hosts: [h4, h5, h6], roles: [query, data] }}
"
        )
    };
    let with = |line: &str, more: &str| parse(&(text(line) + more));
    let key = "config: { queryNode: { someKey: 1 } }\n";
    run(async {
        for (line, component) in [
            ("2.6", "querynode"),
            ("2.6", "streamingnode"),
            ("3.0", "querynode"),
            ("3.0", "streamingnode"),
        ] {
            let (old, new) = (with(line, ""), with(line, key));
            let sim = swarm(&old, 4);
            up_well(&sim, &old).await;
            count(&sim, component);
            let plan = up_well(&sim, &new).await;
            assert_eq!(updated(&plan), ["streamingnode", "querynode"]);
            assert_eq!(fewest(&sim), 2, "of three");
            settled(&sim, &new).await;
            clean(&sim);
        }
    });
}

/// A streaming node whose shards nobody leads yet keeps the next one waiting.
#[test]
fn a_streaming_node_is_renewed_once_its_shards_are_led() {
    let renewed = |component: &str| {
        let row = Component::named(component).expect("a row");
        row.checks.of_tasks(RENEWED).expect("a check").asks
    };
    assert_eq!(renewed("streamingnode"), renewed("querynode"));
    assert!(renewed("streamingnode").contains(&"proxy"));
}

/// Where no component can be asked the plan waits for each first, and restarts nothing in another
/// way than one that could ask.
#[test]
fn a_deaf_plan_restarts_in_the_same_turns() {
    run(async {
        let sim = swarm(&production(), 4);
        up_well(&sim, &production()).await;
        for changed in [with_key("queryNode"), with_image()] {
            let (hearing, seen) = plan_up(&sim, &changed).await;
            let cluster = known_cluster(&changed, &seen);
            let deaf = cluster.plan(&changed, &seen, &Heard::default());
            let updates = |plan: &Plan| -> Vec<String> {
                let titles = titles(plan).into_iter();
                titles.filter(|t| t.starts_with("update ")).collect()
            };
            assert_eq!(updates(&deaf), updates(&hearing));
        }
    });
}

/// Others wait for a part that does not work: what mends it may not wait for them. One that crashes
/// again and again may look registered for a moment. One that starts works in a moment.
#[test]
fn what_does_not_work_is_mended_at_once() {
    run(async {
        let sim = swarm(&production(), 4);
        up_well(&sim, &production()).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        let changed = with_image();
        let (_, seen) = plan_up(&sim, &changed).await;
        let cluster = known_cluster(&changed, &seen);
        let mut verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
        let first = |seen: &Observed, verdicts: &Verdicts| {
            updated(&cluster.plan(&changed, seen, &verdicts.clone().into())).remove(0)
        };
        assert_eq!(first(&seen, &verdicts), "indexnode");
        let mut phases = cluster.wanted.phases.iter();
        // Those who need the root coordinator tell that it does not work.
        let phase = phases.find(|phase| phase.name == "querycoord");
        for gate in &phase.expect("a coordinator").opens {
            verdicts.insert(gate.clone(), Verdict::Waiting(Vec::new()));
        }
        assert_eq!(first(&seen, &verdicts), "rootcoord");

        // It is a part of Milvus that starts, or one that it needs.
        for starting in ["querycoord", "rootcoord", "etcd-0"] {
            let mut again = seen.clone();
            let of = |task: &&mut Task| short(&task.service) == starting;
            let task = again.tasks.iter_mut().find(of).expect("a task");
            task.state_at.clone_from(&seen.seen_at);
            let mut crashed = task.clone();
            assert_eq!(first(&again, &verdicts), "indexnode", "{starting}");
            "failed".clone_into(&mut crashed.state);
            "shutdown".clone_into(&mut crashed.desired_state);
            again.tasks.insert(0, crashed);
            assert_eq!(first(&again, &verdicts), "rootcoord", "{starting} crashes");
        }
        // A proxy needs the query coordinator, not the other way round.
        let mut again = seen.clone();
        let of = |task: &&mut Task| short(&task.service) == "proxy";
        let task = again.tasks.iter_mut().find(of).expect("a task");
        task.state_at.clone_from(&seen.seen_at);
        assert_eq!(first(&again, &verdicts), "rootcoord");
    });
}

/// What is degraded does its work, and a part that others do not need says nothing about them.
#[test]
fn query_nodes_are_handed_over_whatever_index_nodes_do() {
    run(async {
        let sim = swarm(&production(), 4);
        up_well(&sim, &production()).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        let changed = with_key("queryNode");
        let (_, seen) = plan_up(&sim, &changed).await;
        let cluster = known_cluster(&changed, &seen);
        let good = verdicts(&sim, &cluster.wanted, &seen).await;
        let turns = |part: &str, verdict: &Verdict| {
            let mut verdicts = good.clone();
            let mut phases = cluster.wanted.phases.iter();
            let phase = phases.find(|phase| phase.name == part).expect("a part");
            for gate in phase.opens.iter().chain(&phase.settles) {
                verdicts.insert(gate.clone(), verdict.clone());
            }
            let plan = cluster.plan(&changed, &seen, &verdicts.into());
            let nodes = titles(&plan).into_iter();
            let turns =
                nodes.filter(|t| t.starts_with("update service prod-milvus_querynode, task"));
            let told: Vec<String> = plan.outages.into_iter().map(|one| one.effect).collect();
            (turns.count(), told)
        };
        let dead = Verdict::Waiting(Vec::new());
        let degraded = Verdict::Partly(Vec::new());
        let handed_over = |(turns, told): (usize, Vec<String>)| {
            assert_eq!(turns, 5);
            assert!(
                told[0].starts_with("one at a time, each handed over"),
                "{told:?}"
            );
        };
        handed_over(turns("indexnode", &degraded));
        handed_over(turns("indexnode", &dead));
        handed_over(turns("querynode", &degraded));
        let (turns, told) = turns("querycoord", &dead);
        assert_eq!(turns, 0);
        assert!(
            told[0].starts_with("searches miss what they had loaded"),
            "{told:?}"
        );
    });
}

/// Each component starts to restart once all before it are renewed.
#[test]
fn a_new_image_goes_round_in_the_upgrade_order() {
    run(async {
        let sim = swarm(&production(), 5);
        up_well(&sim, &production()).await;
        let (plan, seen) = plan_up(&sim, &with_image()).await;
        let order = updated(&plan);
        assert_eq!(
            order,
            [
                "indexnode",
                "rootcoord",
                "datacoord",
                "querycoord",
                "querynode",
                "datanode",
                "proxy",
            ]
        );
        let run = execute(&sim, &plan, seen.clone()).await;
        done(&plan, &run);
        crate::ends::came_true(&plan, &seen, &sim);
        let place = |step: usize| order.iter().position(|name| *name == plan.steps[step].part);
        let mut furthest = 0;
        for event in &run.events {
            if let Event::Started { step, .. } = event
                && let Some(at) = place(*step)
            {
                assert!(
                    at >= furthest,
                    "{} came late",
                    plan.steps[*step].action.title()
                );
                furthest = at;
            }
        }
        settled(&sim, &with_image()).await;
        unbroken(&sim);
    });
}

/// A run that dies in the middle is gone on with, still one task at a time.
#[test]
fn killed_in_the_middle_of_a_roll() {
    let changed = with_key("queryNode");
    let calls = run(async {
        let sim = swarm(&production(), 6);
        up_well(&sim, &production()).await;
        let before = sim.calls();
        up_well(&sim, &changed).await;
        sim.calls() - before
    });
    for at in 1..calls {
        run(async {
            let sim = swarm(&production(), 6);
            up_well(&sim, &production()).await;
            count(&sim, "querynode");
            sim.plant(at, Fault::Kill, When::After);
            let (_, killed) = up(&sim, &changed).await;
            assert_eq!(killed.outcome, None, "call {at}");
            let plan = up_well(&sim, &changed).await;
            let text = plan_text(&plan, Style::default());
            assert!(!text.contains("86400."), "{text}");
            assert!(fewest(&sim) >= 4, "call {at}: {} of five", fewest(&sim));
            settled(&sim, &changed).await;
            clean(&sim);
        });
    }
}

/// Whatever restarts of Milvus, and wherever a run died over it, the next one does not take the
/// query nodes away together: what starts in this very moment does not count as broken.
#[test]
fn killed_in_the_middle_of_an_upgrade() {
    let changed = with_image();
    let calls = run(async {
        let sim = swarm(&production(), 8);
        up_well(&sim, &production()).await;
        let before = sim.calls();
        up_well(&sim, &changed).await;
        sim.calls() - before
    });
    for (at, wait) in (1..calls).zip([0, 1_500, 10_000].into_iter().cycle()) {
        run(async {
            let sim = swarm(&production(), 8);
            up_well(&sim, &production()).await;
            count(&sim, "querynode");
            sim.plant(at, Fault::Kill, When::After);
            let (_, killed) = up(&sim, &changed).await;
            assert_eq!(killed.outcome, None, "call {at}");
            tokio::time::sleep(Duration::from_millis(wait)).await;
            up_well(&sim, &changed).await;
            let left = fewest(&sim);
            assert!(left >= 4, "call {at}, {wait} ms: {left} of five");
            settled(&sim, &changed).await;
        });
    }
}

/// What was changed by hand is told from what the inventory changed.
#[test]
fn drift_is_told_from_a_change_of_the_inventory() {
    run(async {
        let sim = swarm(&production(), 7);
        up_well(&sim, &production()).await;
        let (plan, _) = plan_up(&sim, &with_key("queryNode")).await;
        assert!(
            plan.steps
                .iter()
                .all(|step| step.because != Because::Drifted)
        );
        sim.with(|world| world.meddle("prod-milvus_indexnode", true));
        let (plan, _) = plan_up(&sim, &production()).await;
        let drifted: Vec<&str> = plan
            .steps
            .iter()
            .filter(|step| step.because == Because::Drifted)
            .map(|step| step.part.as_str())
            .collect();
        assert_eq!(drifted, ["indexnode"]);
    });
}

/// Swarm pauses an update when a task fails, and leaves it so for good.
#[test]
fn an_update_that_swarm_paused_goes_on_once_what_failed_is_well() {
    const SERVICE: &str = "prod-milvus_rootcoord";
    run(async {
        let sim = swarm(&production(), 9);
        up_well(&sim, &production()).await;
        tokio::time::sleep(Duration::from_secs(120)).await;
        sim.with(|world| {
            let of = |task: &&mut SimTask| task.seen.service == SERVICE && !task.is_over();
            world.tasks.iter_mut().find(of).expect("a task").edition -= 1;
            world.services.get_mut(SERVICE).expect("it").update = Update::Paused;
        });
        let (plan, mut seen) = plan_up(&sim, &production()).await;
        let step = &plan.steps[0];
        assert_eq!(step.action.title(), format!("update service {SERVICE}"));
        assert_eq!(step.because, Because::Paused);
        assert_eq!(step.ends.as_ref().expect("a task").tasks, 1);
        let text = plan_text(&plan, Style::default());
        assert!(
            text.contains("the new spec runs by now: it goes on"),
            "{text}"
        );

        // As long as it fails the next one is left alone.
        let cluster = known_cluster(&production(), &seen);
        let service = seen.services[SERVICE].clone();
        let renewed = |task: &&mut Task| {
            task.service == SERVICE && task.is_wanted() && task.spec_version == service.version
        };
        let task = seen.tasks.iter_mut().find(renewed).expect("a renewed task");
        "starting".clone_into(&mut task.state);
        let verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
        let careful = cluster.plan(&production(), &seen, &verdicts.into());
        assert!(updated(&careful).is_empty(), "{:?}", titles(&careful));

        up_well(&sim, &production()).await;
        settled(&sim, &production()).await;
        unbroken(&sim);
    });
}
