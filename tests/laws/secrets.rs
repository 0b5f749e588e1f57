//! A credential's bytes are in Swarm's secrets and nowhere else.

use std::collections::{BTreeMap, BTreeSet};

use milvus_swarm::hear;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{Action, Plan, SecretSource, Step};
use milvus_swarm::render::Sources;
use milvus_swarm::spec::{SecretRef, ServiceSpec};
use milvus_swarm::system::{milvus, minio};
use milvus_swarm::topology::UNTOLD_LABEL;
use milvus_swarm::wanted::{Anew, Cluster, Renewal};

use crate::harness::{
    by_hand, cluster, done, down_well, execute, parse, plan_up, run, settled, swarm, up_well,
};
use crate::inventories;
use crate::sim::{Fault, Sim, When};

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
                assert_eq!(bytes.len(), 3);
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
                up_well(&sim, &inventory).await;
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

/// Somebody changed root's password through Milvus, and told the cluster by a secret of the next
/// generation.
#[test]
fn another_generation_of_a_secret_comes_to_those_that_mount_it_and_to_nobody_else() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 3);
            up_well(&sim, &inventory).await;
            let first = format!("{}-{}-v1", inventory.name, milvus::SECRET);
            let next = format!("{}-{}-v2", inventory.name, milvus::SECRET);
            // Coordinators mount it under another name, for the first start of all.
            let mounts = |spec: &ServiceSpec, name: &str| {
                let mut secrets = spec.task_template.container_spec.secrets.iter();
                let under = |secret: &SecretRef| Some(secret.file.as_ref()?.name.clone());
                secrets.any(|secret| {
                    secret.name == *name && under(secret).as_deref() == Some(milvus::SECRET)
                })
            };
            let had: Vec<String> = sim
                .look()
                .services
                .into_values()
                .filter(|service| mounts(&service.spec, &first))
                .map(|service| service.spec.name)
                .collect();
            assert!(!had.is_empty());
            sim.with(|world| {
                let secret = world.secrets[&first].clone();
                world.secrets.insert(next.clone(), secret);
            });
            let plan = up_well(&sim, &inventory).await;
            let updated = plan.steps.iter().filter_map(|step| match &step.action {
                Action::UpdateService { name, .. } => Some(name.clone()),
                Action::CreateService { spec } => panic!("{} is made", spec.name),
                _ => None,
            });
            let updated: BTreeSet<String> = updated.collect();
            assert_eq!(updated, had.iter().cloned().collect());
            let seen = sim.look();
            assert!(
                had.iter()
                    .all(|name| mounts(&seen.services[name].spec, &next))
            );
            settled(&sim, &inventory).await;
        });
    }
}

/// A secret of root's password.
fn generation_of(inventory: &Inventory, generation: u32) -> String {
    format!("{}-{}-v{generation}", inventory.name, milvus::SECRET)
}

/// What `credentials set root` plans.
async fn plan_renewal(sim: &Sim, inventory: &Inventory) -> (Plan, Observed) {
    plan_renewal_of(sim, inventory, milvus::SECRET).await
}

async fn plan_renewal_of(sim: &Sim, inventory: &Inventory, key: &'static str) -> (Plan, Observed) {
    let renewal = Renewal {
        key,
        source: SecretSource::Generated { length: 32 },
    };
    let seen = sim.look();
    let sources = Sources::shipped();
    let anew = Anew {
        credential: Some(renewal),
        ..Anew::default()
    };
    let cluster = Cluster::renewed(inventory, Some(&seen), &sources, &anew);
    let cluster = cluster.expect("a cluster");
    let plan = hear::plan_up(sim, &cluster, inventory, &seen).await;
    crate::order::stands(&plan);
    (plan, seen)
}

/// Names of the secrets of root's password that are there, and that services mount.
fn root_secrets(sim: &Sim) -> (BTreeSet<String>, BTreeSet<String>) {
    secrets_of(sim, milvus::SECRET)
}

fn secrets_of(sim: &Sim, key: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let seen = sim.look();
    let is_one = |name: &String| name.contains(key);
    let there = seen.secrets.keys().filter(|name| is_one(name)).cloned();
    let services = seen.services.values();
    let mounted = services.flat_map(|service| {
        let secrets = service.spec.task_template.container_spec.secrets.iter();
        secrets.map(|secret| secret.name.clone())
    });
    (there.collect(), mounted.filter(is_one).collect())
}

#[test]
fn another_root_password_is_told_then_mounted_and_the_former_secret_goes() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 8);
            up_well(&sim, &inventory).await;
            // From 2.4 on the coordinator keeps what it has for a first start.
            let proxies = milvus::PROXY.service(&inventory.name, milvus::PROXY.name);
            let first = generation_of(&inventory, 1);
            let services = sim.look().services;
            let mut others = services.iter().filter(|(name, _)| **name != proxies);
            let keeps = others.any(|(_, service)| {
                let mut secrets = service.spec.task_template.container_spec.secrets.iter();
                secrets.any(|secret| secret.name == first)
            });
            for generation in 2..4 {
                let (plan, seen) = plan_renewal(&sim, &inventory).await;
                assert_eq!(plan.refusals, []);
                let told = plan.steps.iter().position(is_renewal).expect("it is told");
                for (id, step) in plan.steps.iter().enumerate() {
                    if let Action::UpdateService { name, .. } = &step.action {
                        let before = crate::order::before(&plan, id);
                        assert!(before.contains(&told), "{name} restarts too early");
                    }
                }
                let updates = plan.steps.iter().filter_map(|step| match &step.action {
                    Action::UpdateService { name, .. } => Some(name.clone()),
                    _ => None,
                });
                let one = BTreeSet::from([proxies.clone()]);
                assert_eq!(updates.collect::<BTreeSet<_>>(), one, "only they restart");
                let ran = execute(&sim, &plan, seen).await;
                done(&plan, &ran);
                let name = generation_of(&inventory, generation);
                let first = keeps.then(|| first.clone());
                let kept: BTreeSet<String> = first.into_iter().chain([name.clone()]).collect();
                assert_eq!(root_secrets(&sim), (kept.clone(), kept));
                assert_eq!(
                    sim.with(|world| world.data.root_password.clone()),
                    Some(name)
                );
                settled(&sim, &inventory).await;
            }
        });
    }
}

#[test]
fn killed_at_any_call_of_a_change_of_the_root_password_up_goes_on() {
    let inventory = parse(inventories::shipped()[1]);
    for at in 1.. {
        let calls = run(async {
            let sim = swarm(&inventory, 8);
            up_well(&sim, &inventory).await;
            sim.plant(at, Fault::Kill, When::After);
            let (plan, seen) = plan_renewal(&sim, &inventory).await;
            let ran = execute(&sim, &plan, seen).await;
            let died = ran.outcome.is_none();
            up_well(&sim, &inventory).await;
            settled(&sim, &inventory).await;
            let (there, mounted) = root_secrets(&sim);
            assert!(there.is_superset(&mounted), "call {at}");
            let told = sim.with(|world| world.data.root_password.clone());
            assert_eq!(mounted.into_iter().next_back(), told, "call {at}");
            died
        });
        if !calls {
            assert!(at > 3, "nothing was killed");
            return;
        }
    }
}

fn is_renewal(step: &Step) -> bool {
    matches!(step.action, Action::RenewPassword { .. })
}

/// Killed between the secret and Milvus: nobody comes to mount what Milvus may not know.
#[test]
fn a_password_that_milvus_was_not_told_of_is_mounted_by_nobody() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 8);
        up_well(&sim, &inventory).await;
        let name = |generation: u32| generation_of(&inventory, generation);
        sim.with(|world| {
            let mut secret = world.secrets[&name(1)].clone();
            secret
                .labels
                .insert(UNTOLD_LABEL.to_owned(), "true".to_owned());
            world.secrets.insert(name(2), secret);
        });
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert_eq!(plan.steps, []);
        let told = plan
            .warnings
            .iter()
            .any(|line| line.contains("was not told of"));
        assert!(told, "{:?}", plan.warnings);
        let (plan, seen) = plan_renewal(&sim, &inventory).await;
        let ran = execute(&sim, &plan, seen).await;
        done(&plan, &ran);
        let third = BTreeSet::from([name(1), name(3)]);
        assert_eq!(root_secrets(&sim), (third.clone(), third));
        settled(&sim, &inventory).await;
    });
}

/// A service of somebody else may mount the former one, which then can't go.
#[test]
fn a_former_secret_that_stays_is_pointed_out_and_keeps_nobody_busy() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 8);
        up_well(&sim, &inventory).await;
        let mut former = BTreeMap::new();
        for _ in 0..2 {
            let (plan, seen) = plan_renewal(&sim, &inventory).await;
            former = seen.secrets.clone();
            let ran = execute(&sim, &plan, seen).await;
            done(&plan, &ran);
        }
        sim.with(|world| world.secrets.extend(former));
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert_eq!(plan.steps, []);
        let told = plan
            .warnings
            .iter()
            .any(|line| line.contains("docker secret rm"));
        assert!(told, "{:?}", plan.warnings);
    });
}

/// A coordinator that is made again has the newest for its first start, and the former one goes.
#[test]
fn a_coordinator_that_is_made_again_mounts_the_newest_root_password() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 8);
        up_well(&sim, &inventory).await;
        let (plan, seen) = plan_renewal(&sim, &inventory).await;
        let ran = execute(&sim, &plan, seen).await;
        done(&plan, &ran);
        let mixcoord = milvus::MIXCOORD.service(&inventory.name, milvus::MIXCOORD.name);
        let gone = sim.with(|world| world.services.remove(&mixcoord));
        assert!(gone.is_some());
        up_well(&sim, &inventory).await;
        let second = BTreeSet::from([generation_of(&inventory, 2)]);
        assert_eq!(root_secrets(&sim), (second.clone(), second));
        settled(&sim, &inventory).await;
    });
}

/// The users that MinIO knows.
fn users(sim: &Sim) -> BTreeSet<String> {
    sim.with(|world| world.data.users.clone())
}

#[test]
fn milvus_has_a_user_of_its_own_and_not_the_root_of_minio() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 8);
            let plan = up_well(&sim, &inventory).await;
            let user = format!("{}-{}-v1", inventory.name, minio::MILVUS);
            assert_eq!(users(&sim), BTreeSet::from([user]));
            let is_milvus = |spec: &ServiceSpec| spec.name.contains("-milvus_");
            for service in sim.look().services.values() {
                let secrets = service.spec.task_template.container_spec.secrets.iter();
                let mut names = secrets.map(|secret| &secret.name);
                let has_root = names.any(|name| name.contains(minio::SECRET));
                assert!(
                    !(has_root && is_milvus(&service.spec)),
                    "{}",
                    service.spec.name
                );
            }
            let waits = plan.steps.iter().position(
                |step| matches!(&step.action, Action::Await { gate } if gate.to_string().contains("Milvus gets in")),
            );
            let waits = waits.expect("it is waited for");
            for (id, step) in plan.steps.iter().enumerate() {
                if matches!(&step.action, Action::CreateService { spec } if is_milvus(spec)) {
                    assert!(
                        crate::order::before(&plan, id).contains(&waits),
                        "too early"
                    );
                }
            }
        });
    }
}

/// Both users are known until no task is the former one any more.
#[test]
fn another_user_of_minio_is_made_then_milvus_is_it_and_the_former_goes() {
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 8);
            up_well(&sim, &inventory).await;
            for generation in 2..4 {
                let (plan, seen) = plan_renewal_of(&sim, &inventory, minio::MILVUS).await;
                assert_eq!(plan.refusals, []);
                let ran = execute(&sim, &plan, seen).await;
                done(&plan, &ran);
                let name = format!("{}-{}-v{generation}", inventory.name, minio::MILVUS);
                let one = BTreeSet::from([name]);
                assert_eq!(secrets_of(&sim, minio::MILVUS), (one.clone(), one.clone()));
                assert_eq!(users(&sim), one);
                settled(&sim, &inventory).await;
            }
        });
    }
}

#[test]
fn killed_at_any_call_of_a_change_of_the_user_of_minio_up_goes_on() {
    let inventory = parse(inventories::shipped()[1]);
    for when in [When::Before, When::After] {
        for at in 1.. {
            let died = run(async {
                let sim = swarm(&inventory, 8);
                up_well(&sim, &inventory).await;
                sim.plant(at, Fault::Kill, when);
                let (plan, seen) = plan_renewal_of(&sim, &inventory, minio::MILVUS).await;
                let ran = execute(&sim, &plan, seen).await;
                up_well(&sim, &inventory).await;
                settled(&sim, &inventory).await;
                let (there, mounted) = secrets_of(&sim, minio::MILVUS);
                assert_eq!(there, mounted, "call {at}");
                assert_eq!(there.len(), 1, "call {at}: {there:?}");
                assert_eq!(users(&sim), mounted, "call {at}");
                ran.outcome.is_none()
            });
            if !died {
                assert!(at > 5, "nothing was killed");
                break;
            }
        }
    }
}

/// As a version of this tool left it in which Milvus was the root of MinIO.
#[test]
fn a_cluster_of_before_gets_a_user_of_minio_and_milvus_restarts_once() {
    let inventory = parse(inventories::shipped()[1]);
    for at in 1.. {
        let died = run(async {
            let sim = swarm(&inventory, 8);
            up_well(&sim, &inventory).await;
            let key = minio::MILVUS;
            let root = format!("{}-{}-v1", inventory.name, minio::SECRET);
            let names: Vec<String> = sim.look().services.into_keys().collect();
            for name in names {
                by_hand(&sim, &name, |spec| {
                    for secret in &mut spec.task_template.container_spec.secrets {
                        if secret.name.contains(key) {
                            secret.name.clone_from(&root);
                        }
                    }
                });
            }
            sim.with(|world| {
                world.secrets.retain(|name, _| !name.contains(key));
                world.data.users.clear();
            });
            tokio::time::sleep(std::time::Duration::from_secs(120)).await;
            sim.plant(at, Fault::Kill, When::After);
            let (plan, seen) = plan_up(&sim, &inventory).await;
            assert_eq!(plan.refusals, []);
            let ran = execute(&sim, &plan, seen).await;
            up_well(&sim, &inventory).await;
            settled(&sim, &inventory).await;
            let (there, mounted) = secrets_of(&sim, key);
            assert_eq!((there.len(), &there), (1, &mounted), "call {at}");
            assert_eq!(users(&sim), mounted, "call {at}");
            ran.outcome.is_none()
        });
        if !died {
            assert!(at > 5, "nothing was killed");
            return;
        }
    }
}
