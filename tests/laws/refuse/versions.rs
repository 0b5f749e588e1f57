//! Versions of Milvus, and what each of them has.

use milvus_swarm::inventory::{Image, Inventory};
use milvus_swarm::observed::Observed;
use milvus_swarm::render::Sources;
use milvus_swarm::role::Role;
use milvus_swarm::wanted::Cluster;

use crate::harness::{end, parse, plan_up, run, settled, swarm, titles, up_well};
use crate::inventories;

use super::{PRODUCTION, THREE, allowed, forget, fresh, give, rules, running, says, stopped, take};

fn image(inventory: &mut Inventory, tag: &str) {
    let images = &mut inventory.images.overrides;
    images.insert(Image::Milvus, format!("milvusdb/milvus:{tag}"));
}

/// Later minors go with Pulsar 3, which takes over no data of Pulsar 2: a rule of its own.
fn keep_pulsar(inventory: &mut Inventory) {
    let images = &mut inventory.images.overrides;
    images.insert(Image::Pulsar, "apachepulsar/pulsar:2.8.2".to_owned());
}

#[test]
fn a_minor_too_many() {
    let (mut inventory, seen) = running(PRODUCTION);
    keep_pulsar(&mut inventory);
    inventory.milvus = "2.4".to_owned();
    allowed(&inventory, &seen);
    inventory.milvus = "2.5".to_owned();
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
    images.insert(Image::Milvus, format!("corp/milvus:prod-{build}"));
    inventory.milvus = milvus.to_owned();
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
    inventory.milvus = "2.4".to_owned();
    allowed(&inventory, &seen);
    inventory.milvus = "2.5".to_owned();
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
    let pinned = text.replace("{{ images.milvus|q }}", "corp/milvus:v2.4.7");
    assert_ne!(text, pinned);
    sources.replace("milvus.yml", pinned);
    let work_out = |seen: &Observed| Cluster::work_out(&inventory, Some(seen), &sources);
    let cluster = work_out(&seen).expect("a cluster");
    let labels = cluster.wanted.labels.of;
    assert_eq!(labels.len(), 3);
    for (host, labels) in labels {
        let label = format!("milvus.{}.formed.milvus", inventory.name);
        assert_eq!(labels.get(&label).map(String::as_str), Some("2.4.7"));
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
    inventory.milvus = "2.6".to_owned();
    for host in ["node09", "node10", "node11", "node12"] {
        take(&mut inventory, host, Role::Index);
    }
    says(
        &inventory,
        &seen,
        &[(
            "version-jump",
            "`datacoord`, `datanode`, `indexnode`, `proxy`, `querycoord` and 2 more run Milvus 2.5.27, \
             and 2.6.24 is wanted: 2.6 takes over only from one coordinator for all (`mixcoord`), and \
             before 2.6 this tool runs one for each task",
            "bring up a second cluster under another `name:` and copy with milvus-backup",
        )],
    );
    let (_, nothing_yet) = fresh(PRODUCTION);
    allowed(&inventory, &nothing_yet);
}

#[test]
fn a_role_that_is_gone() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    inventory.milvus = "2.6".to_owned();
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "Milvus 2.6.24 has no role `index`, which the inventory gives to `node09`, `node10`, \
             `node11` and `node12`",
            "since 2.6 data nodes build indexes: remove the role, and add `data` where it ran",
        )],
    );
    for host in ["node09", "node10", "node11", "node12"] {
        take(&mut inventory, host, Role::Index);
        give(&mut inventory, host, Role::Data);
    }
    allowed(&inventory, &seen);
}

#[test]
fn an_image_of_another_version() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    image(&mut inventory, "v2.4.1");
    allowed(&inventory, &seen);
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
    image(&mut inventory, "v3.0.2-gpu");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v3.0.2-gpu` is Milvus 3.0.2, which this tool does not know; the \
             inventory says `milvus: 2.3`",
            "take an image of 2.3",
        )],
    );
}

/// A template of the user's own gives some services another image.
#[test]
fn images_of_several_minors() {
    let (inventory, seen) = fresh(THREE);
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
    let reason = "services of Milvus would run several minor versions: `rootcoord`, `datacoord`, \
                  `querycoord`, `datanode`, `proxy` and `indexnode` run 2.3 \
                  (`milvusdb/milvus:v2.3.21`); `querynode` runs 2.4 (`milvusdb/milvus:v2.4.24`)";
    assert_eq!(no.reason, reason);
}
