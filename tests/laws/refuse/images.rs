//! Images of etcd, MinIO and Pulsar: never back, and never from Pulsar 2 to Pulsar 3.

use milvus_swarm::inventory::{Image, Inventory};
use milvus_swarm::system;

use super::{PRODUCTION, allowed, running, says};

fn name(inventory: &mut Inventory, image: Image, reference: &str) {
    let images = &mut inventory.images.overrides;
    images.insert(image, reference.to_owned());
}

/// What every cluster of the version before this one runs.
fn newer(inventory: &mut Inventory) {
    name(
        inventory,
        system::etcd::IMAGE,
        "quay.io/coreos/etcd:v3.5.25",
    );
    let minio = "minio/minio:RELEASE.2024-12-18T13-15-44Z";
    name(inventory, system::minio::IMAGE, minio);
    name(
        inventory,
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:3.0.7",
    );
}

fn of(seen: &mut milvus_swarm::observed::Observed, component: &str, image: &str) {
    for (name, service) in &mut seen.services {
        if name.contains(&format!("_{component}")) {
            service.spec.task_template.container_spec.image = image.to_owned();
        }
    }
}

#[test]
fn what_runs_newer_is_kept() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    of(&mut seen, "etcd", "quay.io/coreos/etcd:v3.5.25");
    let minio = "minio/minio:RELEASE.2024-12-18T13-15-44Z";
    of(&mut seen, "minio", minio);
    for part in ["zookeeper", "bookie", "broker", "pulsar-init"] {
        of(&mut seen, part, "apachepulsar/pulsar:3.0.7@sha256:0");
    }
    says(
        &inventory,
        &seen,
        &[(
            "image-goes-back",
            "images would go back, and an older version need not read what a newer one wrote: MinIO from \
             `minio/minio:RELEASE.2024-12-18T13-15-44Z` to \
             `quay.io/minio/minio:RELEASE.2023-03-20T20-16-18Z` and Pulsar from \
             `apachepulsar/pulsar:3.0.7@sha256:0` to `apachepulsar/pulsar:2.8.2`",
            "keep what runs; write into the inventory: images: { minio: \
             quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z, pulsar: apachepulsar/pulsar:3.0.7 }",
        )],
    );
    newer(&mut inventory);
    let minio = "quay.io/minio/minio:RELEASE.2024-12-18T13-15-44Z";
    name(&mut inventory, system::minio::IMAGE, minio);
    allowed(&inventory, &seen);
}

#[test]
fn one_member_ahead_is_enough() {
    let (inventory, mut seen) = running(PRODUCTION);
    of(&mut seen, "etcd-1", "r:5000/etcd:v3.6.1");
    let found = super::refused(&inventory, &seen);
    let [no] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(no.rule, "image-goes-back");
    assert!(no.hint.ends_with("images: { etcd: r:5000/etcd:v3.6.1 }"));
    // A tag that is no version tells nothing.
    of(&mut seen, "etcd-1", "r:5000/etcd:ours");
    allowed(&inventory, &seen);
}

#[test]
fn pulsar_2_stays_2() {
    let (mut inventory, seen) = running(PRODUCTION);
    name(
        &mut inventory,
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:2.9.5",
    );
    allowed(&inventory, &seen);
    // What root wrote is given to its user: see `given`.
    name(
        &mut inventory,
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:2.10.5",
    );
    allowed(&inventory, &seen);
    name(
        &mut inventory,
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:3.0.7",
    );
    says(
        &inventory,
        &seen,
        &[(
            "pulsar-major",
            "Pulsar 2.8.2 holds what Milvus has not stored yet, and 3.0.7 is wanted: upstream takes no \
             data of Pulsar 2 over into Pulsar 3",
            "keep it with images: { pulsar: apachepulsar/pulsar:2.8.2 }; upstream's way to the new one: \
             stop all writers, flush every collection, take Pulsar and its data away and begin a new one \
             (milvus.io/docs/upgrade-pulsar-v3.md); or bring up a second cluster under another `name:` \
             and copy with milvus-backup",
        )],
    );
}

#[test]
fn pulsar_3_may_become_4() {
    let (mut inventory, mut seen) = running(PRODUCTION);
    for part in ["zookeeper", "bookie", "broker", "pulsar-init"] {
        of(&mut seen, part, "apachepulsar/pulsar:3.0.7");
    }
    name(
        &mut inventory,
        system::pulsar::IMAGE,
        "apachepulsar/pulsar:4.0.7",
    );
    allowed(&inventory, &seen);
}
