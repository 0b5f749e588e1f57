//! Known holes: what has one is refused, and told of where it runs.

use milvus_swarm::inventory::Inventory;
use milvus_swarm::observed::Observed;
use milvus_swarm::plan::{Heard, Plan};
use milvus_swarm::render::Sources;
use milvus_swarm::status::Status;
use milvus_swarm::system::{self, Advisory};
use milvus_swarm::wanted::Cluster;

use super::{PRODUCTION, THREE, accept, allowed, fresh, refused, rules, running, says};

const ROOT: &str = "CVE-2025-64513";
const METRICS: &str = "CVE-2026-26190";

fn cluster(inventory: &Inventory, seen: &Observed) -> Cluster {
    Cluster::work_out(inventory, Some(seen), &Sources::shipped()).expect("a cluster")
}

fn notes(inventory: &Inventory, seen: &Observed) -> Vec<String> {
    let cluster = cluster(inventory, seen);
    Status::of(&cluster, inventory, seen, &Heard::default(), None).notes
}

fn about<'a>(notes: &'a [String], hole: &str) -> Vec<&'a str> {
    let notes = notes.iter().map(String::as_str);
    notes.filter(|note| note.contains(hole)).collect()
}

fn publish_metrics(inventory: &mut Inventory) {
    inventory.publish.set(system::PUBLISHED[3], Some(9091));
}

#[test]
fn a_release_without_a_fix() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    allowed(&inventory, &seen);
    inventory.accepted.clear();
    says(
        &inventory,
        &seen,
        &[(
            "known-hole",
            "`proxy` runs Milvus 2.3.21, which has CVE-2025-64513 (GO-2025-4114): whoever reaches the \
             proxies is root without a password",
            "take Milvus 2.4.24 or later: `milvus: \"2.4\"`; or, where nobody gets there whom you do not \
             trust, accept it: write `accept: [CVE-2025-64513]` into the inventory",
        )],
    );
    // Another one that is accepted does not stand for it.
    inventory.accepted.insert(METRICS.to_owned());
    let [no] = &refused(&inventory, &seen)[..] else {
        panic!("one hole");
    };
    let both = "write `accept: [CVE-2025-64513, CVE-2026-26190]` into";
    assert!(no.hint.contains(both), "{}", no.hint);
}

#[test]
fn an_image_of_a_patch_before_the_fix() {
    let (mut inventory, seen) = fresh(THREE);
    let image = |inventory: &mut Inventory, tag: &str| {
        let images = &mut inventory.images.overrides;
        images.insert(system::milvus::IMAGE, format!("r:5000/milvus:{tag}"));
    };
    image(&mut inventory, "v2.6.4-gpu");
    let [no] = &refused(&inventory, &seen)[..] else {
        panic!("one hole");
    };
    assert!(
        no.reason
            .starts_with("`proxy` runs Milvus 2.6.4, which has CVE-2025-64513 ")
    );
    assert!(
        no.hint
            .starts_with("take an image of Milvus 2.6.5 or later; or, where")
    );
    image(&mut inventory, "v2.6.5");
    allowed(&inventory, &seen);
    // A tag that is no version is of the release that the inventory says.
    image(&mut inventory, "ours");
    allowed(&inventory, &seen);
    inventory.milvus = Some("2.6.4".to_owned());
    assert_eq!(rules(&inventory, &seen), ["known-hole"]);
}

#[test]
fn a_port_that_is_published() {
    let (mut inventory, seen) = fresh(THREE);
    inventory.milvus = Some("2.6.9".to_owned());
    allowed(&inventory, &seen);
    publish_metrics(&mut inventory);
    let [no] = &refused(&inventory, &seen)[..] else {
        panic!("one hole");
    };
    assert!(no.reason.contains(METRICS), "{}", no.reason);
    let ways =
        "take Milvus 2.6.10 or later: `milvus: \"2.6\"`, or take `publish.metrics` out; or, ";
    assert!(no.hint.starts_with(ways), "{}", no.hint);
    inventory.accepted.insert(METRICS.to_owned());
    allowed(&inventory, &seen);
    inventory.accepted.clear();
    inventory.milvus = Some("2.6.10".to_owned());
    allowed(&inventory, &seen);
}

/// Whoever has one is told so, and is not stuck: accepted, or with another release, it goes on.
#[test]
fn a_cluster_that_runs_with_one() {
    let (mut inventory, seen) = running(PRODUCTION);
    let accepted = notes(&inventory, &seen);
    let [note] = about(&accepted, ROOT)[..] else {
        panic!("{accepted:?}");
    };
    assert!(note.ends_with("(accepted by the inventory)"), "{note}");
    inventory.accepted.clear();
    assert_eq!(rules(&inventory, &seen), ["known-hole"]);
    let open = notes(&inventory, &seen);
    let [note] = about(&open, ROOT)[..] else {
        panic!("{open:?}");
    };
    assert!(note.contains("write `accept: [CVE-2025-64513]`"), "{note}");
    // On the way to a release without it, it is still there.
    inventory.milvus = Some("2.4".to_owned());
    let images = &mut inventory.images.overrides;
    let pulsar = "apachepulsar/pulsar:2.8.2".to_owned();
    images.insert(system::pulsar::IMAGE, pulsar);
    allowed(&inventory, &seen);
    let going = notes(&inventory, &seen);
    let [note] = about(&going, ROOT)[..] else {
        panic!("{going:?}");
    };
    assert!(note.contains("runs Milvus 2.3.21, which has"), "{note}");
}

#[test]
fn a_plan_says_what_is_accepted() {
    let (mut inventory, seen) = fresh(PRODUCTION);
    inventory.accepted.clear();
    let plan: Plan = cluster(&inventory, &seen).plan(&inventory, &seen, &Heard::default());
    assert_eq!(plan.refusals.len(), 1);
    accept(&mut inventory);
    let plan = cluster(&inventory, &seen).plan(&inventory, &seen, &Heard::default());
    assert_eq!(plan.refusals, []);
    assert_eq!(about(&plan.warnings, ROOT).len(), 1);
}

/// The page names each hole with the releases that have it no more.
#[test]
fn the_page_has_every_hole() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/security.md");
    let page = std::fs::read_to_string(path).expect("docs/security.md");
    for advisory in Advisory::all() {
        let begin = format!(
            "| `{}` ({}) | {} | ",
            advisory.name, advisory.also, advisory.lets
        );
        let row = page.lines().find_map(|line| line.strip_prefix(&begin));
        let row = row.unwrap_or_else(|| panic!("docs/security.md lacks: {begin}"));
        let fixed = advisory
            .fixed
            .iter()
            .map(|(a, b, c)| format!("{a}.{b}.{c}"));
        let fixed: Vec<String> = fixed.collect();
        assert!(row.starts_with(&fixed.join(", ")), "{row}");
    }
}
