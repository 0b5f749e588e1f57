//! The verbs as people type them, where no Swarm answers.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use milvus_swarm::inventory::PRODUCTION_26;
use milvus_swarm::plan::{Plan, Verdicts};
use milvus_swarm::render::Sources;
use milvus_swarm::snapshot::Snapshot;
use milvus_swarm::source::MAX_BYTES;
use milvus_swarm::wanted::Cluster;
use serde_json::Value;
use tempfile::TempDir;

use crate::world::{parse, running};

struct Desk(TempDir);

impl Desk {
    /// An inventory, and what was seen of the Swarm on it.
    fn new() -> Self {
        let desk = Self(tempfile::tempdir().expect("a folder"));
        std::fs::write(desk.path("prod.yml"), PRODUCTION_26).expect("a file");
        let inventory = parse(PRODUCTION_26);
        let seen = running(&inventory);
        let cluster = Cluster::work_out(&inventory, Some(&seen), &Sources::shipped());
        let cluster = cluster.expect("a cluster");
        let snapshot = Snapshot::of(&cluster, &seen, &Verdicts::new(), None);
        let text = snapshot.to_text(MAX_BYTES).expect("short enough");
        std::fs::write(desk.path("seen.json"), text).expect("a file");
        desk
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
            .current_dir(self.0.path())
            .env_clear()
            // A Swarm that nobody may reach: whoever tries, fails.
            .env("DOCKER_HOST", "unix:///nowhere/docker.sock")
            .env("HOME", self.0.path())
            .args(["-i", "prod.yml"])
            .args(arguments)
            .output()
            .expect("the program runs")
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_exit_code_tells_whether_it_survives() {
    let desk = Desk::new();
    for how in [&["--offline"][..], &["--observed", "seen.json"]] {
        for (lose, code, says) in [
            ("node14", 0, "it survives the loss of 1 of 26 hosts"),
            (
                "node[15-16]",
                6,
                "it does not survive the loss of 2 of 26 hosts",
            ),
            (
                "node99",
                2,
                "no host and no zone of the inventory is called `node99`",
            ),
        ] {
            let output = desk.run(&[&["what-if", "--lose", lose], how].concat());
            let all = text(&output.stdout) + &text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{lose}: {all}");
            assert!(all.contains(says), "{all}");
        }
    }
    let output = desk.run(&["what-if", "--lose", "node14"]);
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output.stderr).contains("`--offline` answers from the inventory alone"));
}

#[test]
fn the_answer_is_json_for_programs() {
    let desk = Desk::new();
    let output = desk.run(&[
        "what-if",
        "--lose",
        "node15",
        "--lose",
        "node16",
        "--offline",
        "--json",
    ]);
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(answer["lost"], serde_json::json!(["node15", "node16"]));
    assert_eq!(answer["survives"], false);
    assert_eq!(answer["reads"]["go_on"], false);
}

#[test]
fn a_plan_is_made_and_drawn_without_a_swarm() {
    let desk = Desk::new();
    let output = desk.run(&[
        "plan",
        "--observed",
        "seen.json",
        "--out",
        "plan.json",
        "--graph",
        "plan.svg",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stderr);
    assert!(
        told.contains("gates were not recorded and count as unknown"),
        "{told}"
    );
    let read = |name: &str| std::fs::read_to_string(desk.path(name)).expect("a file");
    let plan: Plan = serde_json::from_str(&read("plan.json")).expect("a plan");
    // The network and the secrets were not seen; no gate was asked.
    assert!(!plan.steps.is_empty() && plan.refusals.is_empty());
    assert!(read("plan.svg").starts_with("<svg "));
}

#[test]
fn a_file_that_cannot_be_meant_is_refused_before_anything_is_done() {
    let desk = Desk::new();
    for (arguments, says) in [
        (
            &["plan", "--graph", "prod.yml"][..],
            "`prod.yml` does not end in .svg",
        ),
        (
            &["up", "--timings", "prod.yml"],
            "`prod.yml` does not end in .html",
        ),
        (
            &["plan", "--graph", "no/plan.svg"],
            "there is no folder `no`",
        ),
        (
            &["plan", "--out", "no/plan.json"],
            "there is no folder `no`",
        ),
        (
            &["up", "--timings", "no/up.html"],
            "there is no folder `no`",
        ),
    ] {
        let output = desk.run(arguments);
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(says), "{told}");
    }
    assert_eq!(
        text(&std::fs::read(desk.path("prod.yml")).expect("a file")),
        PRODUCTION_26
    );
}

#[test]
fn files_that_are_no_record_are_refused() {
    let desk = Desk::new();
    let seen = std::fs::read(desk.path("seen.json")).expect("a file");
    let refused = |name: &str, bytes: &[u8], code: i32, says: &str| {
        std::fs::write(desk.path(name), bytes).expect("a file");
        for verb in [&["plan"][..], &["what-if", "--lose", "node14"]] {
            let output = desk.run(&[verb, &["--observed", name]].concat());
            let told = text(&output.stderr);
            assert_eq!(output.status.code(), Some(code), "{told}");
            assert!(told.contains(says) && told.contains(name), "{told}");
        }
    };
    refused("cut.json", &seen[..seen.len() / 2], 2, "is cut short");
    refused("empty.json", b"", 2, "is empty");
    refused(
        "binary.json",
        &[0x7f, b'E', b'L', b'F', 0xff, 0],
        2,
        "UTF-8",
    );
    refused("text.json", PRODUCTION_26.as_bytes(), 2, "is not JSON");
    let huge = desk.path("huge.json");
    let file = std::fs::File::create(&huge).expect("a file");
    file.set_len(MAX_BYTES + 1).expect("a long file");
    let output = desk.run(&["plan", "--observed", "huge.json"]);
    assert!(
        text(&output.stderr).contains("too long"),
        "{}",
        text(&output.stderr)
    );
    std::fs::write(
        desk.path("other.yml"),
        PRODUCTION_26.replace("name: prod", "name: other"),
    )
    .expect("a file");
    let output = desk.run(&["-i", "other.yml", "plan", "--observed", "seen.json"]);
    assert!(Path::new(&desk.path("other.yml")).exists());
    assert!(!output.status.success());
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    let desk = Desk::new();
    for arguments in [
        &[
            "what-if",
            "--lose",
            "node14",
            "--offline",
            "--observed",
            "seen.json",
        ][..],
        &["-H", "unix:///x", "plan", "--observed", "seen.json"],
        &["status", "--watch", "--record", "x.json"],
        &["what-if"],
    ] {
        assert_eq!(desk.run(arguments).status.code(), Some(2), "{arguments:?}");
    }
}

/// Whoever may change a service may write what they like into it.
#[test]
fn what_others_wrote_moves_no_cursor_hides_nothing_and_turns_nothing_around() {
    let desk = Desk::new();
    let seen = std::fs::read(desk.path("seen.json")).expect("a file");
    let seen = text(&seen).replacen(
        "\"image\": \"milvusdb/milvus:",
        "\"image\": \"\\u001b[2J\\u001b[8m\\u202e\\u009b/m:",
        1,
    );
    let seen = seen.replacen(
        "\"Image\": \"milvusdb/milvus:",
        "\"Image\": \"\\u001b[2J\\u001b[8m\\u202e\\u009b/m:",
        1,
    );
    assert!(seen.contains("u001b"));
    std::fs::write(desk.path("wild.json"), seen).expect("a file");
    for colour in ["never", "always"] {
        let output = desk.run(&["plan", "--observed", "wild.json", "--color", colour]);
        let told = text(&output.stdout);
        let spelt_out = "image: \\u{1b}[2J\\u{1b}[8m\\u{202e}\\u{9b}/m:";
        assert!(told.contains(spelt_out), "{told}");
        for wild in ["\u{1b}[2J", "\u{1b}[8m", "\u{202e}", "\u{9b}"] {
            assert!(!told.contains(wild), "{told}");
        }
        assert_eq!(told.contains('\u{1b}'), colour == "always");
    }
    let output = desk.run(&["plan", "--observed", "wild.json", "--json"]);
    let told = text(&output.stdout);
    let spelt_out = r"\u001b[2J\u001b[8m\u202e\u009b/m:";
    assert!(told.contains(spelt_out), "{told}");
    assert!(!told.contains(['\u{1b}', '\u{202e}', '\u{9b}']), "{told}");
    let output = desk.run(&["what-if", "--lose", "\u{1b}]0;x\u{7}"]);
    assert!(!text(&output.stderr).contains('\u{1b}'));
}

/// Half a plan in CI would look like a whole one.
#[test]
fn what_cannot_be_written_is_an_error() {
    let desk = Desk::new();
    for arguments in [
        &["plan", "--observed", "seen.json", "--json"][..],
        &["what-if", "--lose", "node14", "--offline"],
        &["schema", "plan"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full");
        let output = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
            .current_dir(desk.0.path())
            .env("MILVUS_SWARM_INVENTORY", "prod.yml")
            .args(arguments)
            .stdout(full.expect("a full disk"))
            .output()
            .expect("the program");
        let told = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(told.contains("standard output: "), "{told}");
    }
}
