//! What `scale` refuses before it asks the Swarm.

use std::fs;
use std::path::Path;
use std::process::Command;

use milvus_swarm::inventory::PRODUCTION_26;

/// The exit code and what was said; the inventory stays as it is.
fn scale(overlay: &str, arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    write("a.yml", PRODUCTION_26);
    write("b.yml", overlay);
    write("c.yml", "{}\n");
    let output = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
        .args(["-i", "a.yml:b.yml:c.yml", "-H", "unix:///nowhere", "scale"])
        .args(arguments)
        .current_dir(folder.path())
        .output()
        .expect("the program");
    let kept = fs::read_to_string(Path::new(folder.path()).join("a.yml")).expect("a.yml");
    assert_eq!(kept, PRODUCTION_26);
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    (output.status.code(), told)
}

/// The Swarm is asked, and is not there.
const ASKED: Option<i32> = Some(5);

#[test]
fn an_overlay_that_wins_is_named() {
    for (overlay, now) in [
        ("roles: { query: { replicas: 4 } }\n", 4),
        ("roles: { query: { replicas: ~ } }\n", 5),
        ("roles: { query: ~ }\n", 5),
        ("roles: ~\n", 5),
    ] {
        let (code, told) = scale(overlay, &["query=3"]);
        assert_eq!(code, Some(4), "{overlay}: {told}");
        let expected = format!(
            "error: `b.yml` decides `roles.query.replicas`, which would stay {now}\n\nhint: set it \
             to 3 there, or take it out there and scale again\n"
        );
        assert_eq!(told, expected, "{overlay}");
    }
    for overlay in [
        "{}\n",
        "roles: { query: { per_host: 1 }, index: { replicas: 2 } }\n",
        "roles: { query: { replicas: 3 } }\n",
    ] {
        assert_eq!(scale(overlay, &["query=3"]).0, ASKED, "{overlay}");
    }
}

#[test]
fn hosts_of_ranges_get_the_role() {
    let (code, told) = scale("{}\n", &["index=5", "--on", "node08"]);
    assert_eq!(code, ASKED, "{told}");
    let (code, told) = scale("{}\n", &["index=6", "data=2", "--on", "node07,node08"]);
    assert_eq!(code, Some(4), "{told}");
    assert!(told.contains("it runs on the hosts with `coord`"), "{told}");
}

#[test]
fn hosts_that_have_the_role_are_told() {
    let (code, told) = scale("{}\n", &["query=3", "--on", "node04,node05,node09"]);
    assert_eq!(code, ASKED, "{told}");
    let note = "note: `node04` and `node05` have the role `query` already, so `--on` changes nothing \
                there: Swarm chooses among all hosts with the role\n";
    assert!(told.starts_with(note), "{told}");
    let (_, told) = scale("{}\n", &["query=5", "--on", "node09"]);
    assert!(!told.contains("note:"), "{told}");
}

#[test]
fn what_is_no_number_of_tasks_is_refused() {
    for (arguments, code, words) in [
        (&["etcd=5"][..], 4, "one member on each host with the role"),
        (&["coord=3"], 4, "the others stand by"),
        (&["manager=3"], 4, "it marks the managers of the Swarm"),
        (&["query=9"], 4, "9 tasks of `query` do not fit: 5 hosts"),
        (&["query=9"], 4, "hint: name 4 more with `--on HOST,...`"),
        (
            &["query=50"],
            4,
            "hint: the inventory has 26 hosts in all: add hosts to it, or set \
             `roles.query.per_host: 2` and give all of them the role\n",
        ),
        (
            &["proxy=50"],
            4,
            "hint: the inventory has 26 hosts in all: add hosts to it\n",
        ),
        (&["query=3", "query=4"], 2, "`query` is named twice"),
        (&["query=0"], 2, "`0` is no number of tasks"),
        (&["qeury=3"], 2, "`qeury` is no role"),
        (
            &["query=5", "--on", "node99"],
            2,
            "no host `node99` is in the inventory",
        ),
    ] {
        let (found, told) = scale("{}\n", arguments);
        assert_eq!(found, Some(code), "{arguments:?}: {told}");
        assert!(told.contains(words), "{arguments:?}: {told}");
    }
}
