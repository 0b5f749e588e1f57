//! Which quorums hold, and what that means for reads, writes and data.

use milvus_swarm::inventory::{Inventory, LOCAL, PRODUCTION_26, THREE_HOST};
use milvus_swarm::what_if::{Answer, Level, Rule};

use crate::world::{offline, parse, quorum};

fn of(inventory: &Inventory, lose: &str) -> (bool, bool, bool) {
    let answer = offline(inventory, lose);
    (answer.reads.go_on, answer.writes.go_on, answer.survives)
}

/// Reads, writes and survival of the 26 hosts without some of them.
#[test]
fn losses_of_the_26_hosts() {
    let inventory = parse(PRODUCTION_26);
    for (lose, expected) in [
        // Three managers, which carry the proxies too.
        ("node01", (true, true, true)),
        ("node[01-03]", (false, false, false)),
        // Five query nodes.
        ("node[04-07]", (true, true, true)),
        ("node[04-08]", (false, true, false)),
        // Index nodes: new segments wait for their index, nothing else does.
        ("node[09-12]", (true, true, true)),
        // Two hosts with coordinators and data nodes.
        ("node13", (true, true, true)),
        ("node[13-14]", (false, false, false)),
        // etcd and ZooKeeper.
        ("node15", (true, true, true)),
        ("node[15-16]", (false, false, false)),
        // Brokers.
        ("node18", (true, true, true)),
        ("node[18-19]", (false, false, false)),
        // Four drives: two of parity, three for a write.
        ("node20", (true, true, true)),
        ("node[20-21]", (true, false, false)),
        ("node[20-22]", (false, false, false)),
        // Three bookies, two copies on two of them.
        ("node24", (true, true, true)),
        ("node[24-25]", (false, false, false)),
        // One of each.
        (
            "node01,node04,node09,node13,node15,node18,node20,node24",
            (true, true, true),
        ),
    ] {
        assert_eq!(of(&inventory, lose), expected, "{lose}");
    }
}

#[test]
fn any_one_of_three_hosts_may_fail_and_no_two() {
    let inventory = parse(THREE_HOST);
    for host in ["node01", "node02", "node03"] {
        let answer = offline(&inventory, host);
        assert!(answer.survives, "{host}: {answer:?}");
        let thin = answer.data.iter().filter(|risk| risk.level == Level::Thin);
        assert!(thin.count() >= 3, "{host}: {:?}", answer.data);
    }
    for two in ["node[01-02]", "node02,node03", "node01,node03"] {
        assert!(!offline(&inventory, two).survives, "{two}");
    }
}

#[test]
fn the_only_machine_is_all_there_is() {
    let answer = offline(&parse(LOCAL), "@this");
    assert!(!answer.survives && !answer.reads.go_on && !answer.writes.go_on);
    let lost = answer.data.iter().filter(|risk| risk.level == Level::Lost);
    // etcd, ZooKeeper, MinIO, bookies, the Swarm itself.
    assert_eq!(lost.count(), 5, "{:?}", answer.data);
}

fn minio(hosts: u64, drives: u64) -> Inventory {
    parse(&format!(
        "groups:\n  - {{ hosts: a, roles: [manager, etcd, bookie, broker, coord, query, index] }}\n  \
         - {{ hosts: 'm[001-{hosts:03}]', roles: [minio] }}\nroles: {{ minio: {{ drives: {drives} }} }}\n"
    ))
}

/// Hosts lost against what a read and a write still get.
#[test]
fn erasure_sets_of_every_shape() {
    for (hosts, drives, lost, reads, writes) in [
        // Equal parity: half of the drives read, one more writes.
        (4, 1, 1, true, true),
        (4, 1, 2, true, false),
        (4, 1, 3, false, false),
        // Five drives, two of parity: three for either.
        (5, 1, 2, true, true),
        (5, 1, 3, false, false),
        // Three hosts with two drives: six drives, three of parity.
        (3, 2, 1, true, true),
        (3, 2, 2, false, false),
        // Two hosts with two drives: half is left, which reads and cannot write.
        (2, 2, 1, true, false),
        // Sixteen drives in one set, four of parity.
        (4, 4, 1, true, true),
        (4, 4, 2, false, false),
        (16, 1, 4, true, true),
        (16, 1, 5, false, false),
    ] {
        let inventory = minio(hosts, drives);
        let answer = offline(&inventory, &format!("m[001-{lost:03}]"));
        let case = format!("{lost} of {hosts} x {drives}");
        assert_eq!(
            quorum(&answer, "minio", Rule::ErasureRead).held,
            reads,
            "{case}"
        );
        assert_eq!(
            quorum(&answer, "minio", Rule::ErasureWrite).held,
            writes,
            "{case}"
        );
        assert_eq!(answer.reads.go_on, reads, "{case}");
        assert_eq!(answer.writes.go_on, writes, "{case}");
        let lost = |risk: &milvus_swarm::what_if::Risk| risk.level == Level::Lost;
        assert_eq!(
            answer.data.iter().any(lost),
            !reads,
            "{case}: {:?}",
            answer.data
        );
    }
}

/// Thirty-two hosts make two sets of sixteen: neighbours share a set, so where hosts are lost
/// counts, not only how many.
#[test]
fn each_erasure_set_stands_for_itself() {
    let inventory = minio(32, 1);
    assert!(offline(&inventory, "m[001-004],m[017-020]").survives);
    let answer = offline(&inventory, "m[001-005]");
    assert!(!answer.survives);
    let broken: Vec<(Option<u64>, Rule)> = answer
        .quorums
        .iter()
        .filter(|row| !row.held)
        .map(|row| (row.set, row.rule))
        .collect();
    assert_eq!(
        broken,
        [(Some(1), Rule::ErasureRead), (Some(1), Rule::ErasureWrite)]
    );
    assert!(answer.next[0].starts_with("bring back 1 of m001, m002, m003, m004, m005: MinIO"));
    // With two drives each the second drives are sets of their own, of the same hosts.
    let answer = offline(&minio(16, 2), "m[001-005]");
    let broken = answer.quorums.iter().filter(|row| !row.held);
    assert_eq!(broken.count(), 4);
}

fn ledgers(bookies: u64, ensemble: u64, write: u64, ack: u64) -> Inventory {
    parse(&format!(
        "groups:\n  - {{ hosts: a, roles: [manager, etcd, minio, broker, coord, query, index] }}\n  \
         - {{ hosts: 'b[1-{bookies}]', roles: [bookie] }}\npulsar: {{ ensemble: {ensemble}, \
         write_quorum: {write}, ack_quorum: {ack} }}\n"
    ))
}

fn bookies(answer: &Answer) -> (bool, Option<Level>) {
    let risk = answer.data.iter().find(|risk| risk.of == "bookie");
    (
        quorum(answer, "bookie", Rule::Ensemble).held,
        risk.map(|risk| risk.level),
    )
}

#[test]
fn ledgers_of_every_shape() {
    use Level::{ByHand, Lost, Thin};
    for ((total, ensemble, write, ack), lost, expected) in [
        ((3, 2, 2, 2), 1, (true, Some(Thin))),
        ((3, 2, 2, 2), 2, (false, Some(Lost))),
        // Room for a new ensemble does not bring back what both copies are lost of.
        ((5, 2, 2, 2), 2, (true, Some(Lost))),
        // An entry counts when one copy is written: that one may be the lost one.
        ((3, 2, 2, 1), 1, (true, Some(ByHand))),
        ((5, 3, 3, 2), 1, (true, None)),
        ((5, 3, 3, 2), 2, (true, Some(ByHand))),
        ((5, 3, 3, 3), 2, (true, Some(Thin))),
        ((4, 4, 2, 2), 1, (false, Some(Thin))),
        ((1, 1, 1, 1), 1, (false, Some(Lost))),
    ] {
        let inventory = ledgers(total, ensemble, write, ack);
        let answer = offline(&inventory, &format!("b[1-{lost}]"));
        let case = format!("{lost} of {total}, {ensemble}/{write}/{ack}");
        assert_eq!(bookies(&answer), expected, "{case}: {:?}", answer.data);
        assert_eq!(answer.writes.go_on, expected.0, "{case}");
        assert_eq!(
            answer.survives,
            expected.0 && expected.1 != Some(Lost),
            "{case}"
        );
    }
    let answer = offline(&ledgers(3, 2, 2, 2), "b[1-2]");
    let what = &answer.data[0].what;
    assert!(
        what.contains("both copies on bookie-0, bookie-1: about 33 %"),
        "{what}"
    );
}

/// Even numbers of managers: a tie is no majority.
#[test]
fn managers_need_more_than_half() {
    let inventory = |managers: u64| {
        parse(&format!(
            "groups:\n  - {{ hosts: a, roles: [etcd, minio, bookie, broker, coord, query, index, proxy] }}\n  \
             - {{ hosts: 'm[1-{managers}]', roles: [manager] }}\n"
        ))
    };
    for (managers, lost, held) in [
        (1, 1, false),
        (2, 1, false),
        (3, 1, true),
        (3, 2, false),
        (4, 2, false),
        (5, 2, true),
    ] {
        let answer = offline(&inventory(managers), &format!("m[1-{lost}]"));
        assert_eq!(
            quorum(&answer, "swarm", Rule::Raft).held,
            held,
            "{lost} of {managers}"
        );
        // What runs goes on without a leader.
        assert!(answer.reads.go_on && answer.writes.go_on);
        let force = answer
            .next
            .iter()
            .any(|text| text.contains("--force-new-cluster"));
        assert_eq!(force, !held, "{lost} of {managers}");
    }
}

#[test]
fn the_way_back_names_hosts_and_how_many() {
    let inventory = parse(PRODUCTION_26);
    let next = |lose: &str| offline(&inventory, lose).next;
    assert_eq!(
        next("node[15-16]"),
        [
            "bring back 1 of node15, node16: etcd needs it",
            "bring back 1 of node15, node16: ZooKeeper needs it",
        ]
    );
    assert_eq!(
        next("node[20-22]"),
        ["bring back 2 of node20, node21, node22: MinIO needs it"]
    );
    assert_eq!(
        next("node04"),
        ["for as many as before, give another host the role `query`, then `milvus-swarm up`"]
    );
}
