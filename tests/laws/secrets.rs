//! A credential's bytes are in Swarm's secrets and nowhere else.

use crate::harness::{cluster, down_well, execute, parse, plan_up, run, swarm};
use crate::inventories;

/// Everything that a run leaves in files, terminals and Swarm's own objects.
#[test]
fn secrets_are_in_no_plan_event_spec_or_rendered_file() {
    let canary = "credentials:\n  minio_password: { file: /secrets/minio }\n  root_password: { file: /secrets/root }\n";
    for text in inventories::shipped() {
        for text in [text.to_owned(), format!("{text}{canary}")] {
            let inventory = parse(&text);
            run(async {
                let sim = swarm(&inventory, 1);
                let (plan, seen) = plan_up(&sim, &inventory).await;
                let run = execute(&sim, &plan, seen).await;
                let seen = sim.look();
                let cluster = cluster(&inventory, &seen);
                let bytes = sim.with(|world| world.secret_bytes.clone());
                assert_eq!(bytes.len(), 2);
                let (again, _) = plan_up(&sim, &inventory).await;
                let down = down_well(&sim, &inventory, true).await;
                let told = [
                    serde_json::to_string(&[&plan, &again, &down]).expect("JSON"),
                    serde_json::to_string(&run.events).expect("JSON"),
                    serde_json::to_string(&seen).expect("JSON"),
                    format!("{:?}", cluster.files),
                    format!("{:?}", cluster.wanted),
                    format!("{inventory:?}"),
                ];
                for (name, secret) in bytes {
                    for text in &told {
                        assert!(!text.contains(&secret), "{name} is told");
                    }
                }
            });
        }
    }
}

/// The same bytes come out whatever the credentials are: nothing that is hashed, compared or
/// planned depends on them.
#[test]
fn nothing_planned_depends_on_the_bytes_of_a_secret() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        let with = |seed: u64| {
            run(async {
                let sim = swarm(&inventory, seed);
                let (plan, _) = plan_up(&sim, &inventory).await;
                crate::harness::up_well(&sim, &inventory).await;
                let specs: Vec<_> = sim
                    .look()
                    .services
                    .into_values()
                    .map(|service| service.spec)
                    .collect();
                (
                    serde_json::to_string(&plan).expect("JSON"),
                    serde_json::to_string(&specs).expect("JSON"),
                )
            })
        };
        assert_eq!(with(1), with(2));
    }
}
