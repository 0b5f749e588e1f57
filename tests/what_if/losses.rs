//! The words after `--lose`.

use milvus_swarm::inventory::{LOCAL, PRODUCTION_26};
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
    let wrong = |text, lose| {
        let error = Losses::read(lose, &parse(text), None).expect_err("an error");
        format!("{error}; {}", error.hint().unwrap_or_default())
    };
    assert_eq!(
        wrong(PRODUCTION_26, "node1"),
        "no host and no zone of the inventory is called `node1`; did you mean `node01`? the \
         inventory has the hosts `node01`, `node02`, `node03`, `node04`, `node05` and 21 more"
    );
    assert!(wrong(ZONES, "zome-b").contains("did you mean `zone-b`?"));
    assert_eq!(
        wrong(ZONES, "rack17"),
        "no host and no zone of the inventory is called `rack17`; the inventory has the hosts \
         `a1`, `a2`, `b1`, `b2` and `zone-c`, and the zones `zone-a`, `zone-b` and `zone-c`"
    );
    assert!(wrong(ZONES, "a[1-3]").contains("is called `a3`"));
    assert!(wrong(ZONES, "a[2-1]").contains("runs backwards"));
    assert!(wrong(ZONES, "zone-c").contains("`host=zone-c` or `zone=zone-c`"));
    assert!(wrong(ZONES, " , ").starts_with("nothing to lose"));
}

#[test]
fn a_node_outside_the_inventory_is_no_host_that_can_be_lost() {
    let seen = running(&parse(ZONES));
    let error = Losses::read("a2", &parse(LOCAL), Some(&seen)).expect_err("an error");
    assert_eq!(
        error.to_string(),
        "`a2` is a node of the Swarm, but no host of the inventory"
    );
    assert_eq!(
        error.hint().as_deref(),
        Some("the inventory has the host `@this`; if another one is meant, name it with `-i FILE`")
    );
}
