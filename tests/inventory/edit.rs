//! Edits change what they say and nothing else.

use milvus_swarm::inventory::edit::{Edited, Refused, add_role, set_replicas};
use milvus_swarm::inventory::{INIT, PRODUCTION_26, THREE_HOST};
use milvus_swarm::role::Role;
use proptest::prelude::*;

use super::{BASE, valid};

fn diff(edited: &Edited) -> Vec<String> {
    let line = |line: &milvus_swarm::inventory::edit::DiffLine| {
        format!(
            "{}{} {}",
            line.number,
            if line.added { '+' } else { '-' },
            line.text
        )
    };
    edited.diff_lines.iter().map(line).collect()
}

/// The text below the base, the edit's result there.
fn set(below: &str, replicas: u64) -> String {
    let text = format!("{BASE}{below}");
    let edited = set_replicas(&text, Role::Query, replicas)
        .unwrap_or_else(|why| panic!("{why}\n{}", why.hint()));
    let after = valid(&edited.text);
    assert_eq!(after.settings(Role::Query).replicas, replicas);
    edited.text.strip_prefix(BASE).unwrap().to_owned()
}

#[test]
fn replicas_are_set_in_every_layout() {
    for (before, after) in [
        ("", "roles:\n  query: { replicas: 2 }\n"),
        (
            "milvus: 2.3",
            "milvus: 2.3\nroles:\n  query: { replicas: 2 }\n",
        ),
        (
            "roles: {query: {replicas: 3}} # three",
            "roles: {query: {replicas: 2}} # three",
        ),
        (
            "roles:\n  query:\n    replicas: 3 # three\n",
            "roles:\n  query:\n    replicas: 2 # three\n",
        ),
        (
            "roles:\n  query: # q\n    # p\n    per_host: 1\n",
            "roles:\n  query: # q\n    replicas: 2\n    # p\n    per_host: 1\n",
        ),
        (
            "roles:\n  query: { per_host: 1 }\n",
            "roles:\n  query: { replicas: 2, per_host: 1 }\n",
        ),
        (
            "roles:\n  query: {per_host: 1}\n",
            "roles:\n  query: {replicas: 2, per_host: 1}\n",
        ),
        (
            "roles:\n  query: {}\n",
            "roles:\n  query: { replicas: 2 }\n",
        ),
        ("roles:\n  query:\n", "roles:\n  query: { replicas: 2 }\n"),
        (
            "roles:\n  query: ~ # none\n",
            "roles:\n  query: { replicas: 2 } # none\n",
        ),
        (
            "roles:\n  query: # none\n",
            "roles:\n  query: { replicas: 2 } # none\n",
        ),
        (
            "roles: # all\n",
            "roles: { query: { replicas: 2 } } # all\n",
        ),
        (
            "roles:\n    # data\n    data: {}\nname2: ~\n"
                .split("name2")
                .next()
                .unwrap(),
            "roles:\n    query: { replicas: 2 }\n    # data\n    data: {}\n",
        ),
        (
            "\"roles\":\n  'query':\n    \"replicas\": 3\n",
            "\"roles\":\n  'query':\n    \"replicas\": 2\n",
        ),
        (
            "roles:\r\n  query:\r\n    per_host: 1\r\n",
            "roles:\r\n  query:\r\n    replicas: 2\r\n    per_host: 1\r\n",
        ),
        (
            "roles: { query: { replicas: ~ } }\n",
            "roles: { query: { replicas: 2 } }\n",
        ),
        (
            "roles: &r\n  query:\n    replicas: 3\n",
            "roles: &r\n  query:\n    replicas: 2\n",
        ),
    ] {
        assert_eq!(set(before, 2), after, "{before}");
    }
}

#[test]
fn the_shipped_inventories_can_be_scaled() {
    for text in [THREE_HOST, INIT, PRODUCTION_26] {
        let edited = set_replicas(text, Role::Query, 2).unwrap();
        assert_eq!(valid(&edited.text).settings(Role::Query).replicas, 2);
    }
    let edited = set_replicas(PRODUCTION_26, Role::Query, 3).unwrap();
    assert_eq!(
        diff(&edited),
        [
            "15- \u{20} query: { cpus: { reserve: 14, limit: 16 }, memory: { reserve: 56GiB, limit: 60GiB } }",
            "15+ \u{20} query: { replicas: 3, cpus: { reserve: 14, limit: 16 }, memory: { reserve: 56GiB, limit: 60GiB } }",
        ]
    );
}

#[test]
fn edits_that_are_not_one_scalar_are_refused() {
    let refused =
        |below: &str| set_replicas(&format!("{BASE}{below}"), Role::Query, 2).unwrap_err();
    for below in [
        "roles:\n  data: &d { replicas: 1 }\n  query: *d\n",
        "roles:\n  data: &d { replicas: 1 }\n  query:\n    <<: *d\n",
        "roles:\n  query: &d { per_host: 1 }\n  index: *d\n",
        "...\n",
    ] {
        let why = refused(below);
        assert!(matches!(why, Refused::NotOneItem { .. }), "{below}: {why}");
        assert!(why.hint().ends_with("roles:\n  query:\n    replicas: 2"));
    }
    assert!(matches!(refused("roles: ["), Refused::Unreadable(_)));
    let why = set_replicas(BASE, Role::Query, 9).unwrap_err();
    assert!(matches!(&why, Refused::Breaks(errors) if errors.render().contains("--on")));
    for role in [Role::Etcd, Role::Bookie, Role::Manager] {
        assert_eq!(set_replicas(BASE, role, 3), Err(Refused::Members { role }));
    }
}

#[test]
fn a_role_is_one_list_item() {
    for (before, after) in [
        (
            "hosts: [{ name: q, roles: [query] }] # x\n",
            "hosts: [{ name: q, roles: [query, index] }] # x\n",
        ),
        (
            "hosts:\n  - name: q\n    roles: [query] # y\n",
            "hosts:\n  - name: q\n    roles: [query, index] # y\n",
        ),
        (
            "hosts:\n  - name: q\n    roles: [ query, ]\n",
            "hosts:\n  - name: q\n    roles: [ query, index, ]\n",
        ),
        (
            "hosts:\n  - name: q\n    roles: query\n",
            "hosts:\n  - name: q\n    roles: [query, index]\n",
        ),
        (
            "hosts:\n  - name: q\n    roles:\n      - query # y\n    zone: a\n",
            "hosts:\n  - name: q\n    roles:\n      - query # y\n      - index\n    zone: a\n",
        ),
        (
            "hosts:\n- name: q\n  roles:\n  - query",
            "hosts:\n- name: q\n  roles:\n  - query\n  - index",
        ),
    ] {
        let edited = add_role(&format!("{BASE}{before}"), "q", Role::Index).unwrap();
        assert_eq!(edited.text, format!("{BASE}{after}"));
        assert_eq!(valid(&edited.text).hosts_with(Role::Index).count(), 4);
    }
    let group = BASE.replace("m[1-4]", "[m1]\n    roles: [minio]\n  - hosts: m[2-4]");
    let edited = add_role(&group, "m1", Role::Query).unwrap();
    assert_eq!(
        diff(&edited),
        ["8-     roles: [minio]", "8+     roles: [minio, query]"]
    );
    assert_eq!(add_role(BASE, "n1", Role::Query).unwrap().diff_lines, []);
}

/// What an edit adds to a text, with the numbers of the lines.
fn added(text: &str, host: &str, role: Role) -> (String, Vec<String>) {
    let edited =
        add_role(text, host, role).unwrap_or_else(|why| panic!("{why}\n{}\n{text}", why.hint()));
    let roles = |text: &str| {
        let hosts = valid(text).hosts;
        hosts
            .into_iter()
            .find(|other| other.name == host)
            .unwrap()
            .roles
    };
    let mut expected = roles(text);
    expected.insert(role);
    assert_eq!(roles(&edited.text), expected);
    let lines = diff(&edited);
    (edited.text, lines)
}

#[test]
fn a_host_of_a_range_gets_a_group_of_its_own() {
    let (once, lines) = added(PRODUCTION_26, "node08", Role::Index);
    assert_eq!(lines, ["14+ \u{20} - { hosts: node08, roles: [index] }"]);
    let (twice, lines) = added(&once, "node07", Role::Index);
    assert_eq!(lines, ["15+ \u{20} - { hosts: node07, roles: [index] }"]);
    let (thrice, lines) = added(&twice, "node08", Role::Broker);
    assert_eq!(
        lines,
        [
            "14- \u{20} - { hosts: node08, roles: [index] }",
            "14+ \u{20} - { hosts: node08, roles: [index, broker] }"
        ]
    );
    assert_eq!(valid(&thrice).hosts_with(Role::Index).count(), 6);
    let kept: String = thrice
        .split_inclusive('\n')
        .filter(|line| !line.contains("node08") && !line.contains("node07"))
        .collect();
    assert_eq!(kept, PRODUCTION_26);

    let (_, lines) = added(BASE, "m1", Role::Query);
    assert_eq!(lines, ["9+   - hosts: m1", "10+     roles: [query]"]);
}

#[test]
fn a_group_is_added_in_every_layout() {
    let base = &BASE[..BASE.rfind("  - hosts: m").unwrap()];
    for (before, after) in [
        (
            "  - {hosts: 'm[1-4]', roles: [minio]} # m\n",
            "  - {hosts: 'm[1-4]', roles: [minio]} # m\n  - { hosts: m2, roles: [query] }\n",
        ),
        (
            "  - {\n    hosts: 'm[1-4]', # {m}\n    roles: [minio,], # }\n  }\n# end\n",
            "  - {\n    hosts: 'm[1-4]', # {m}\n    roles: [minio,], # }\n  }\n  - { hosts: m2, roles: [query] }\n# end\n",
        ),
        (
            "  -   hosts: [m1, m2, m3, m4] # x\n      roles:\n        - minio # y\n\n# end\nname2: ~\n"
                .split("name2")
                .next()
                .unwrap(),
            "  -   hosts: [m1, m2, m3, m4] # x\n      roles:\n        - minio # y\n  -   hosts: m2\n      roles: [query]\n\n# end\n",
        ),
        (
            "  - roles: [minio]\n    hosts: 'm[1-4]'",
            "  - roles: [minio]\n    hosts: 'm[1-4]'\n  - hosts: m2\n    roles: [query]",
        ),
        (
            "  - roles: [minio]\r\n    hosts: m[1-4]\r\n",
            "  - roles: [minio]\r\n    hosts: m[1-4]\r\n  - hosts: m2\r\n    roles: [query]\r\n",
        ),
        (
            "  - hosts: m[1-4]\n    roles: [minio]\nhosts: [{ name: m2, zone: a }]\n",
            "  - hosts: m[1-4]\n    roles: [minio]\n  - hosts: m2\n    roles: [query]\nhosts: [{ name: m2, zone: a }]\n",
        ),
    ] {
        assert_eq!(
            added(&format!("{base}{before}"), "m2", Role::Query).0,
            format!("{base}{after}")
        );
    }
    let flow = "groups: [{ hosts: 'n[1-3]', roles: [manager, etcd, bookie, query, index] }, \
                { hosts: 'n[1-2]', roles: [broker, coord] }, { hosts: '0[1-4]', roles: [minio] } ] # f\n";
    assert_eq!(
        added(flow, "02", Role::Query).0,
        flow.replace(" ] #", ", { hosts: \"02\", roles: [query] } ] #")
    );
}

#[test]
fn roles_of_several_hosts_are_refused() {
    let shared = format!(
        "{}  - &m {{ hosts: 'm[1-4]', roles: [minio] }}\n",
        &BASE[..BASE.rfind("  - hosts: m").unwrap()]
    );
    let why = add_role(&shared, "m1", Role::Query).unwrap_err();
    assert!(matches!(why, Refused::SharedEntry { .. }), "{why}");
    assert!(
        why.hint()
            .ends_with("hosts:\n  - name: m1\n    roles: [query]")
    );
    assert!(matches!(
        add_role(BASE, "zz", Role::Query),
        Err(Refused::UnknownHost { .. })
    ));
    let text = format!("{BASE}hosts: [{{ name: q, roles: [query] }}]\n");
    let why = add_role(&text, "q", Role::Data).unwrap_err();
    assert_eq!(
        why,
        Refused::Defaulted {
            role: Role::Data,
            beside: Role::Coord
        }
    );
    assert!(matches!(
        add_role(&text, "q", Role::Etcd),
        Err(Refused::Breaks(_))
    ));
    let shared =
        format!("{BASE}hosts: [{{ name: q, roles: &r [query] }}, {{ name: p, roles: *r }}]\n");
    for host in ["q", "p"] {
        assert!(matches!(
            add_role(&shared, host, Role::Index),
            Err(Refused::NotOneItem { .. })
        ));
    }
    let none = format!("{BASE}hosts: [{{ name: q, zone: a }}]\n");
    assert!(matches!(
        add_role(&none, "q", Role::Query),
        Err(Refused::NotOneItem { .. })
    ));
    // A zone alone is no reason against a group.
    let zone = format!("{BASE}hosts: [{{ name: n1, zone: a }}]\n");
    assert!(add_role(&zone, "n1", Role::Minio).is_ok());
}

/// A `roles` section in one of several layouts with comments sprinkled in.
fn section() -> impl Strategy<Value = String> {
    let comment = prop::sample::select(vec!["", " # c", "   #: {x} [", " # é ü 漢"]);
    let line = prop::sample::select(vec!["", "# between\n", "\n", "  # deeper: 3\n"]);
    let query = prop::sample::select(vec![
        "query:\n    replicas: 3",
        "query: { replicas: 1 }",
        "query: {per_host: 1}",
        "query:\n    per_host: 1",
        "query: ~",
        "index: { replicas: 1 }",
    ]);
    let more = prop::sample::select(vec!["", "  data: {}\n", "  data:\n    replicas: 1 # one\n"]);
    (comment, line.clone(), query, line, more).prop_map(|(comment, one, query, other, more)| {
        format!("roles:{comment}\n{one}  {query}{comment}\n{other}{more}# end\n")
    })
}

proptest! {
    /// Every line that the edit does not name is still there, byte for byte and in order.
    #[test]
    fn all_other_bytes_stay(section in section(), replicas in 1..4_u64) {
        let text = format!("{BASE}{section}");
        let before = valid(&text);
        let edited = set_replicas(&text, Role::Query, replicas).unwrap();
        let after = valid(&edited.text);
        prop_assert_eq!(after.settings(Role::Query).replicas, replicas);

        let mut expected = before.clone();
        expected.roles.insert(Role::Query, after.settings(Role::Query).clone());
        prop_assert_eq!(&after, &expected);

        let mut kept: Vec<&str> = edited.text.lines().collect();
        for line in edited.diff_lines.iter().filter(|line| line.added).rev() {
            prop_assert_eq!(kept.remove(line.number - 1), &line.text);
        }
        for line in edited.diff_lines.iter().filter(|line| !line.added) {
            kept.insert(line.number - 1, &line.text);
        }
        prop_assert_eq!(kept, text.lines().collect::<Vec<_>>());
        prop_assert_eq!(text.matches('#').count(), edited.text.matches('#').count());
    }
}
