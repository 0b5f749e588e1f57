//! What programs read: real outputs fit the schemas that describe them, and the schemas that the
//! repository holds are those of today.

use std::fs;

use jsonschema::Validator;
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::PRODUCTION_26;
use milvus_swarm::live::LastWords;
use milvus_swarm::plan::{Heard, Plan};
use milvus_swarm::report::{End, Line};
use milvus_swarm::schema::Schema;
use milvus_swarm::status::Status;
use milvus_swarm::what_if::{Losses, Question, answer};
use serde::Serialize;
use serde_json::{Value, json};

use crate::harness::{cluster, execute, parse, plan_down, plan_up, run, swarm};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/schema");

fn text(schema: Schema) -> String {
    schema.text().expect("a schema")
}

fn validator(schema: Schema) -> Validator {
    let schema: Value = serde_json::from_str(&text(schema)).expect("JSON");
    jsonschema::draft202012::meta::validate(&schema).expect("a schema by its own rules");
    jsonschema::draft202012::new(&schema).expect("a schema")
}

/// Where a value differs from its schema.
fn misfits(validator: &Validator, value: &impl Serialize) -> Vec<String> {
    // The text is what a program reads, not the value in memory.
    let text = serde_json::to_string(value).expect("JSON");
    let value: Value = serde_json::from_str(&text).expect("JSON");
    let errors = validator.iter_errors(&value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn fits(validator: &Validator, value: &impl Serialize) {
    assert_eq!(misfits(validator, value), Vec::<String>::new());
}

#[test]
fn committed_schemas_are_current() {
    for (name, schema) in [
        ("plan", Schema::Plan),
        ("events", Schema::Events),
        ("status", Schema::Status),
        ("what-if", Schema::WhatIf),
    ] {
        let file = format!("{FOLDER}/{name}.json");
        if std::env::var_os("UPDATE").is_some() {
            fs::write(&file, text(schema)).expect("docs/schema");
        }
        let committed = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            committed == text(schema),
            "docs/schema/{name}.json is old: run the tests with UPDATE=1"
        );
        assert_eq!(text(schema), text(schema), "the same bytes each time");
    }
}

#[test]
fn plans_fit() {
    let plans = validator(Schema::Plan);
    let inventory = parse(PRODUCTION_26);
    let seen = run(async { swarm(&inventory, 1).look() });
    let cluster = cluster(&inventory, &seen);
    let plan = cluster.plan(&inventory, &seen, &Heard::default());
    assert!(plan.steps.len() > 50);
    fits(&plans, &plan);

    // A plan that changes things, one with nothing in it and one that takes all away.
    run(async {
        let sim = swarm(&inventory, 1);
        let (plan, seen) = plan_up(&sim, &inventory).await;
        execute(&sim, &plan, seen).await;
        let more = PRODUCTION_26.replace("heap: 8GiB", "heap: 7GiB");
        for inventory in [&parse(&more), &inventory] {
            fits(&plans, &plan_up(&sim, inventory).await.0);
        }
        fits(&plans, &plan_down(&sim, &inventory, true).0);
    });
}

#[test]
fn events_fit() {
    let events = validator(Schema::Events);
    let inventory = parse(PRODUCTION_26);
    let lines: Vec<Line> = run(async {
        let sim = swarm(&inventory, 3);
        let (plan, seen) = plan_up(&sim, &inventory).await;
        let run = execute(&sim, &plan, seen).await;
        run.events
            .iter()
            .map(|event| Line::of(&plan, event))
            .collect()
    });
    let kinds = |kind: &str| {
        let of_kind = |line: &&Line| json!(line)["event"] == kind;
        lines.iter().filter(of_kind).count()
    };
    for kind in ["started", "waiting", "passed"] {
        assert!(kinds(kind) > 0, "{kind}");
    }
    for line in &lines {
        fits(&events, line);
        let told = line.text().expect("a line");
        assert_eq!(told.matches('\n').count(), 1, "one line each");
    }
    for end in [
        End::Endpoints {
            endpoints: vec!["http://10.0.0.1:19530".to_owned()],
        },
        End::Refused {
            refusals: Vec::new(),
        },
        End::Error {
            code: 6,
            message: "no".to_owned(),
            hint: None,
            logs: vec![LastWords {
                task: "etcd-0".to_owned(),
                node: "node01".to_owned(),
                state: "failed".to_owned(),
                lines: vec!["no space left on device".to_owned()],
            }],
        },
    ] {
        fits(&events, &Line::End(end));
    }
}

#[test]
fn status_fits() {
    let statuses = validator(Schema::Status);
    let inventory = parse(PRODUCTION_26);
    run(async {
        let sim = swarm(&inventory, 2);
        for round in 0..2 {
            let seen = sim.look();
            let cluster = cluster(&inventory, &seen);
            let verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
            let status = Status::of(&cluster, &inventory, &seen, &verdicts.into(), None);
            fits(&statuses, &status);
            // What is wanted is told before anything is there, too.
            assert_eq!(status.is_absent(), round == 0);
            assert_eq!(status.nodes.total, 26);
            assert!(status.components.iter().all(|row| row.desired > 0));
            let (plan, seen) = plan_up(&sim, &inventory).await;
            execute(&sim, &plan, seen).await;
        }
    });
}

#[test]
fn what_if_fits() {
    let answers = validator(Schema::WhatIf);
    let inventory = parse(PRODUCTION_26);
    run(async {
        let sim = swarm(&inventory, 2);
        let (plan, seen) = plan_up(&sim, &inventory).await;
        execute(&sim, &plan, seen).await;
        let seen = sim.look();
        let topology = cluster(&inventory, &seen).topology;
        for host in &inventory.hosts {
            for seen in [Some(&seen), None] {
                let question = Question {
                    inventory: &inventory,
                    topology: &topology,
                    seen,
                };
                let losses = Losses::read(&host.name, &inventory, seen).expect("a host");
                fits(&answers, &answer(&question, &losses));
            }
        }
    });
}

#[test]
fn what_does_not_fit_is_found() {
    let step = json!({ "part": "etcd", "action": { "action": "dance" }, "after": [], "because": "missing" });
    let plan = json!({ "cluster": "c", "steps": [step], "warnings": [], "refusals": [] });
    assert!(!misfits(&validator(Schema::Plan), &plan).is_empty());
    assert!(!misfits(&validator(Schema::Plan), &json!({ "steps": [] })).is_empty());
    assert!(!misfits(&validator(Schema::Events), &json!({ "event": "passed" })).is_empty());
    assert!(!misfits(&validator(Schema::Status), &json!({ "healthy": "yes" })).is_empty());
    fits(&validator(Schema::Plan), &Plan::default());
}
