//! `eject`, and the inventory key that uses what it wrote.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use milvus_swarm::inventory::PRODUCTION_26;
use tempfile::TempDir;

fn run(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("MILVUS_SWARM_INVENTORY")
        .output()
        .expect("the program")
}

fn told(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A folder with an inventory that uses `own`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let text = format!("{PRODUCTION_26}stacks: own\n");
    fs::write(folder.path().join("milvus-swarm.yml"), text).expect("an inventory");
    folder
}

#[test]
fn what_was_ejected_renders_as_what_is_shipped() {
    let folder = folder();
    let at = folder.path();
    assert_eq!(run(at, &["eject", "own"]).status.code(), Some(0));
    assert_eq!(run(at, &["render", "--out", "a"]).status.code(), Some(0));
    fs::write(at.join("milvus-swarm.yml"), PRODUCTION_26).expect("an inventory");
    assert_eq!(run(at, &["render", "--out", "b"]).status.code(), Some(0));
    for file in ["store.yml", "pulsar.yml", "milvus.yml", "README.txt"] {
        let read = |out: &str| fs::read(at.join(out).join(file)).expect(file);
        assert_eq!(read("a"), read("b"), "{file}");
    }
}

#[test]
fn a_template_that_comes_to_no_end_is_given_up_by_name() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("own")).expect("a folder");
    let loops = "{% for a in range(100000) %}{% for b in range(100000) %}";
    let end = "{% endfor %}{% endfor %}\n";
    for (body, says) in [
        ("{% set c = b %}", "comes to no end: given up in line 2"),
        ("{{ 'x' * 1000000 }}", "writes more than 67108864 bytes"),
    ] {
        fs::write(at.join("own/etcd.yml"), format!("\n{loops}{body}{end}")).expect("a file");
        let output = run(at, &["render", "--out", "out"]);
        assert_eq!(output.status.code(), Some(3));
        let told = told(&output);
        assert!(
            told.contains(&format!("template `etcd.yml` {says}")),
            "{told}"
        );
        assert!(told.contains("`milvus-swarm eject DIR`"), "{told}");
        assert!(!at.join("out").exists());
    }
}

#[test]
fn a_template_of_one_deep_expression_is_an_error_and_no_crash() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("own")).expect("a folder");
    let deep = |sign: &str, times: usize| format!("{{{{ {}1 }}}}\n", sign.repeat(times));
    for body in [
        deep("-", 200_000),
        deep("not ", 60_000),
        deep("1 + ", 60_000),
        deep("1 ~ ", 60_000),
        deep("1 | q | ", 30_000),
        deep("(", 200_000),
        deep("[", 200_000),
    ] {
        fs::write(at.join("own/etcd.yml"), &body).expect("a file");
        let output = run(at, &["render", "--out", "out"]);
        assert_eq!(output.status.code(), Some(3), "{}", &body[..20]);
        assert!(!at.join("out").exists());
    }
    fs::write(at.join("own/etcd.yml"), deep("-", 300_000)).expect("a file");
    let output = run(at, &["render", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3));
    let told = told(&output);
    assert!(
        told.contains("`etcd.yml` has more than 262144 bytes"),
        "{told}"
    );
}

#[test]
fn nothing_is_overwritten() {
    let folder = folder();
    let at = folder.path();
    fs::create_dir(at.join("own")).expect("a folder");
    fs::write(at.join("own/user.yaml"), "mine").expect("a file");
    let output = run(at, &["eject", "own"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        told(&output),
        "error: `own/user.yaml` would be overwritten; nothing was written\n\nhint: delete them, or \
         choose another folder\n"
    );
    assert_eq!(fs::read_dir(at.join("own")).expect("own").count(), 1);
}

#[test]
fn an_edit_that_breaks_the_cluster_stops_every_verb_with_exit_code_3() {
    let folder = folder();
    let at = folder.path();
    run(at, &["eject", "own"]);
    let file = at.join("own/etcd.yml");
    let text = fs::read_to_string(&file).expect("etcd.yml");
    fs::write(&file, text.replace("    hostname: {{ s.name|q }}\n", "")).expect("etcd.yml");
    let output = run(at, &["render", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3));
    let told = told(&output);
    assert!(
        told.contains("store.yml (line 5 as rendered): service `etcd-0` and 2 more: `hostname`"),
        "{told}"
    );
    assert!(told.contains("hint: docs/stacks.md"), "{told}");
    assert!(!at.join("out").exists());
}

#[test]
fn the_flag_wins_over_the_inventory() {
    let folder = folder();
    let at = folder.path();
    run(at, &["eject", "own"]);
    run(at, &["eject", "other"]);
    let file = at.join("other/etcd.yml");
    let text = fs::read_to_string(&file).expect("etcd.yml");
    fs::write(&file, format!("{text}# of the other folder\n")).expect("etcd.yml");
    let flags: [&[&str]; 2] = [&[], &["--stacks", "other"]];
    for (flag, marked) in flags.into_iter().zip([false, true]) {
        let render = [&["render", "--out", "out"], flag].concat();
        let output = run(at, &render);
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        let text = fs::read_to_string(at.join("out/store.yml")).expect("store.yml");
        assert_eq!(text.contains("# of the other folder"), marked);
    }
}

#[test]
fn every_verb_takes_the_flag() {
    let folder = folder();
    for verb in [
        &["plan"][..],
        &["plan", "--observed", "seen.json"],
        &["what-if", "--lose", "node01", "--observed", "seen.json"],
        &["up", "--yes"],
        &["status"],
        &["scale", "query=4"],
        &["render", "--out", "out"],
        &["down", "--yes"],
        &["credentials"],
    ] {
        let output = run(folder.path(), &[verb, &["--stacks", "none"]].concat());
        assert_eq!(output.status.code(), Some(3), "{verb:?}: {}", told(&output));
        let told = told(&output);
        assert!(
            told.contains("`none` holds none of the templates"),
            "{told}"
        );
    }
}

/// A path in an inventory begins there, wherever the program is started.
#[test]
fn the_folder_is_beside_the_inventory() {
    let folder = folder();
    assert!(run(folder.path(), &["eject", "own"]).status.success());
    let elsewhere = tempfile::tempdir().expect("a folder");
    let inventory = folder.path().join("milvus-swarm.yml");
    let inventory = inventory.to_str().expect("a path");
    let output = run(elsewhere.path(), &["-i", inventory, "render", "-o", "out"]);
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn a_folder_without_templates_is_named() {
    let folder = folder();
    let output = run(folder.path(), &["render", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        told(&output).contains("milvus-swarm eject own"),
        "{}",
        told(&output)
    );
}

/// docker would merge it (`-c milvus.yml -c milvus.override.yml`); nobody would read it here.
#[test]
fn a_second_layer_is_refused() {
    let folder = folder();
    assert!(run(folder.path(), &["eject", "own"]).status.success());
    for (name, refused) in [
        ("milvus.override.yml", true),
        ("store.yaml", true),
        ("milvus-swarm.yml", false),
        ("milvus.yml.orig", false),
    ] {
        let file = folder.path().join("own").join(name);
        fs::write(&file, "services: {}\n").unwrap();
        let output = run(folder.path(), &["render", "-o", "out"]);
        let told = told(&output);
        if refused {
            assert_eq!(output.status.code(), Some(3), "{told}");
            assert!(told.contains(name) && told.contains("itself"), "{told}");
        } else {
            assert!(output.status.success(), "{told}");
        }
        fs::remove_file(&file).unwrap();
    }
}

/// Templates that an earlier version wrote, when one was all of a stack file.
#[test]
fn folders_of_before_go_on() {
    let folder = folder();
    let at = folder.path();
    let own = at.join("own");
    fs::create_dir(&own).expect("a folder");
    let before = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/e2e/before");
    for file in ["macros.yml", "store.yml", "pulsar.yml", "milvus.yml"] {
        let text = fs::read_to_string(before.join(file)).expect(file);
        fs::write(own.join(file), format!("{text}# of before\n")).expect(file);
    }
    let output = run(at, &["render", "--out", "out"]);
    assert!(output.status.success(), "{}", told(&output));
    for file in ["store.yml", "pulsar.yml", "milvus.yml"] {
        let text = fs::read_to_string(at.join("out").join(file)).expect(file);
        assert!(text.ends_with("# of before\n"), "{file}: {text}");
        assert_eq!(text.matches("\nservices:").count(), 1, "{file}");
    }
    // Beside what it became, one of both would be lost.
    fs::write(own.join("minio.yml"), "").expect("a file");
    let output = run(at, &["render", "--out", "out"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(
        told(&output),
        "error: `own/store.yml` and `own/minio.yml` make the same services, and only one of them \
         would be read\n\nhint: `store.yml` is now `etcd.yml` and `minio.yml`: carry your edits over \
         and `rm own/store.yml`; or keep it without them, and it goes on as before\n"
    );
}

#[test]
fn an_inventory_is_never_printed_as_json() {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(folder.path(), &["init", "--json"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(
        told(&output).contains("leave `--json` out"),
        "{}",
        told(&output)
    );
    assert!(run(folder.path(), &["init"]).status.success());
}

/// Before the Swarm is asked, which is not there.
#[test]
fn what_is_no_saved_plan_is_told_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    for file in ["milvus-swarm.yml", "note.txt"] {
        fs::write(at.join(file), PRODUCTION_26).expect("a file");
    }
    let saves = "`milvus-swarm plan --out FILE` saves one";
    for (file, what, hint) in [
        ("none.json", "no saved plan: cannot read `none.json`", saves),
        (
            "none.json",
            "no saved plan",
            "an inventory is named with `-i FILE`",
        ),
        (
            "milvus-swarm.yml",
            "`milvus-swarm.yml` is no saved plan",
            "hint: an inventory is named with `-i`: milvus-swarm -i FILE up",
        ),
        ("note.txt", "`note.txt` is no saved plan", saves),
    ] {
        let output = run(at, &["-H", "unix:///nowhere", "up", file]);
        let told = told(&output);
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(what) && told.contains(hint), "{told}");
    }
}

#[test]
fn every_schema_is_printed() {
    let folder = tempfile::tempdir().expect("a folder");
    for what in [
        &["schema"][..],
        &["schema", "plan"],
        &["schema", "events"],
        &["schema", "status"],
        &["schema", "what-if"],
    ] {
        let output = run(folder.path(), what);
        assert_eq!(output.status.code(), Some(0), "{what:?}");
        let schema: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(
            schema["title"]
                .as_str()
                .is_some_and(|title| title.starts_with("milvus-swarm"))
        );
    }
}

/// Files that would bring it up by hand are as bad as a plan that does.
#[test]
fn nothing_is_rendered_with_a_hole_that_is_not_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let text = PRODUCTION_26.replace("accept: ", "# ");
    fs::write(at.join("milvus-swarm.yml"), text).expect("an inventory");
    let output = run(at, &["render", "--out", "out"]);
    let said = told(&output);
    assert_eq!(output.status.code(), Some(4), "{said}");
    assert!(
        said.starts_with("error: `proxy` runs Milvus 2.3.21, which has CVE-2025-64513 "),
        "{said}"
    );
    assert!(said.contains("[known-hole]; nothing was written"), "{said}");
    assert!(said.contains("`accept: [CVE-2025-64513]`"), "{said}");
    assert!(!at.join("out").exists());
}
