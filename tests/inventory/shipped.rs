//! The inventories that come with the tool say what the documents say.

use std::collections::BTreeSet;

use milvus_swarm::compose::image::ResolveImage;
use milvus_swarm::inventory::{
    DataPlace, INIT, Image, Images, Inventory, LAB, LOCAL, PRODUCTION_26, THIS_HOST, THREE_HOST,
};
use milvus_swarm::role::Role;
use milvus_swarm::system;

use super::{overlaid, valid};

fn names(inventory: &Inventory, role: Role) -> Vec<&str> {
    inventory
        .hosts_with(role)
        .map(|host| host.name.as_str())
        .collect()
}

#[test]
fn local_is_one_of_everything_on_this_machine() {
    let local = valid(LOCAL);
    assert_eq!(local.hosts.len(), 1);
    assert_eq!(local.hosts[0].name, THIS_HOST);
    // All that there is: Woodpecker would be there in place of Pulsar.
    let mut all = BTreeSet::from(Role::ALL);
    all.remove(&Role::Woodpecker);
    // And of one proxy there is nothing to balance.
    all.remove(&Role::Balancer);
    assert_eq!(local.hosts[0].roles, all);
    let one = |role: &Role| local.settings(*role).replicas == 1;
    assert!(local.hosts[0].roles.iter().all(one));
    assert_eq!(
        (
            local.pulsar.ensemble,
            local.pulsar.write_quorum,
            local.pulsar.ack_quorum
        ),
        (1, 1, 1)
    );
    assert_eq!(local.settings(Role::Minio).drives, 1);
    assert_eq!(local.data, DataPlace::Volumes);
    assert_eq!(local.publish.port(system::DOOR), Some(19530));
}

#[test]
fn three_hosts_share_all_roles() {
    let three = valid(THREE_HOST);
    assert_eq!(three.hosts.len(), 3);
    for role in [
        Role::Etcd,
        Role::Zookeeper,
        Role::Bookie,
        Role::Minio,
        Role::Proxy,
        Role::Query,
    ] {
        assert_eq!(
            names(&three, role),
            ["node01", "node02", "node03"],
            "{role}"
        );
    }
    for role in [Role::Broker, Role::Coord, Role::Data, Role::Streaming] {
        assert_eq!(names(&three, role), ["node01", "node02"], "{role}");
    }
    assert_eq!(three.settings(Role::Minio).drives, 2);
}

#[test]
fn production_is_the_reference_topology_in_thirty_lines() {
    let production = valid(PRODUCTION_26);
    let expected = [
        (Role::Query, 5),
        (Role::Index, 4),
        (Role::Coord, 2),
        (Role::Data, 2),
        (Role::Etcd, 3),
        (Role::Zookeeper, 3),
        (Role::Broker, 2),
        (Role::Manager, 3),
        (Role::Proxy, 3),
        (Role::Minio, 4),
        (Role::Bookie, 3),
    ];
    for (role, count) in expected {
        assert_eq!(production.hosts_with(role).count(), count, "{role}");
        assert_eq!(production.settings(role).replicas, count as u64, "{role}");
    }
    let all: Vec<String> = (1..=26).map(|number| format!("node{number:02}")).collect();
    assert!(production.hosts.iter().map(|host| &host.name).eq(&all));
    assert_eq!(
        production.settings(Role::Query).memory.limit,
        Some(60 << 30)
    );
    assert_eq!(
        production.settings(Role::Coord).cpus.reserve,
        Some(500_000_000)
    );

    let yaml = PRODUCTION_26
        .lines()
        .filter(|line| !line.trim_start().starts_with('#'));
    assert!(yaml.count() <= 30);
}

#[test]
fn the_lab_changes_sizes_and_images_only() {
    let mut production = valid(PRODUCTION_26);
    let mut lab = overlaid(&[PRODUCTION_26, LAB]).unwrap();
    assert_eq!(lab.images.resolve, ResolveImage::Never);
    // Of Woodpecker's servers the lab has no image.
    let mut images = Image::all().filter(|image| !lab.images.overrides.contains_key(image));
    assert_eq!(images.next().map(|image| image.name), Some("woodpecker"));
    assert!(images.next().is_none());
    assert_eq!(
        lab.images.overrides[&system::etcd::IMAGE],
        "quay.io/coreos/etcd:v3.5.35"
    );
    assert_eq!(lab.settings(Role::Bookie).jvm.unwrap().heap, 256 << 20);
    for inventory in [&mut production, &mut lab] {
        inventory.images = Images::default();
        for settings in inventory.roles.values_mut() {
            settings.cpus = Default::default();
            settings.memory = Default::default();
            settings.jvm = None;
        }
    }
    assert_eq!(lab.milvus.take().as_deref(), Some("2.3.5"));
    production.milvus = None;
    assert_eq!(production, lab);
}

#[test]
fn the_lab_leaves_nothing_reserved_on_any_of_them() {
    for text in [LOCAL, THREE_HOST, PRODUCTION_26, INIT] {
        let lab = overlaid(&[text, LAB]).unwrap_or_else(|errors| panic!("{}", errors.render()));
        for settings in lab.roles.values() {
            assert_eq!(settings.cpus, Default::default());
            assert_eq!(settings.memory, Default::default());
        }
    }
}

/// Every commented-out example of the template is an inventory too.
#[test]
fn the_template_still_parses_when_its_examples_are_used() {
    valid(INIT);
    let used: String = INIT
        .lines()
        .map(|line| {
            let body = line.trim_start();
            let indent = &line[..line.len() - body.len()];
            match body.strip_prefix("# ") {
                Some(code) if is_code(code) => format!("{indent}{code}\n"),
                _ => format!("{line}\n"),
            }
        })
        .collect();
    let inventory = valid(&used);
    assert_eq!(inventory.hosts.len(), 4);
    assert_eq!(inventory.hosts[2].address.as_deref(), Some("10.0.0.3"));
    assert!(
        inventory
            .credentials
            .passwords
            .contains_key("root_password")
    );
    assert_eq!(inventory.config["queryNode"]["gracefulStopTimeout"], 1800);
    assert_eq!(
        inventory.settings(Role::Bookie).jvm.unwrap().direct,
        8 << 30
    );
}

/// Whether a comment of the template is a setting rather than a sentence.
fn is_code(comment: &str) -> bool {
    let key = comment.trim_start().trim_start_matches("- ");
    let word = key.split(':').next().unwrap_or_default();
    let keys = "hosts name address engine zone roles query replicas per_host cpus memory bookie heap direct data \
                config queryNode gracefulStopTimeout publish images registry resolve milvus network credentials \
                minio_user minio_password root_password pulsar";
    let sentence = [
        "Hosts",
        "manager:",
        "etcd:",
        "minio:",
        "bookie:    the",
        "bookie:  the",
        "query: answers",
        "broker:",
    ];
    keys.split_whitespace().any(|known| known == word)
        && key.contains(':')
        && !sentence.iter().any(|start| key.starts_with(start))
        && !key.starts_with("bookie:  ")
}
