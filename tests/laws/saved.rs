//! A plan that is written to a file and read back is the same plan. Every plan that any other law
//! makes goes through [`survives`].

use milvus_swarm::plan::{Action, Plan, SavedError, stands};
use milvus_swarm::spec::Change;
use serde_json::{Value, json};

use crate::harness::{parse, plan_up, run, swarm, up_well};
use crate::inventories;

/// As `plan --out FILE` writes and `up FILE` reads.
pub fn survives(plan: &Plan) {
    let text = serde_json::to_string_pretty(plan).expect("JSON");
    let back = Plan::read(&text, &plan.cluster).expect("what was written can be read");
    // Compared first as a whole: what differs would fill pages.
    assert!(back == *plan, "{text}");
    if plan.refusals.is_empty() {
        assert_eq!(stands(plan, &back), Ok(()));
    }
}

#[test]
fn generated_clusters_give_plans_that_survive() {
    for seed in 0..24 {
        let inventory = parse(&inventories::generated(seed));
        run(async {
            let sim = swarm(&inventory, seed);
            up_well(&sim, &inventory).await;
            let names: Vec<String> = sim.look().services.into_keys().collect();
            for name in &names {
                sim.with(|world| world.meddle(name, true));
            }
            let (plan, _) = plan_up(&sim, &inventory).await;
            assert!(!plan.is_empty());
        });
    }
}

#[test]
fn a_side_that_is_null_is_there() {
    let change = Change {
        path: "env.A".to_owned(),
        from: None,
        to: Some(Value::Null),
    };
    let text = json!(change).to_string();
    let back: Change = serde_json::from_str(&text).expect("a change");
    assert_eq!(back, change);
}

#[test]
fn steps_that_wait_for_themselves_or_for_later_ones_are_no_plan() {
    let inventory = parse(inventories::shipped()[0]);
    let plan = run(async {
        let sim = swarm(&inventory, 1);
        plan_up(&sim, &inventory).await.0
    });
    let last = plan.steps.len() - 1;
    for after in [last, last + 1, usize::MAX] {
        let mut broken = plan.clone();
        broken.steps[last].after = vec![0, after];
        let text = json!(broken).to_string();
        let error = Plan::read(&text, &plan.cluster).expect_err("it can't be executed");
        assert!(
            matches!(error, SavedError::Order { step, after: found, .. }
                if step == last && found == after),
            "{error}"
        );
    }
    let error = Plan::read(&json!(plan).to_string(), "other").expect_err("another cluster");
    assert!(error.to_string().contains("`other`"), "{error}");
    assert!(matches!(plan.steps[0].action, Action::LabelNode { .. }));
}
