//! Names: those that others have taken, and those that nobody can look up yet.

use milvus_swarm::execute::Outcome;
use milvus_swarm::plan::Action;
use milvus_swarm::spec::Healthcheck;

use crate::harness::{done, execute, parse, plan_up, run, settled, swarm, unbroken, up_well};
use crate::inventories::shipped;
use crate::sim::{Fault, When};

#[test]
fn a_name_taken_at_any_call_ends_the_run_and_is_refused_until_it_is_free() {
    let inventory = parse(shipped()[1]);
    let calls = run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        sim.calls()
    });
    let mut taken = 0;
    for at in 1..=calls {
        run(async {
            let sim = swarm(&inventory, 1);
            sim.plant(at, Fault::Take, When::Before);
            let (plan, seen) = plan_up(&sim, &inventory).await;
            let outcome = execute(&sim, &plan, seen).await.outcome;
            let Some(Outcome::Failed(step, failure)) = outcome else {
                // The call makes nothing that has a name.
                assert_eq!(outcome, Some(Outcome::Done), "call {at}");
                return;
            };
            assert!(failure.moved, "{failure:?}");
            taken += 1;
            let (again, _) = plan_up(&sim, &inventory).await;
            let rules: Vec<&str> = again.refusals.iter().map(|no| no.rule.as_str()).collect();
            assert_eq!(rules, ["name-taken"], "{}", plan.steps[step].action.title());

            sim.with(|world| world.others.names.clear());
            up_well(&sim, &inventory).await;
            settled(&sim, &inventory).await;
            unbroken(&sim);
        });
    }
    assert!(taken > 10, "hardly anything has a name: {taken} of {calls}");
}

/// The Swarm of these laws keeps names back as a real one does: who adds a health check to
/// members that find each other by name waits for ever, which is why such an edit is refused.
#[test]
fn members_with_a_health_check_never_find_each_other() {
    let inventory = parse(shipped()[1]);
    for (checked, comes_up) in [("etcd-", false), ("zookeeper-", false), ("bookie-", true)] {
        run(async {
            let sim = swarm(&inventory, 2);
            let (mut plan, seen) = plan_up(&sim, &inventory).await;
            for step in &mut plan.steps {
                if let Action::CreateService { spec } = &mut step.action
                    && spec.name.contains(checked)
                {
                    let container = &mut spec.task_template.container_spec;
                    container.healthcheck = Some(Healthcheck::default());
                }
            }
            let run = execute(&sim, &plan, seen).await;
            if comes_up {
                done(&plan, &run);
                return;
            }
            let Some(Outcome::Shut(step, _)) = run.outcome else {
                panic!("{checked}: {:?}", run.outcome);
            };
            let title = plan.steps[step].action.title().to_lowercase();
            assert!(title.contains(checked.trim_end_matches('-')), "{title}");
            let seen = sim.look();
            let stuck = seen
                .tasks
                .iter()
                .filter(|task| task.service.contains(checked));
            assert!(stuck.into_iter().all(|task| task.state == "starting"));
        });
    }
}
