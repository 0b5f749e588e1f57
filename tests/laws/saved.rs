//! A plan that is written to a file and read back is the same plan. Every plan that any other law
//! makes goes through [`survives`].

use milvus_swarm::plan::{Action, FORMAT, Plan, SavedError, stands};
use milvus_swarm::report::{Style, plan_text};
use milvus_swarm::spec::Change;
use serde_json::{Value, json};

use crate::harness::{by_hand, parse, plan_up, run, swarm, up_well};
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

/// What somebody put into a service by hand is in the plan that is executed, and in none that is
/// shown or saved.
#[test]
fn what_people_put_in_by_hand_is_not_shown() {
    const CANARY: &str = "hunter2-by-hand";
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 1);
            up_well(&sim, &inventory).await;
            let names: Vec<String> = sim.look().services.into_keys().collect();
            for name in &names {
                by_hand(&sim, name, |spec| {
                    spec.labels
                        .insert("api-token".to_owned(), CANARY.to_owned());
                    let container = &mut spec.task_template.container_spec;
                    container.env.push(format!("S3_KEY={CANARY}"));
                });
            }
            let (plan, _) = plan_up(&sim, &inventory).await;
            let shown = plan.shown();
            let written = serde_json::to_string_pretty(&shown).expect("JSON");
            let text = plan_text(&shown, Style::default());
            for said in [&written, &text] {
                let at = said.find(CANARY);
                let at = at.map(|at| &said[at.saturating_sub(120)..at]);
                assert_eq!(at, None);
            }
            assert!(text.contains("env.S3_KEY: (hidden) -> (none)"), "{text}");
            assert!(
                text.contains("labels.api-token: (hidden) -> (none)"),
                "{text}"
            );
            let executed = serde_json::to_string(&plan).expect("JSON");
            assert!(executed.contains(CANARY));
            let saved = Plan::read(&written, &plan.cluster).expect("a plan");
            assert_eq!(saved.is_still(&plan), Ok(()));
        });
    }
}

/// Where nobody put anything in, nothing is hidden.
#[test]
fn what_is_of_this_tool_is_shown() {
    for seed in 0..6 {
        let inventory = parse(&inventories::generated(seed));
        run(async {
            let sim = swarm(&inventory, seed);
            up_well(&sim, &inventory).await;
            let mut other = inventory.clone();
            other.config = json!({ "queryNode": { "gracefulStopTimeout": 601 } });
            let (plan, _) = plan_up(&sim, &other).await;
            assert!(!plan.is_empty());
            assert!(plan.shown() == plan, "{:?}", plan.shown());
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

/// Plans of the format before had no number of it.
#[test]
fn a_plan_of_another_format_is_told_from_a_broken_one() {
    let plan = Plan {
        cluster: "prod".to_owned(),
        ..Plan::default()
    };
    let mut value = json!(plan);
    for (format, says) in [(None, "format 1,"), (Some(FORMAT + 1), "format 3,")] {
        let fields = value.as_object_mut().expect("an object");
        fields.remove("format");
        fields.extend(format.map(|format| ("format".to_owned(), json!(format))));
        let error = Plan::read(&value.to_string(), "prod").expect_err("another format");
        assert!(error.to_string().contains(says), "{error}");
    }
    let error = Plan::read("{}", "prod").expect_err("nothing");
    assert!(matches!(error, SavedError::Malformed(_)), "{error}");
}
