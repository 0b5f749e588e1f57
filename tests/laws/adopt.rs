//! What `docker stack deploy` made of the rendered files is taken over, and the plan says so.

use std::rc::Rc;

use milvus_swarm::plan::{Action, Because};
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::spec::APPLIED_LABEL;
use milvus_swarm::system;

use crate::harness::{clean, parse, plan_up, run, swarm, up_well};
use crate::inventories;
use crate::sim::Sim;

/// `docker stack deploy` posts the same specs, without our mark: no task restarts.
fn deploy_by_hand(sim: &Sim) {
    sim.with(|world| {
        for service in world.services.values_mut() {
            Rc::make_mut(&mut service.spec).labels.remove(APPLIED_LABEL);
        }
    });
}

#[test]
fn what_is_as_wanted_is_adopted_with_nothing_to_do() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 5);
            up_well(&sim, &inventory).await;
            let (plan, _) = plan_up(&sim, &inventory).await;
            assert_eq!(plan.adopted, [""; 0]);
            deploy_by_hand(&sim);
            let (plan, seen) = plan_up(&sim, &inventory).await;
            assert!(plan.is_empty());
            let mut adopted = plan.adopted.clone();
            adopted.sort();
            assert!(adopted.iter().eq(seen.services.keys()), "{adopted:?}");
            let text = plan_text(&plan, Style::default());
            assert!(text.contains("nothing to do"), "{text}");
            let line = format!(
                "= adopt service {}-milvus_proxy (made by docker stack deploy; as wanted)",
                inventory.name
            );
            assert!(text.contains(&line), "{text}");
        });
    }
}

#[test]
fn what_is_not_as_wanted_is_changed_because_it_is_adopted_and_ours_from_then_on() {
    let inventory = parse(inventories::shipped()[2]);
    let mut other = inventory.clone();
    let image = "milvusdb/milvus:v2.3.99".to_owned();
    other.images.overrides.insert(system::milvus::IMAGE, image);
    run(async {
        let sim = swarm(&inventory, 5);
        up_well(&sim, &inventory).await;
        deploy_by_hand(&sim);
        let plan = up_well(&sim, &other).await;
        let updated = plan.steps.iter().filter(|step| {
            let first = |turn: &milvus_swarm::plan::Turn| turn.nth == 1;
            matches!(&step.action, Action::UpdateService { turn, .. } if turn.as_ref().is_none_or(first))
        });
        let mut count = 0;
        for step in updated {
            assert_eq!(step.because, Because::Adopted, "{}", step.action.title());
            count += 1;
        }
        assert!(count > 3);
        assert!(
            !plan.adopted.is_empty(),
            "etcd and the like stay as they are"
        );
        let text = plan_text(&plan, Style::default());
        assert!(text.contains("adopted and changed"), "{text}");
        assert!(text.contains("= adopt service"), "{text}");
        let (after, _) = plan_up(&sim, &other).await;
        assert!(after.is_empty());
        assert_eq!(after.adopted.len(), plan.adopted.len());
        clean(&sim);
    });
}
