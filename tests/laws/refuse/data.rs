//! Volumes, directories and the pool of MinIO.

use milvus_swarm::gate::short;
use milvus_swarm::inventory::{DataPlace, Inventory};
use milvus_swarm::role::Role;
use milvus_swarm::spec::{Driver, Mount, VolumeOptions};

use super::{
    PRODUCTION, THREE, accept, allowed, forget, fresh, give, refused, running, says, stopped,
};
use crate::harness::known_cluster;

#[test]
fn another_directory() {
    let (mut inventory, seen) = running(PRODUCTION);
    inventory.data = DataPlace::Dir("/mnt/data".to_owned());
    let found = refused(&inventory, &seen);
    assert!(found.iter().all(|no| no.rule == "data-moves"));
    let etcd = found.iter().find(|no| no.reason.contains(" of etcd "));
    let etcd = etcd.expect("etcd moves");
    assert_eq!(
        etcd.reason,
        "3 members of etcd would leave their data: `etcd-0` from volume `prod_etcd-0` to directory \
         `/mnt/data/prod/etcd-0`, `etcd-1` from volume `prod_etcd-1` to directory \
         `/mnt/data/prod/etcd-1` and `etcd-2` from volume `prod_etcd-2` to directory \
         `/mnt/data/prod/etcd-2`"
    );
    assert_eq!(
        etcd.hint,
        "data does not move by itself: set `data:` in the inventory back, so that it is in volume \
         `prod_etcd-0` again; for another place, bring up a second cluster under another `name:` and \
         copy with milvus-backup"
    );
    // ZooKeeper, etcd, MinIO, bookies; brokers have nothing to leave.
    assert_eq!(found.len(), 4);
    let (_, nothing_yet) = fresh(PRODUCTION);
    allowed(&inventory, &nothing_yet);
}

#[test]
fn another_driver() {
    let (inventory, mut seen) = running(PRODUCTION);
    let service = seen.services.get_mut("prod-store_etcd-0").expect("etcd-0");
    let mounts = &mut service.spec.task_template.container_spec.mounts;
    let driver = |name: &str| Driver {
        name: name.to_owned(),
        ..Driver::default()
    };
    let options = mounts[0].volume_options.get_or_insert_default();
    options.driver_config = Some(driver("local"));
    allowed(&inventory, &seen);
    let service = seen.services.get_mut("prod-store_etcd-0").expect("etcd-0");
    let mounts = &mut service.spec.task_template.container_spec.mounts;
    mounts[0].volume_options = Some(VolumeOptions {
        driver_config: Some(driver("nfs")),
        ..VolumeOptions::default()
    });
    let found = refused(&inventory, &seen);
    assert_eq!(
        found[0].reason,
        "1 member of etcd would leave its data: `etcd-0` from volume `prod_etcd-0` of driver `nfs` to volume \
         `prod_etcd-0`"
    );
}

fn drives(inventory: &mut Inventory, drives: u64) {
    let minio = inventory.roles.get_mut(&Role::Minio).expect("settings");
    minio.drives = drives;
}

#[test]
fn another_number_of_drives() {
    let (mut inventory, seen) = running(THREE);
    drives(&mut inventory, 4);
    let expected = (
        "minio-pool-shape",
        "the pool of MinIO was formed from 3 servers with 2 drives each, and would be 3 servers with \
         4 drives each",
        "give 3 hosts the role `minio` and set `roles.minio.drives: 2`, as it was; for another shape, \
         bring up a second cluster under another `name:` and copy with milvus-backup",
    );
    says(&inventory, &seen, &[expected]);
    let (_, mut seen) = stopped(THREE);
    says(&inventory, &seen, &[expected]);
    // An earlier version of this tool set no labels.
    forget(&mut seen.nodes);
    // Without them it is of Milvus 2.3, as far as can be told.
    accept(&mut inventory);
    allowed(&inventory, &seen);
    let (_, nothing_yet) = fresh(THREE);
    allowed(&inventory, &nothing_yet);
}

#[test]
fn more_servers_in_the_pool() {
    let grow = |inventory: &mut Inventory| {
        for host in ["node04", "node05", "node06", "node07"] {
            give(inventory, host, Role::Minio);
        }
        let minio = inventory.roles.get_mut(&Role::Minio).expect("settings");
        (minio.cpus.reserve, minio.memory.reserve) = (None, None);
    };
    let (mut inventory, seen) = running(PRODUCTION);
    grow(&mut inventory);
    let found = refused(&inventory, &seen);
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].reason,
        "the pool of MinIO was formed from 4 servers with 1 drive each, and would be 8 servers with 1 \
         drive each"
    );
    let (mut inventory, seen) = stopped(PRODUCTION);
    grow(&mut inventory);
    says(
        &inventory,
        &seen,
        &[(
            "minio-pool-shape",
            "the pool of MinIO was formed from 4 servers, and would be 8",
            "take the role `minio` from `node04`, `node05`, `node06` and `node07`; for a larger pool, \
             bring up a second cluster under another `name:` and copy with milvus-backup",
        )],
    );
    let (_, nothing_yet) = fresh(PRODUCTION);
    allowed(&inventory, &nothing_yet);
}

#[test]
fn a_pool_that_cannot_form() {
    let (mut inventory, seen) = fresh(THREE);
    drives(&mut inventory, 1);
    says(
        &inventory,
        &seen,
        &[(
            "minio-pool-shape",
            "MinIO can't be built from 3 servers with 1 drive each",
            "one drive alone, or at least 4 in all that divide evenly over the hosts: set \
             `roles.minio.drives`",
        )],
    );
}

/// What is refused once a template of the user's own mounts this into services.
fn with_mount(inventory: &Inventory, services: &[&str], mount: &Mount) -> Vec<(String, String)> {
    let (_, seen) = fresh(PRODUCTION);
    let mut cluster = known_cluster(inventory, &seen);
    let specs = cluster.wanted.phases.iter_mut();
    for spec in specs.flat_map(|phase| &mut phase.services) {
        if services.contains(&short(&spec.name)) {
            let template = &mut spec.task_template;
            template.container_spec.mounts.push(mount.clone());
        }
    }
    let refusals = cluster.refusals(inventory, &seen).into_iter();
    refusals.map(|no| (no.rule, no.reason)).collect()
}

#[test]
fn two_tasks_on_one_directory() {
    let (mut inventory, _) = fresh(PRODUCTION);
    let mut mount = Mount {
        kind: "bind".to_owned(),
        source: "/mnt/logs".to_owned(),
        target: "/logs".to_owned(),
        ..Mount::default()
    };
    // These are on one host, and the third is on another.
    let three = ["etcd-0", "zookeeper-0", "etcd-1"];
    let host = "node15";
    let rule = "directory-shared".to_owned();
    assert_eq!(
        with_mount(&inventory, &three, &mount),
        [(
            rule.clone(),
            format!("`etcd-0` and `zookeeper-0` on `{host}` would write to `/mnt/logs`")
        )]
    );
    mount.read_only = true;
    assert_eq!(with_mount(&inventory, &three, &mount), []);
    mount.read_only = false;
    mount.source = "/mnt/{{.Task.Name}}".to_owned();
    assert_eq!(with_mount(&inventory, &three, &mount), []);
    // A service of several tasks has a directory on each of its hosts.
    mount.source = "/mnt/logs".to_owned();
    assert_eq!(with_mount(&inventory, &["querynode"], &mount), []);
    let query = inventory.roles.get_mut(&Role::Query).expect("settings");
    (query.replicas, query.per_host) = (6, 2);
    (query.cpus, query.memory) = Default::default();
    assert_eq!(
        with_mount(&inventory, &["querynode"], &mount),
        [(
            rule,
            "several tasks of `querynode` on one host would write to `/mnt/logs`".to_owned()
        )]
    );
}
