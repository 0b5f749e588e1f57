//! What `status --record` writes gives the plan that would have been made on the spot, and
//! holds no secret.

use milvus_swarm::compose::image::ResolveImage;
use milvus_swarm::hear::verdicts;
use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{self, Action, Because, Heard, Leaver, Plan, Verdicts};
use milvus_swarm::role::Role;
use milvus_swarm::snapshot::{HIDDEN, Snapshot, SnapshotError};
use milvus_swarm::source::MAX_BYTES;
use milvus_swarm::spec::ServiceSpec;
use milvus_swarm::system;

use crate::harness::{cluster, execute, parse, plan_up, run, swarm, up_well};
use crate::inventories;
use crate::sim::{Fault, Sim, When};

/// As `status --record` records; with the plan that `plan` would print at that moment.
async fn recorded(sim: &Sim, inventory: &Inventory) -> (Snapshot, String, Plan) {
    let seen = sim.look();
    let cluster = cluster(inventory, &seen);
    let verdicts = verdicts(sim, &cluster.wanted, &seen).await;
    let drain = cluster.wanted.drain.as_ref();
    let leavers = drain.map(|drain| plan::leavers(&seen, &drain.service, |_| Ok(Vec::new())));
    let snapshot = Snapshot::of(&cluster, &seen, &verdicts, leavers);
    let text = snapshot.to_text(MAX_BYTES).expect("short enough");
    let live = cluster.plan(inventory, &seen, &verdicts.into());
    (snapshot, text, live)
}

/// As `plan --observed` plans.
fn replayed(text: &str, inventory: &Inventory) -> Plan {
    let snapshot = Snapshot::parse(text).expect("a snapshot");
    snapshot.check(&inventory.name).expect("the same cluster");
    let cluster = cluster(inventory, &snapshot.observed);
    let heard = snapshot.heard(&cluster.wanted, inventory.images.resolve);
    cluster.plan(inventory, &snapshot.observed, &heard)
}

#[test]
fn a_plan_from_a_record_is_the_plan_of_the_moment() {
    for (seed, text) in inventories::shipped().into_iter().enumerate() {
        let inventory = parse(text);
        for stop in [1, 30, 60, 10_000] {
            run(async {
                let sim = swarm(&inventory, seed as u64);
                sim.plant(stop, Fault::Kill, When::After);
                let (plan, seen) = plan_up(&sim, &inventory).await;
                execute(&sim, &plan, seen).await;
                let (snapshot, text, live) = recorded(&sim, &inventory).await;
                assert_eq!(Snapshot::parse(&text), Ok(snapshot));
                assert!(stop < 10_000 || live.is_empty(), "something is left to do");
                // Compared first as a whole: what differs would fill pages.
                let mut replayed = replayed(&text, &inventory);
                // Whether it could be resolved is all that a record does not know.
                let registry = |line: &String| !line.starts_with("a plan from a record asks");
                replayed.warnings.retain(registry);
                assert!(replayed == live, "after {stop} calls");
            });
        }
    }
}

#[test]
fn services_keep_their_digests_and_only_new_images_have_none() {
    let mut inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        let mut seen = sim.look();
        // As an engine gives back what was resolved.
        for service in seen.services.values_mut() {
            let image = &mut service.spec.task_template.container_spec.image;
            image.push_str(&format!("@sha256:{}", "0123456789abcdef".repeat(4)));
        }
        let cluster = cluster(&inventory, &seen);
        let verdicts = verdicts(&sim, &cluster.wanted, &seen).await;
        let snapshot = Snapshot::of(&cluster, &seen, &verdicts, None);
        let text = snapshot.to_text(MAX_BYTES).expect("short enough");
        for mode in [
            ResolveImage::Changed,
            ResolveImage::Always,
            ResolveImage::Never,
        ] {
            inventory.images.resolve = mode;
            let plan = replayed(&text, &inventory);
            assert_eq!(plan.steps, [], "{mode:?}");
            assert!(plan.warnings.iter().eq(cluster.warnings()), "{mode:?}");
        }

        // As `docker service update --image` leaves it: the label says what it said before.
        let proxy = format!("{}-milvus_proxy", inventory.name);
        let mut by_hand = snapshot.clone();
        let service = by_hand.observed.services.get_mut(&proxy).expect("a proxy");
        let image = &mut service.spec.task_template.container_spec.image;
        *image = "elsewhere/milvus:v9".to_owned();
        let by_hand = by_hand.to_text(MAX_BYTES).expect("short enough");
        for mode in [ResolveImage::Changed, ResolveImage::Never] {
            inventory.images.resolve = mode;
            let plan = replayed(&by_hand, &inventory);
            let step = &plan.steps[0];
            assert_eq!(step.because, Because::Drifted, "{mode:?}");
            let Action::UpdateService { changes, .. } = &step.action else {
                panic!("{mode:?}: {}", step.action.title());
            };
            let paths: Vec<&str> = changes.iter().map(|one| one.path.as_str()).collect();
            assert_eq!(paths[0], "image", "{mode:?}");
        }

        inventory.images.resolve = ResolveImage::Changed;
        inventory.config["queryNode"]["gracefulStopTimeout"] = 901.into();
        let mut updates = 0;
        for step in &replayed(&text, &inventory).steps {
            if let Action::UpdateService { from, spec, .. } = &step.action {
                let image = |spec: &ServiceSpec| spec.task_template.container_spec.image.clone();
                assert_eq!(image(spec), image(from), "{}", step.action.title());
                updates += 1;
            }
        }
        assert!(updates > 0, "nothing is updated");

        let other = "milvusdb/milvus:v2.3.4".to_owned();
        inventory
            .images
            .overrides
            .insert(system::milvus::IMAGE, other);
        let plan = replayed(&text, &inventory);
        let said = plan.warnings.last().map(String::as_str);
        let expected = "a plan from a record asks no registry, so these have no digest: \
                        `milvusdb/milvus:v2.3.4`";
        assert_eq!(said, Some(expected));
    });
}

#[test]
fn a_record_of_nothing_gives_the_first_plan() {
    let inventory = parse(inventories::shipped()[2]);
    run(async {
        let sim = swarm(&inventory, 1);
        let (_, text, live) = recorded(&sim, &inventory).await;
        assert!(!live.is_empty());
        let replayed = replayed(&text, &inventory);
        assert!(replayed.steps == live.steps);
        let said = replayed.warnings.last().expect("a warning of the images");
        assert!(
            said.starts_with("a plan from a record asks no registry"),
            "{said}"
        );
    });
}

#[test]
fn query_nodes_leave_in_the_recorded_order() {
    let inventory = parse(inventories::shipped()[2]);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        let (mut snapshot, ..) = recorded(&sim, &inventory).await;
        let leavers = snapshot.leavers.clone().expect("query nodes run");
        assert_eq!(leavers.len(), 5);
        let mut fewer = inventory.clone();
        fewer
            .roles
            .get_mut(&Role::Query)
            .expect("settings")
            .replicas = 3;
        let leaving = |snapshot: &Snapshot| -> Vec<String> {
            let text = snapshot.to_text(MAX_BYTES).expect("short enough");
            let titles = crate::harness::titles(&replayed(&text, &fewer));
            let unlabel = titles
                .iter()
                .filter_map(|t| t.strip_prefix("unlabel node "));
            unlabel
                .map(|t| t.trim_end_matches(" (1)").to_owned())
                .collect()
        };
        let names = |leavers: &[Leaver]| -> Vec<String> {
            leavers[..2].iter().map(|l| l.hostname.clone()).collect()
        };
        assert_eq!(leaving(&snapshot), names(&leavers));
        let turned: Vec<Leaver> = leavers.into_iter().rev().collect();
        snapshot.leavers = Some(turned.clone());
        assert_eq!(leaving(&snapshot), names(&turned));
        // Not asked: each leaves once it is seen to lead no shard, and the plan says so.
        snapshot.leavers = None;
        assert_eq!(leaving(&snapshot).len(), 2);
        let text = snapshot.to_text(MAX_BYTES).expect("short enough");
        let plan = replayed(&text, &fewer);
        let gates = crate::harness::titles(&plan);
        let sure = gates
            .iter()
            .filter(|title| title.ends_with("leads no shard"));
        assert_eq!(sure.count(), 2, "{gates:#?}");
        let said = plan
            .warnings
            .iter()
            .filter(|line| line.contains("nobody could say"));
        assert_eq!(said.count(), 2, "{:#?}", plan.warnings);
    });
}

#[test]
fn gates_that_were_not_recorded_are_unknown_and_waited_for() {
    let inventory = parse(inventories::shipped()[1]);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        let (mut snapshot, text, _) = recorded(&sim, &inventory).await;
        assert!(replayed(&text, &inventory).is_empty());
        let cluster = cluster(&inventory, &snapshot.observed);
        assert_eq!(snapshot.unknown(&cluster).len(), 0);
        let dropped = snapshot.gates.remove(0);
        assert_eq!(snapshot.unknown(&cluster), [&dropped.of]);
        let text = snapshot.to_text(MAX_BYTES).expect("short enough");
        let titles = crate::harness::titles(&replayed(&text, &inventory));
        assert!(
            titles.contains(&format!("wait for {}", dropped.of)),
            "{titles:?}"
        );
    });
}

#[test]
fn no_secret_is_recorded_and_what_people_put_in_by_hand_is_hidden() {
    const CANARY: &str = "hunter2-by-hand";
    for text in inventories::shipped() {
        let inventory = parse(text);
        run(async {
            let sim = swarm(&inventory, 1);
            up_well(&sim, &inventory).await;
            let (untouched, text, _) = recorded(&sim, &inventory).await;
            assert_eq!(
                untouched.hidden,
                Vec::<String>::new(),
                "nothing of ours is hidden"
            );
            for secret in sim.with(|world| world.secret_bytes.clone()).values() {
                assert!(!text.contains(secret), "a secret is recorded");
            }
            let mut seen = sim.look();
            by_hand(&mut seen, CANARY);
            let cluster = cluster(&inventory, &seen);
            let snapshot = Snapshot::of(&cluster, &seen, &Verdicts::new(), None);
            let text = snapshot.to_text(MAX_BYTES).expect("short enough");
            let at = text
                .find(CANARY)
                .map(|at| &text[at.saturating_sub(80)..at + 20]);
            assert_eq!(at, None);
            assert!(text.contains(HIDDEN));
            // What is hidden still differs from what is wanted: the steps are the same.
            let titles = |plan: &Plan| crate::harness::titles(plan);
            let live = cluster.plan(&inventory, &seen, &Heard::default());
            assert_eq!(titles(&replayed(&text, &inventory)), titles(&live));
        });
    }
}

/// Puts a credential wherever people put them.
fn by_hand(seen: &mut Observed, canary: &str) {
    let node = seen.nodes.first_mut().expect("a node");
    node.labels
        .insert("backup.password".to_owned(), canary.to_owned());
    let service = seen.services.values_mut().next().expect("a service");
    let before = service.spec.clone();
    service
        .spec
        .labels
        .insert("api-token".to_owned(), canary.to_owned());
    let template = &mut service.spec.task_template;
    let driver = template.log_driver.get_or_insert_default();
    driver
        .options
        .insert("splunk-key".to_owned(), canary.to_owned());
    let container = &mut template.container_spec;
    container.env.push(format!("S3_KEY={canary}"));
    container
        .labels
        .insert("Secret_Key".to_owned(), canary.to_owned());
    container.args.push(format!("--root-password={canary}"));
    container
        .args
        .extend(["--token".to_owned(), canary.to_owned()]);
    container.command.push(format!("PASSWORD={canary} exec x"));
    let check = container.healthcheck.get_or_insert_default();
    check.test = vec!["CMD-SHELL".to_owned(), format!("curl -u auth:{canary}")];
    let mut mount = milvus_swarm::spec::Mount::default();
    let options = mount.volume_options.get_or_insert_default();
    let driver = options.driver_config.get_or_insert_default();
    driver
        .options
        .insert("o".to_owned(), format!("username=a,password={canary}"));
    container.mounts.push(mount);
    let mut previous = before;
    previous
        .task_template
        .container_spec
        .env
        .push(format!("OLD={canary}"));
    service.previous_spec = Some(Box::new(previous));
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let inventory = parse(inventories::shipped()[0]);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        let (snapshot, text, _) = recorded(&sim, &inventory).await;
        // Every place at which a copy can stop.
        for end in (0..text.len() - 2)
            .step_by(211)
            .filter(|&end| text.is_char_boundary(end))
        {
            let error = Snapshot::parse(&text[..end]).expect_err("cut short");
            let short = matches!(error, SnapshotError::CutShort { .. } | SnapshotError::Empty);
            assert!(short, "{end}: {error:?}");
        }
        let (plan, _) = plan_up(&sim, &inventory).await;
        let plan = serde_json::to_string(&plan).expect("JSON");
        let says = |text: &str| Snapshot::parse(text).expect_err("not one").to_string();
        assert_eq!(
            says(&plan),
            "is a saved plan (`up FILE` takes it), not what was seen of a Swarm"
        );
        assert!(says("# an inventory\nname: a\n").starts_with("is not JSON"));
        assert!(says("\u{1}\u{2}").starts_with("is not JSON"));
        assert!(says("[1, 2]").starts_with("is JSON of another kind"));
        assert!(says(&"[".repeat(100_000)).starts_with("is not JSON"));
        let later = text.replacen("\"format\": 1", "\"format\": 2", 1);
        assert_eq!(says(&later), "has format 2, this version reads format 1");
        let odd = text.replacen("\"swarm_id\"", "\"swarm_ib\"", 1);
        assert!(
            says(&odd).contains("unknown field `swarm_ib`"),
            "{}",
            says(&odd)
        );
        let odd = text.replacen("\"tool\"", "\"extra\": 1,\n  \"tool\"", 1);
        assert!(
            says(&odd).contains("unknown field `extra`"),
            "{}",
            says(&odd)
        );
        let other = snapshot.check("other").expect_err("another cluster");
        assert!(other.to_string().contains("the inventory about `other`"));
        assert!(matches!(
            snapshot.to_text(100),
            Err(SnapshotError::TooLong { .. })
        ));
    });
}
