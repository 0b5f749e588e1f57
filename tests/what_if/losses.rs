//! The words after `--lose`.

use milvus_swarm::inventory::PRODUCTION_26;
use milvus_swarm::what_if::Losses;

use crate::world::{parse, running};

const ZONES: &str = "
groups:
  - { hosts: 'a[1-2]', zone: zone-a, roles: [manager, etcd, minio, bookie, broker, coord, query, index] }
  - { hosts: 'b[1-2]', zone: zone-b, roles: [query, minio] }
  - { hosts: 'zone-c', zone: zone-c, roles: [etcd] }
";

fn read(text: &str, lose: &str) -> Result<Vec<String>, String> {
    let losses = Losses::read(lose, &parse(text), None);
    losses
        .map(|losses| losses.hosts.into_iter().collect())
        .map_err(|error| error.to_string())
}

#[test]
fn hosts_ranges_and_zones_add_up() {
    let names = |lose| read(ZONES, lose).map(|names| names.join(" "));
    assert_eq!(names("a1"), Ok("a1".into()));
    assert_eq!(names("zone-b,a1, a1"), Ok("a1 b1 b2".into()));
    assert_eq!(names("a[1-2],b2"), Ok("a1 a2 b2".into()));
    assert_eq!(names("a[1,2]"), Ok("a1 a2".into()));
    assert_eq!(names("zone-[a-b]"), Ok("a1 a2 b1 b2".into()));
    assert_eq!(names("zone=zone-c"), Ok("zone-c".into()));
}

#[test]
fn a_word_that_names_nothing_says_what_was_meant() {
    let wrong = |text, lose| read(text, lose).expect_err("an error");
    assert_eq!(
        wrong(PRODUCTION_26, "node1"),
        "no host and no zone is called `node1`; did you mean `node01`?"
    );
    assert!(wrong(PRODUCTION_26, "etcd-0").contains("`milvus-swarm status` lists the hosts"));
    assert!(wrong(ZONES, "zome-b").ends_with("did you mean `zone-b`?"));
    assert!(wrong(ZONES, "rack17").ends_with("the zones are zone-a, zone-b, zone-c"));
    assert!(wrong(ZONES, "a[1-3]").starts_with("no host and no zone is called `a3`"));
    assert!(wrong(ZONES, "a[2-1]").contains("runs backwards"));
    assert!(wrong(ZONES, "zone-c").contains("`host=zone-c` or `zone=zone-c`"));
    assert!(wrong(ZONES, " , ").starts_with("nothing to lose"));
}

#[test]
fn a_node_outside_the_inventory_can_be_lost_and_is_told() {
    let inventory = parse(PRODUCTION_26);
    let mut seen = running(&inventory);
    let mut stranger = seen.nodes[0].clone();
    stranger.id = "id-other".to_owned();
    stranger.hostname = "witness".to_owned();
    seen.nodes.push(stranger);
    let answer = crate::world::online(&inventory, &seen, "witness");
    assert!(answer.survives);
    assert!(answer.notes[0].contains("witness is in the Swarm, but not in the inventory"));
}
