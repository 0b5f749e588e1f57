//! The log in servers of Woodpecker: what they need, what they keep, and what may not become of them.

use milvus_swarm::gate::{Gate, short};
use milvus_swarm::inventory::Inventory;
use milvus_swarm::plan::{Action, Plan};
use milvus_swarm::role::Role;
use milvus_swarm::system::{self, Slot};

use super::{THREE, allowed, give, node, refused, rules, running, says, stopped, take};
use crate::harness::{clean, down_well, parse, plan_up, run, settled, swarm, unbroken, up_well};
use crate::inventories;
use crate::order::before;
use crate::sim::Sim;

const FOUR: &str = "milvus: \"3.0\"\n\
    groups:\n  \
    - { hosts: 'node[01-03]', roles: [manager, etcd, coord, query, proxy] }\n  \
    - { hosts: 'node[04-07]', roles: [minio, bookie, broker, data] }\n";

fn on(log: &str) -> Inventory {
    parse(&format!("{FOUR}{log}"))
}

fn servers() -> Inventory {
    on(inventories::SERVICE)
}

/// The steps that do something to a service whose short name begins so.
fn steps(plan: &Plan, begin: &str) -> Vec<usize> {
    let is_its = |name: &str| short(name).starts_with(begin);
    let steps = plan.steps.iter().enumerate();
    let its = steps.filter(|(_, step)| match &step.action {
        Action::CreateService { spec } => is_its(&spec.name),
        Action::UpdateService { name, .. } => is_its(name),
        _ => false,
    });
    its.map(|(id, _)| id).collect()
}

fn waits(plan: &Plan, step: usize, is: impl Fn(&Gate) -> bool) -> bool {
    let mut before = before(plan, step).into_iter();
    before.any(|id| matches!(&plan.steps[id].action, Action::Await { gate } if is(gate)))
}

/// They run where bookies would, after who keeps objects lets them in, and before Milvus; nothing of Pulsar
/// is there.
#[test]
fn servers_come_up_between_the_stores_and_milvus() {
    let inventory = servers();
    let hosts: Vec<&str> = inventory
        .hosts_with(Role::Woodpecker)
        .map(|host| host.name.as_str())
        .collect();
    assert_eq!(hosts, ["node04", "node05", "node06", "node07"]);
    assert_eq!(inventory.hosts_with(Role::Bookie).count(), 0);
    run(async {
        let sim = swarm(&inventory, 7);
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert_eq!(plan.refusals, []);
        let said = format!("{:?}", plan.steps).to_lowercase();
        for word in ["pulsar", "bookie", "zookeeper", "broker"] {
            assert!(!said.contains(word), "{word}");
        }
        let made = steps(&plan, "woodpecker-");
        assert_eq!(made.len(), 4);
        for step in &made {
            for of in ["etcd", "minio"] {
                let is_its =
                    |gate: &Gate| matches!(gate, Gate::Members(gate) if gate.component == of);
                assert!(waits(&plan, *step, is_its), "{of}");
            }
            let is_user =
                |gate: &Gate| matches!(gate, Gate::Elsewhere(gate) if gate.system == "minio");
            assert!(waits(&plan, *step, is_user));
        }
        let is_label = |action: &Action| matches!(action, Action::LabelNode { add, .. } if add.values().any(|value| value == "woodpecker-service"));
        for step in steps(&plan, "mixcoord") {
            let before = before(&plan, step);
            let labels = before
                .iter()
                .filter(|id| is_label(&plan.steps[**id].action));
            assert_eq!(labels.count(), 3, "it is remembered where etcd is");
            // Three of four suffice for a segment.
            let is_ready = |gate: &Gate| matches!(gate, Gate::Members(gate) if gate.component == "woodpecker" && gate.at_least == 3);
            assert!(waits(&plan, step, is_ready));
        }
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        clean(&sim);
    });
}

/// What a server is told has no key in it: the node puts it into a file.
#[test]
fn keys_are_secrets() {
    let s3 = on(&format!("{}{}", inventories::SERVICE, inventories::STORAGE));
    for (inventory, keys) in [
        (servers(), &["minio-milvus"][..]),
        (s3, &["s3-access-key", "s3-secret-key"]),
    ] {
        run(async {
            let sim = swarm(&inventory, 7);
            let (plan, _) = plan_up(&sim, &inventory).await;
            let mut configs = plan.steps.iter().filter_map(|step| match &step.action {
                Action::CreateConfig {
                    name,
                    data,
                    template_driver,
                    ..
                } if name.contains("-logstore-yaml-") => {
                    Some((data.as_str(), template_driver.as_deref()))
                }
                _ => None,
            });
            let (text, driver) = configs.next().expect("a config");
            assert_eq!(driver, Some("golang"));
            // A server ends at once without servers in its file (seen with upstream's own).
            let pools =
                r#"quorumBufferPools: [{"name": "default", "seeds": ["woodpecker-0:18080", "#;
            assert!(text.contains(pools), "{text}");
            let put_in = text.matches("{{ secret `").count();
            assert_eq!(put_in, keys.len(), "{text}");
            for step in steps(&plan, "woodpecker-") {
                let Action::CreateService { spec } = &plan.steps[step].action else {
                    unreachable!();
                };
                let container = &spec.task_template.container_spec;
                let mounted: Vec<&str> = container
                    .secrets
                    .iter()
                    .filter_map(|secret| Some(secret.file.as_ref()?.name.as_str()))
                    .collect();
                assert_eq!(mounted, keys);
                for line in &container.env {
                    assert!(!line.contains("KEY") && !line.contains("secret"), "{line}");
                }
            }
        });
    }
}

/// What is written and not in the store yet is where it was written.
#[test]
fn a_log_in_servers_stays_there() {
    let (service, embedded, pulsar) = (servers(), on(inventories::LOG), on(""));
    let hint = "write `log` as it was; to move the data, bring up a second cluster under another `name:` \
                and copy with milvus-backup";
    let moves = |inventory: &Inventory, sim: &Sim, was: &str, will: &str| {
        let reason = format!("the cluster has its data in {was}, and would look for it in {will}");
        let found = refused(inventory, &sim.look());
        let found: Vec<_> = found
            .iter()
            .map(|no| (&*no.rule, &*no.reason, &*no.hint))
            .collect();
        assert_eq!(found, [("filler-moves", &*reason, hint)]);
    };
    let labels = [
        (&service, "`woodpecker-service`"),
        (&embedded, "`woodpecker`"),
    ];
    for ((was, name), (will, other)) in [(labels[0], labels[1]), (labels[1], labels[0])] {
        run(async {
            let sim = swarm(was, 7);
            up_well(&sim, was).await;
            for data in [false, true] {
                moves(will, &sim, name, other);
                moves(&pulsar, &sim, name, "Pulsar");
                allowed(was, &sim.look());
                down_well(&sim, was, data).await;
            }
            allowed(will, &sim.look());
        });
    }
    for seen in [running(THREE).1, stopped(THREE).1] {
        let text = format!("{}{}", inventories::shipped()[THREE], inventories::SERVICE);
        assert!(rules(&parse(&text), &seen).contains(&"filler-moves".to_owned()));
    }
}

#[test]
fn a_milvus_that_knows_no_servers_keeps_no_log_there() {
    let seen = run(async { swarm(&servers(), 1).look() });
    allowed(&servers(), &seen);
    for milvus in [Some("2.6"), None] {
        let mut inventory = servers();
        inventory.milvus = milvus.map(str::to_owned);
        says(
            &inventory,
            &seen,
            &[(
                "woodpecker-service-early",
                "Milvus 2.6.24 has no use for servers of Woodpecker, and `log.woodpecker_service` chooses it",
                "set `milvus: \"3.0\"` or later for a new cluster, or leave `log` out and give hosts the \
                 roles `bookie` and `broker`",
            )],
        );
    }
}

#[test]
fn an_image_says_which_woodpecker_it_is() {
    let seen = run(async { swarm(&servers(), 1).look() });
    let with = |image: &str| {
        let images = system::Image::all().find(|one| one.name == "woodpecker");
        let mut inventory = servers();
        let images = (images.expect("its image"), image.to_owned());
        inventory.images.overrides.extend([images]);
        inventory
    };
    let digest = &*format!("corp/woodpecker@sha256:{}", "ab".repeat(32));
    for image in [
        "corp/woodpecker:v0.1.36",
        "corp/woodpecker:0.1.50-arm",
        digest,
    ] {
        allowed(&with(image), &seen);
    }
    let hint = "set `images.woodpecker` to a version, such as `milvusdb/woodpecker:v0.1.46`, or to a digest";
    for (image, why) in [
        (
            "corp/woodpecker:latest",
            "names no version of Woodpecker: another one may start with the next task",
        ),
        (
            "corp/woodpecker:v0.1.35",
            "is Woodpecker 0.1.35, and upstream advises 0.1.36 or later",
        ),
    ] {
        let reason = format!("image `{image}` {why}");
        says(&with(image), &seen, &[("woodpecker-image", &reason, hint)]);
    }
}

/// More servers may come, each renewed after the other; one that leaves is emptied by hand first, and its
/// label says so.
#[test]
fn servers_come_and_go() {
    let inventory = servers();
    run(async {
        let sim = swarm(&inventory, 7);
        up_well(&sim, &inventory).await;
        let mut more = inventory.clone();
        give(&mut more, "node03", Role::Woodpecker);
        sim.with(|world| world.watch.fewest = Some(("woodpecker", 4)));
        up_well(&sim, &more).await;
        let fewest = sim.with(|world| world.watch.fewest);
        assert_eq!(
            fewest,
            Some(("woodpecker", 4)),
            "a fifth one, and one away at a time"
        );
        settled(&sim, &more).await;
        unbroken(&sim);

        let mut fewer = more.clone();
        take(&mut fewer, "node03", Role::Woodpecker);
        says(
            &fewer,
            &sim.look(),
            &[(
                "shrink-stateful",
                "Woodpecker has 5 members, the inventory leaves 4: `woodpecker-4` would go with its data",
                "give `node03` the role `woodpecker` again; or first have it emptied (docs/refusals.md), last \
                 number first, then say so: docker node update --label-rm \
                 milvus.milvus.member.woodpecker-4 node03",
            )],
        );
        sim.with(|world| {
            let mut nodes = world.nodes.iter_mut();
            let node = nodes
                .find(|node| node.hostname == "node03")
                .expect("a node");
            node.labels
                .remove("milvus.milvus.member.woodpecker-4")
                .expect("a label");
        });
        up_well(&sim, &fewer).await;
        settled(&sim, &fewer).await;
    });
}

/// Three copies need three servers: with two of four away nothing new could be written.
#[test]
fn fewer_servers_than_copies_bring_nothing_up() {
    let inventory = servers();
    let mut seen = run(async {
        let sim = swarm(&inventory, 7);
        up_well(&sim, &inventory).await;
        sim.look()
    });
    node(&mut seen, "node04").state = "down".to_owned();
    allowed(&inventory, &seen);
    node(&mut seen, "node05").state = "down".to_owned();
    let found = refused(&inventory, &seen);
    let woodpecker = found.iter().find(|no| no.reason.starts_with("Woodpecker"));
    assert_eq!(
        woodpecker.map(|no| (&*no.rule, &*no.reason)),
        Some((
            "quorum-loss",
            "Woodpecker has 2 of 4 Woodpecker servers, an ensemble is 3: `node04` is down and `node05` is down"
        ))
    );
}

#[test]
fn a_cluster_is_told_when_no_server_is_to_spare() {
    let warned = |inventory: &Inventory| {
        run(async {
            let sim = swarm(inventory, 7);
            let (plan, _) = plan_up(&sim, inventory).await;
            let mut warnings = plan.warnings.into_iter();
            warnings.find(|warning| warning.contains("segment of the log"))
        })
    };
    let mut three = servers();
    take(&mut three, "node07", Role::Woodpecker);
    assert_eq!(
        warned(&three).as_deref(),
        Some(
            "3 Woodpecker servers on `node04`, `node05` and `node06`, and each segment of the log begins on \
             3: without one of them writes stop within minutes; give one more host the role `woodpecker`"
        )
    );
    assert_eq!(warned(&servers()), None);
    assert_eq!(servers().fillers[&Slot::Log].system, "woodpecker-service");
}
