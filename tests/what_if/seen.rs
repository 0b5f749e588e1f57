//! Answers from a Swarm that was seen: who is up now counts, and what has room.

use milvus_swarm::inventory::{Inventory, PRODUCTION_26, THREE_HOST};
use milvus_swarm::observed::Observed;
use milvus_swarm::role::Role;
use milvus_swarm::what_if::{Basis, Rule};

use crate::world::{moves, offline, online, parse, quorum, running};

#[test]
fn a_swarm_that_is_well_answers_as_the_inventory_does() {
    for text in [PRODUCTION_26, THREE_HOST] {
        let inventory = parse(text);
        let seen = running(&inventory);
        for host in inventory.hosts.iter().map(|host| &host.name) {
            let (mut a, mut b) = (offline(&inventory, host), online(&inventory, &seen, host));
            assert_eq!((a.basis, b.basis), (Basis::Inventory, Basis::Tasks));
            for answer in [&mut a, &mut b] {
                answer.basis = Basis::Tasks;
                answer.notes.clear();
                // Which slot is on which host is Swarm's choice.
                for task in &mut answer.pending {
                    let name = task.task.split('.').next().unwrap_or_default();
                    task.task = name.to_owned();
                }
            }
            assert_eq!(a, b, "{host}");
        }
    }
}

#[test]
fn what_is_down_already_counts() {
    let inventory = parse(PRODUCTION_26);
    let mut seen = running(&inventory);
    assert!(online(&inventory, &seen, "node15").survives);
    let down = |seen: &mut Observed, name: &str| {
        let node = seen.nodes.iter_mut().find(|node| node.hostname == name);
        "down".clone_into(&mut node.expect("a node").state);
    };
    down(&mut seen, "node17");
    let answer = online(&inventory, &seen, "node15");
    assert!(!answer.survives && answer.survives_now);
    assert_eq!(answer.already_down, ["node17"]);
    let etcd = quorum(&answer, "etcd", Rule::Majority);
    assert_eq!((etcd.had, etcd.left, etcd.needs), (2, 1, 2));
    assert_eq!(etcd.lost, ["etcd-0"]);
    assert_eq!(
        answer.next[0],
        "bring back 1 of node15, node17: etcd needs it"
    );
    down(&mut seen, "node16");
    assert!(!online(&inventory, &seen, "node24").survives_now);
}

/// A host that is up with a member that is not.
#[test]
fn a_member_without_a_task_is_not_there() {
    let inventory = parse(PRODUCTION_26);
    let mut seen = running(&inventory);
    let task = seen
        .tasks
        .iter_mut()
        .find(|t| t.service == "prod-store_etcd-2");
    "pending".clone_into(&mut task.expect("a task").state);
    let answer = online(&inventory, &seen, "node15");
    assert!(!answer.survives && answer.survives_now && answer.already_down.is_empty());
    let unreachable = seen.nodes.iter_mut().find(|node| node.hostname == "node02");
    "unreachable".clone_into(&mut unreachable.expect("a node").reachability);
    let answer = online(&inventory, &seen, "node01");
    assert!(!quorum(&answer, "swarm", Rule::Raft).held);
}

/// Three tasks for five hosts: two hosts are free.
fn with_three_query_nodes() -> Inventory {
    let mut inventory = parse(PRODUCTION_26);
    let settings = inventory.roles.get_mut(&Role::Query);
    settings.expect("settings").replicas = 3;
    inventory
}

#[test]
fn stateless_tasks_move_where_there_is_a_place() {
    let inventory = with_three_query_nodes();
    let seen = running(&inventory);
    let answer = online(&inventory, &seen, "node[04-06]");
    assert!(answer.survives);
    let goals = moves(&answer);
    assert_eq!(goals["querynode.1"], ("node04", "node07"));
    assert_eq!(goals["querynode.2"], ("node05", "node08"));
    assert_eq!(goals.len(), 2);
    let waits: Vec<&str> = answer
        .pending
        .iter()
        .map(|task| task.why.as_str())
        .collect();
    assert_eq!(
        waits,
        ["2 hosts with the role `query` left, each has its 1 already"]
    );
    let query = answer
        .capacity
        .iter()
        .find(|row| row.component == "querynode");
    let query = query.expect("query nodes");
    assert_eq!((query.had, query.left, query.after), (3, 0, 2));

    // A drained host takes none, a host without the label neither.
    let mut drained = seen.clone();
    drained.nodes[6].availability = "drain".to_owned();
    let goals = online(&inventory, &drained, "node[04-06]");
    assert_eq!(moves(&goals).len(), 1);
    drained.nodes[7].labels.clear();
    assert!(moves(&online(&inventory, &drained, "node[04-06]")).is_empty());

    // Nor one whose room services of others have taken.
    let mut taken = seen.clone();
    let hold = milvus_swarm::observed::Reserved {
        nano_cpus: 0,
        memory_bytes: 60 << 30,
    };
    for node in [&seen.nodes[6], &seen.nodes[7]] {
        taken.others.reserved.insert(node.id.clone(), hold);
    }
    assert!(moves(&online(&inventory, &taken, "node[04-06]")).is_empty());

    // No room for what a task reserves.
    let mut small = seen.clone();
    small.nodes[6].memory_bytes = 8 << 30;
    let answer = online(&inventory, &small, "node[04-05]");
    assert_eq!(moves(&answer).len(), 1);
    let why = &answer.pending[0].why;
    assert!(
        why.contains("1 host has no room for what a task reserves"),
        "{why}"
    );
}

#[test]
fn members_stay_where_their_data_is() {
    let inventory = parse(PRODUCTION_26);
    let answer = online(&inventory, &running(&inventory), "node15,node20");
    assert!(answer.moves.is_empty());
    let pinned: Vec<(&str, &str)> = answer
        .pending
        .iter()
        .filter(|task| task.pinned)
        .map(|task| (task.task.as_str(), task.from.as_str()))
        .collect();
    assert_eq!(
        pinned,
        [
            ("zookeeper-0", "node15"),
            ("etcd-0", "node15"),
            ("minio-0", "node20")
        ]
    );
}

#[test]
fn nothing_moves_without_a_leader() {
    let inventory = with_three_query_nodes();
    let seen = running(&inventory);
    let answer = online(&inventory, &seen, "node[01-02],node04");
    assert!(answer.moves.is_empty());
    // Reads and writes go on with what runs.
    assert!(answer.survives, "{:?}", answer.reads);
    let waits = answer
        .pending
        .iter()
        .filter(|task| task.why.contains("has no leader"));
    assert_eq!(waits.count(), 3, "two proxies and a query node");
}

/// Zones are kept even: SwarmKit spreads over zones before it spreads over hosts.
#[test]
fn lost_tasks_go_to_the_emptiest_zone() {
    let inventory = parse(
        "groups:
  - { hosts: a, zone: za, roles: [manager, etcd, minio, bookie, broker, coord, index] }
  - { hosts: 'q[1-2]', zone: za, roles: [query] }
  - { hosts: 'r[1-3]', zone: zb, roles: [query] }
roles: { query: { replicas: 4 } }
",
    );
    let answer = offline(&inventory, "q1");
    assert_eq!(moves(&answer).len(), 1, "{answer:?}");
    let goals = moves(&answer);
    let goal = goals.values().next().expect("a move");
    assert_eq!(*goal, ("q1", "r3"), "the last free host");
    let empty = Observed {
        nodes: running(&inventory).nodes,
        ..Observed::default()
    };
    assert_eq!(online(&inventory, &empty, "q1").basis, Basis::Nodes);
}
