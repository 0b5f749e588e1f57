//! Versions of Milvus, and what each of them has.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::render::Sources;
use milvus_swarm::role::Role;
use milvus_swarm::system;
use milvus_swarm::wanted::Cluster;

use crate::harness::{end, parse, plan_up, run, settled, swarm, titles, up_well};
use crate::inventories;

use super::{PRODUCTION, THREE, allowed, forget, fresh, rules, running, says, stopped, take};

fn image(inventory: &mut Inventory, tag: &str) {
    let images = &mut inventory.images.overrides;
    images.insert(system::milvus::IMAGE, format!("milvusdb/milvus:{tag}"));
}

/// Later minors go with Pulsar 3, which takes over no data of Pulsar 2: a rule of its own.
fn keep_pulsar(inventory: &mut Inventory) {
    let images = &mut inventory.images.overrides;
    images.insert(
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:2.8.2".to_owned(),
    );
}

#[test]
fn a_minor_too_many() {
    let (mut inventory, seen) = running(PRODUCTION);
    keep_pulsar(&mut inventory);
    inventory.milvus = Some("2.4".to_owned());
    allowed(&inventory, &seen);
    inventory.milvus = Some("2.5".to_owned());
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "`datacoord`, `datanode`, `indexnode`, `proxy`, `querycoord` and 2 more run Milvus 2.3.21, \
             and 2.5.27 is wanted: upstream supports one minor version at a time",
            "set `milvus: \"2.4\"` first, `milvus-swarm up`, then the next one",
        )],
    );
}

#[test]
fn back() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    image(&mut inventory, "v2.3.5");
    allowed(&inventory, &seen);
    let name = "prod-milvus_proxy";
    let proxy = seen.services.get_mut(name).expect("proxies");
    proxy.spec.task_template.container_spec.image = "r:5000/milvus:v2.4.1-gpu@sha256:0".to_owned();
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "`proxy` runs Milvus 2.4.1, and 2.3.5 is wanted: an older Milvus can't read what a newer \
             one wrote",
            "set `milvus: 2.4.1` again; to go back, bring up a second cluster under another `name:` and \
             copy with milvus-backup",
        )],
    );
    // Where the tag is no version, labels say what runs, of the same minor version here.
    let proxy = seen.services.get_mut(name).expect("proxies");
    proxy.spec.task_template.container_spec.image = "r:5000/milvus:ours".to_owned();
    allowed(&inventory, &seen);
}

/// An image whose tag is no version, of the version that the inventory says.
fn ours(inventory: &mut Inventory, milvus: &str, build: u8) {
    let images = &mut inventory.images.overrides;
    images.insert(system::milvus::IMAGE, format!("corp/milvus:prod-{build}"));
    inventory.milvus = Some(milvus.to_owned());
}

#[test]
fn tags_that_are_no_versions() {
    let mut inventory = parse(inventories::shipped()[PRODUCTION]);
    keep_pulsar(&mut inventory);
    ours(&mut inventory, "2.3", 42);
    let mut seen = run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        sim.look()
    });
    ours(&mut inventory, "2.3", 43);
    allowed(&inventory, &seen);
    ours(&mut inventory, "2.4", 50);
    allowed(&inventory, &seen);
    let why = "`datacoord`, `datanode`, `indexnode`, `proxy`, `querycoord` and 2 more run Milvus \
               2.3.21, and 2.5.27 is wanted: upstream supports one minor version at a time";
    let hint = "set `milvus: \"2.4\"` first, `milvus-swarm up`, then the next one";
    ours(&mut inventory, "2.5", 50);
    says(&inventory, &seen, &[("version-jump", why, hint)]);
    ours(&mut inventory, "2.2", 50);
    assert!(rules(&inventory, &seen).contains(&"version-jump".to_owned()));
    // The same image is the same Milvus, whatever the inventory called it.
    ours(&mut inventory, "2.5", 42);
    allowed(&inventory, &seen);
    for service in seen.services.values_mut() {
        service.spec.task_template.container_spec.image += "@sha256:0";
    }
    allowed(&inventory, &seen);
    // An earlier version of this tool set no labels.
    ours(&mut inventory, "2.5", 50);
    forget(&mut seen.nodes);
    allowed(&inventory, &seen);
    // Of the wanted image alone the inventory is asked.
    let (_, seen) = running(PRODUCTION);
    says(&inventory, &seen, &[("version-jump", why, hint)]);
}

#[test]
fn after_a_down() {
    let (mut inventory, mut seen) = stopped(PRODUCTION);
    inventory.milvus = Some("2.4".to_owned());
    allowed(&inventory, &seen);
    inventory.milvus = Some("2.5".to_owned());
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "the data is of Milvus 2.3.21, and 2.5.27 is wanted: upstream supports one minor version \
             at a time",
            "set `milvus: \"2.4\"` first, `milvus-swarm up`, then the next one; if nothing of it is \
             needed, begin anew with `milvus-swarm down --data`",
        )],
    );
    // Labels without secrets are of a cluster that never ran.
    let secrets = std::mem::take(&mut seen.secrets);
    allowed(&inventory, &seen);
    seen.secrets = secrets;
    forget(&mut seen.nodes);
    allowed(&inventory, &seen);
}

/// What an earlier version of this tool brought up gets its labels, and nothing else.
#[test]
fn labels_are_made_up_for() {
    let inventory = parse(inventories::shipped()[THREE]);
    run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        let (before, tasks) = (end(&sim), sim.look().tasks);
        sim.with(|world| forget(&mut world.nodes));
        let (plan, _) = plan_up(&sim, &inventory).await;
        assert_eq!(plan.steps.len(), 3, "{:?}", titles(&plan));
        assert!(plan.steps.iter().all(|step| step.part == "labels"));
        up_well(&sim, &inventory).await;
        settled(&sim, &inventory).await;
        assert_eq!(end(&sim), before);
        let ids = |tasks: Vec<milvus_swarm::observed::Task>| -> Vec<String> {
            tasks.into_iter().map(|task| task.id).collect()
        };
        assert_eq!(ids(sim.look().tasks), ids(tasks));
    });
}

/// Of an image that a user's own template names, the labels tell its version and not that of the
/// inventory.
#[test]
fn an_image_of_own_templates() {
    let (inventory, mut seen) = stopped(THREE);
    forget(&mut seen.nodes);
    let mut sources = Sources::shipped();
    let text = sources.text("milvus.yml").expect("a template");
    let pinned = text.replace("{{ images.milvus|q }}", "corp/milvus:v2.4.27");
    assert_ne!(text, pinned);
    sources.replace("milvus.yml", pinned);
    let work_out = |seen: &Observed| Cluster::work_out(&inventory, Some(seen), &sources);
    let cluster = work_out(&seen).expect("a cluster");
    let labels = cluster.wanted.labels.of;
    assert_eq!(labels.len(), 3);
    for (host, labels) in labels {
        let label = format!("milvus.{}.formed.milvus", inventory.name);
        assert_eq!(labels.get(&label).map(String::as_str), Some("2.4.27"));
        let mut nodes = seen.nodes.iter_mut();
        let node = nodes.find(|node| node.hostname == host);
        node.expect("its node").labels.extend(labels);
    }
    let cluster = work_out(&seen).expect("a cluster");
    assert_eq!(cluster.refusals(&inventory, &seen), []);
}

#[test]
fn to_one_coordinator() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    keep_pulsar(&mut inventory);
    for service in seen.services.values_mut() {
        let image = &mut service.spec.task_template.container_spec.image;
        *image = image.replace("v2.3.21", "v2.5.27");
    }
    inventory.milvus = Some("2.6".to_owned());
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "`datacoord`, `datanode`, `indexnode`, `proxy`, `querycoord` and 2 more run Milvus 2.5.27, \
             and 2.6.24 is wanted: 2.6 takes over only from one process for all coordinators (`mixcoord`)",
            "set `milvus: \"2.5\"` and `coordinators: mixed` first and `milvus-swarm up`, then this one",
        )],
    );
    let (_, nothing_yet) = fresh(PRODUCTION);
    allowed(&inventory, &nothing_yet);
}

/// From one process for all coordinators the way is open, as late as upstream wants it.
#[test]
fn from_one_coordinator() {
    let text = inventories::shipped()[PRODUCTION].replace("\"2.3\"", "\"2.5\"");
    let mut inventory = parse(&format!("coordinators: mixed\n{text}"));
    let mut seen = run(async {
        let sim = swarm(&inventory, 1);
        up_well(&sim, &inventory).await;
        sim.look()
    });
    inventory.milvus = Some("2.6".to_owned());
    allowed(&inventory, &seen);
    inventory.mixed = None;
    allowed(&inventory, &seen);
    for service in seen.services.values_mut() {
        let image = &mut service.spec.task_template.container_spec.image;
        *image = image.replace("v2.5.27", "v2.5.15");
    }
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "`datanode`, `indexnode`, `mixcoord`, `proxy` and `querynode` run Milvus 2.5.15, and 2.6.24 is \
             wanted: upstream supports this from 2.5.16 on",
            "set `milvus: \"2.5\"` first and `milvus-swarm up`",
        )],
    );
}

#[test]
fn coordinators_in_a_way_that_the_release_has_not() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    for (milvus, mixed) in [("2.3", true), ("2.5", true), ("2.5", false), ("2.6", true)] {
        (inventory.milvus, inventory.mixed) = (Some(milvus.to_owned()), Some(mixed));
        allowed(&inventory, &seen);
    }
    (inventory.milvus, inventory.mixed) = (Some("2.2".to_owned()), Some(true));
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "Milvus 2.2.16 has a process for each coordinator here, and the inventory says \
             `coordinators: mixed`",
            "remove `coordinators`, or set `milvus: \"2.3\"` or later",
        )],
    );
    (inventory.milvus, inventory.mixed) = (Some("2.6".to_owned()), Some(false));
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "Milvus 2.6.24 has one process for all coordinators, and the inventory says \
             `coordinators: separate`",
            "remove `coordinators`",
        )],
    );
}

/// 3.0 takes over from 2.6.20 or later, and the plan says what ends the way back before it is gone.
#[test]
fn into_the_next_major() {
    let text = inventories::shipped()[THREE];
    let older = parse(&format!("milvus: 2.6.19\n{text}"));
    let (newer, newest) = (
        parse(&format!("milvus: 2.6\n{text}")),
        parse(&format!("milvus: \"3.0\"\n{text}")),
    );
    let sim = swarm(&older, 1);
    let told = |inventory: &Inventory| {
        let cluster = Cluster::work_out(inventory, Some(&sim.look()), &Sources::shipped());
        let cluster = cluster.expect("a cluster");
        let said = |line: &&String| line.contains("there is no way back");
        cluster.warnings().filter(said).count()
    };
    run(async {
        up_well(&sim, &older).await;
        says(
            &newest,
            &sim.look(),
            &[(
                "version-jump",
                "`datanode`, `mixcoord`, `proxy`, `querynode` and `streamingnode` run Milvus 2.6.19, and \
                 3.0.2 is wanted: upstream supports this from 2.6.20 on",
                "set `milvus: \"2.6\"` first and `milvus-swarm up`",
            )],
        );
        assert_eq!((told(&newer), told(&newest)), (0, 1));
        up_well(&sim, &newer).await;
        allowed(&newest, &sim.look());
        up_well(&sim, &newest).await;
        settled(&sim, &newest).await;
        assert_eq!(told(&newest), 0);
        says(
            &newer,
            &sim.look(),
            &[(
                "version-jump",
                "`datanode`, `mixcoord`, `proxy`, `querynode` and `streamingnode` run Milvus 3.0.2, and \
                 2.6.24 is wanted: an older Milvus can't read what a newer one wrote",
                "set `milvus: 3.0.2` again; to go back, bring up a second cluster under another `name:` \
                 and copy with milvus-backup",
            )],
        );
    });
}

/// A cluster that is there keeps its minor, and that minor need not have what a new one has.
#[test]
fn a_role_that_comes_later() {
    let text = inventories::shipped()[THREE];
    let older = parse(&format!("milvus: 2.5\n{text}"));
    let sim = swarm(&older, 1);
    run(async {
        up_well(&sim, &older).await;
    });
    let (mut inventory, seen) = (parse(text), sim.look());
    allowed(&inventory, &seen);
    let whole = inventory.clone();
    for host in ["node01", "node02", "node03"] {
        take(&mut inventory, host, Role::Index);
    }
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "Milvus 2.5.27 needs the role `index`, which the inventory gives to no host",
            "give the role `index` to a host",
        )],
    );
    inventory = whole;
    inventory.by_default.remove(&Role::Streaming);
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "Milvus 2.5.27 has no role `streaming`, which the inventory gives to `node01` and `node02`",
            "remove the role `streaming`, or set `milvus:` to a version that has it",
        )],
    );
}

#[test]
fn an_image_of_another_version() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    image(&mut inventory, "v2.3.5-gpu");
    allowed(&inventory, &seen);
    image(&mut inventory, "v2.4.1");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v2.4.1` is Milvus 2.4.1, which reads other settings; the inventory \
             says `milvus: 2.3`",
            "set `milvus: \"2.4\"`, or take an image of 2.3",
        )],
    );
    image(&mut inventory, "v2.2.16");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v2.2.16` is Milvus 2.2.16, which needs `indexcoord`; the inventory \
             says `milvus: 2.3`",
            "set `milvus: \"2.2\"`, or take an image of 2.3",
        )],
    );
    image(&mut inventory, "v2.6.24");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v2.6.24` is Milvus 2.6.24, which has no `rootcoord`, `datacoord`, \
             `querycoord` and `indexnode` and needs `mixcoord` and `streamingnode`; the inventory says \
             `milvus: 2.3`",
            "set `milvus: \"2.6\"`, or take an image of 2.3",
        )],
    );
    image(&mut inventory, "v3.1.0-gpu");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v3.1.0-gpu` is Milvus 3.1.0, which this tool does not know; the \
             inventory says `milvus: 2.3`",
            "take an image of 2.3",
        )],
    );
}

/// A template of the user's own gives some services another image.
#[test]
fn images_of_several_minors() {
    let (inventory, seen) = fresh(PRODUCTION);
    let refusals = |tag: &str| {
        let mut sources = Sources::shipped();
        let text = sources.text("milvus.yml").expect("a template");
        let other =
            format!("\"milvusdb/milvus:{tag}\" if s.name == \"querynode\" else images.milvus");
        let text = text.replace("{{ images.milvus|q }}", &format!("{{{{ ({other})|q }}}}"));
        sources.replace("milvus.yml", text);
        let cluster = Cluster::work_out(&inventory, Some(&seen), &sources).expect("a cluster");
        cluster.refusals(&inventory, &seen)
    };
    assert_eq!(refusals("v2.3.20-gpu"), []);
    let refused = refusals("v2.4.24");
    let [no] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert_eq!(no.rule, "milvus-mixed");
    assert_eq!(
        no.hint,
        "give all of them images of 2.3, which the inventory says; flavours such as `-gpu` may differ"
    );
    let reason = "services of Milvus would run several minor versions: `rootcoord`, `datacoord`, \
                  `querycoord`, `datanode`, `proxy` and `indexnode` run 2.3 \
                  (`milvusdb/milvus:v2.3.21`); `querynode` runs 2.4 (`milvusdb/milvus:v2.4.24`)";
    assert_eq!(no.reason, reason);
}
