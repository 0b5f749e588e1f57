//! Names that somebody else's objects have.

use milvus_swarm::observed::{ObjectKind, Observed, TakenName};

use super::{THREE, allowed, fresh, running, says};

fn taken(seen: &mut Observed, kind: ObjectKind, name: &str, owner: Option<&str>) {
    seen.others.names = vec![TakenName {
        kind,
        name: name.to_owned(),
        owner: owner.map(str::to_owned),
    }];
}

#[test]
fn a_foreign_secret_never_becomes_the_password() {
    let (inventory, mut seen) = fresh(THREE);
    let cluster = &inventory.name;
    let name = format!("{cluster}-milvus-root-v1");
    taken(&mut seen, ObjectKind::Secret, &name, None);
    let reason = format!(
        "the secret `{name}` exists and is not of this cluster: it has no label \
         `milvus-swarm.cluster`"
    );
    let hint = format!(
        "give this cluster another `name:`, or take the other away: docker secret rm {name}"
    );
    says(&inventory, &seen, &[("name-taken", &reason, &hint)]);
    // The same name of another kind is in nobody's way.
    taken(&mut seen, ObjectKind::Network, &name, None);
    allowed(&inventory, &seen);
}

#[test]
fn a_service_without_the_label_can_be_given_to_the_cluster() {
    let (inventory, mut seen) = fresh(THREE);
    let cluster = &inventory.name;
    let name = format!("{cluster}-milvus_proxy");
    let rm = format!(
        "give this cluster another `name:`, or take the other away: docker service rm {name}"
    );
    let owner = format!("com.docker.stack.namespace={cluster}-milvus");
    taken(&mut seen, ObjectKind::Service, &name, Some(&owner));
    let reason =
        format!("the service `{name}` exists and is not of this cluster: its label is `{owner}`");
    let hint = format!(
        "{rm}; if it is of this cluster, say so: docker service update --label-add \
         milvus-swarm.cluster={cluster} {name}"
    );
    says(&inventory, &seen, &[("name-taken", &reason, &hint)]);
    // One of another cluster is that cluster's.
    let owner = "milvus-swarm.cluster=other";
    taken(&mut seen, ObjectKind::Service, &name, Some(owner));
    let reason =
        format!("the service `{name}` exists and is not of this cluster: its label is `{owner}`");
    says(&inventory, &seen, &[("name-taken", &reason, &rm)]);
    let name = format!("{cluster}-web_proxy");
    taken(&mut seen, ObjectKind::Service, &name, None);
    allowed(&inventory, &seen);
}

#[test]
fn networks_configs_and_what_the_tool_needs_for_itself() {
    let (inventory, mut seen) = fresh(THREE);
    let cluster = &inventory.name;
    let cases = [
        (ObjectKind::Network, format!("{cluster}_net")),
        (ObjectKind::Config, format!("{cluster}-lock")),
        (ObjectKind::Service, format!("{cluster}-probe")),
    ];
    for (kind, name) in cases {
        taken(&mut seen, kind, &name, None);
        assert_eq!(super::rules(&inventory, &seen), ["name-taken"], "{name}");
    }
    // A network of one engine alone may have the name of ours.
    let (inventory, mut seen) = running(THREE);
    let name = format!("{}_net", inventory.name);
    taken(&mut seen, ObjectKind::Network, &name, None);
    allowed(&inventory, &seen);
}
