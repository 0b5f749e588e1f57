//! Which inventory a verb reads, and what is said of one that can't be read.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use milvus_swarm::inventory::PRODUCTION_26;
use tempfile::TempDir;

const VARIABLE: &str = "MILVUS_SWARM_INVENTORY";

fn run(folder: &Path, variable: Option<&str>, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"));
    command.args(arguments).current_dir(folder);
    match variable {
        Some(value) => command.env(VARIABLE, value),
        None => command.env_remove(VARIABLE),
    };
    command.output().expect("the program")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with inventories of the clusters `flag`, `env` and `here`, the last in the default
/// file, and an overlay that names the cluster `over`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (file, name) in [
        ("flag.yml", "flag"),
        ("env.yml", "env"),
        ("milvus-swarm.yml", "here"),
    ] {
        // Of a release with nothing to say of.
        let text = PRODUCTION_26
            .replace("name: prod", &format!("name: {name}"))
            .replace("milvus: \"2.3\"", "milvus: \"2.5\"")
            .replace("accept: ", "# ");
        fs::write(folder.path().join(file), text).expect("an inventory");
    }
    fs::write(folder.path().join("over.yml"), "name: over\n").expect("an overlay");
    folder
}

/// The cluster that is rendered, and what was said.
fn cluster(folder: &Path, variable: Option<&str>, arguments: &[&str]) -> (String, String) {
    let output = run(
        folder,
        variable,
        &[arguments, &["render", "-o", "out"]].concat(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    let text = fs::read_to_string(folder.join("out/README.txt")).expect("README.txt");
    let words = text.split_once("for cluster ").expect("a cluster").1;
    let name = words.split_once(',').expect("a name").0;
    (name.to_owned(), told(&output))
}

#[test]
fn flags_come_first_then_the_environment_then_the_default_file() {
    let folder = folder();
    let at = folder.path();
    for (variable, flags, expected) in [
        (Some("env.yml"), &["-i", "flag.yml"][..], "flag"),
        (Some("env.yml"), &["-i", "flag.yml:over.yml"], "over"),
        (
            Some("env.yml"),
            &["-i", "flag.yml", "-i", "over.yml"],
            "over",
        ),
        (Some("env.yml"), &[], "env"),
        (Some("env.yml:over.yml"), &[], "over"),
        (Some(":env.yml:"), &[], "env"),
        (Some(""), &[], "here"),
        (None, &[], "here"),
    ] {
        let (name, said) = cluster(at, variable, flags);
        assert_eq!((&*name, &*said), (expected, ""), "{variable:?} {flags:?}");
    }
    fs::remove_file(at.join("milvus-swarm.yml")).expect("the default file");
    for variable in [Some(""), None] {
        let (name, said) = cluster(at, variable, &[]);
        assert_eq!(name, "milvus");
        assert!(
            said.contains("no inventory named and no ./milvus-swarm.yml: using the embedded one"),
            "{said}"
        );
    }
}

#[test]
fn an_inventory_that_is_not_there_is_no_reason_for_another() {
    let folder = folder();
    for (variable, flags) in [
        (None, &["-i", "none.yml"][..]),
        (Some("none.yml"), &[]),
        (None, &["-i", "flag.yml:none.yml"]),
    ] {
        let render = [flags, &["render", "-o", "out"]].concat();
        let output = run(folder.path(), variable, &render);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(3), "{told}");
        assert!(
            told.starts_with("error: no inventory: cannot read `none.yml`: "),
            "{told}"
        );
        assert!(
            told.contains("\nhint: name the file with `-i FILE`"),
            "{told}"
        );
    }
}

#[test]
fn bytes_that_are_no_text_are_the_fault_of_their_file() {
    let folder = folder();
    fs::write(folder.path().join("bad.yml"), b"name: t\n# \xff\n").expect("a file");
    let bad = ["-i", "flag.yml:bad.yml", "render", "-o", "out"];
    let output = run(folder.path(), None, &bad);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(3), "{told}");
    assert!(
        told.starts_with("error[not-text]: byte 10 is not UTF-8 text\n --> bad.yml:2:3"),
        "{told}"
    );
}
