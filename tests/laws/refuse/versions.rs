//! Versions of Milvus, and what each of them has.

use milvus_swarm::inventory::{Image, Inventory};
use milvus_swarm::role::Role;

use super::{PRODUCTION, allowed, fresh, give, running, says, take};

fn image(inventory: &mut Inventory, tag: &str) {
    let images = &mut inventory.images.overrides;
    images.insert(Image::Milvus, format!("milvusdb/milvus:{tag}"));
}

#[test]
fn a_minor_too_many() {
    let (mut inventory, seen) = running(PRODUCTION);
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
    // A tag that is no version says nothing.
    let proxy = seen.services.get_mut(name).expect("proxies");
    proxy.spec.task_template.container_spec.image = "r:5000/milvus:ours".to_owned();
    allowed(&inventory, &seen);
}

#[test]
fn to_one_coordinator() {
    let (mut inventory, mut seen) = running(PRODUCTION);
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
             and 2.6.22 is wanted: 2.6 takes over only from one coordinator for all (`mixcoord`), and \
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
            "Milvus 2.6.22 has no role `index`, which the inventory gives to `node09`, `node10`, \
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
    image(&mut inventory, "v2.6.22");
    says(
        &inventory,
        &seen,
        &[(
            "role-not-in-version",
            "image `milvusdb/milvus:v2.6.22` is Milvus 2.6.22, which has no `rootcoord`, `datacoord`, \
             `querycoord` and `indexnode` and needs `mixcoord` and `streamingnode`; the inventory says \
             `milvus: 2.3`",
            "set `milvus: \"2.6\"`, or take an image of 2.3",
        )],
    );
}
