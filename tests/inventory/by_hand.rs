//! What `render` writes around the stack files: commands that can be copied to a shell.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use milvus_swarm::inventory::{LOCAL, PRODUCTION_26, THREE_HOST};
use tempfile::TempDir;

/// Stands in for `docker`: writes down its words and what it reads.
const DOCKER: &str = r#"#!/bin/sh
case "$1 $2" in
    "node inspect") echo this-node; exit ;;
    "secret create") printf '%s <' "$*" >>log; cat >>log; echo '>' >>log ;;
    *) echo "$*" >>log ;;
esac
"#;

fn folder(inventory: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("milvus-swarm.yml"), inventory).expect("an inventory");
    folder
}

fn render(at: &Path) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"))
        .args(["render", "-o", "out"])
        .current_dir(at)
        .env_remove("MILVUS_SWARM_INVENTORY")
        .output()
        .expect("the program");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    output
}

fn page(inventory: &str) -> String {
    let folder = folder(inventory);
    render(folder.path());
    fs::read_to_string(folder.path().join("out/README.txt")).expect("it is rendered")
}

fn commands(page: &str) -> Vec<&str> {
    let lines = page.lines();
    lines.filter_map(|line| line.strip_prefix("   ")).collect()
}

/// What docker is told by the commands that begin with it or feed it.
fn told(at: &Path, page: &str) -> String {
    let docker = at.join("docker");
    fs::write(&docker, DOCKER).expect("a script");
    fs::set_permissions(&docker, fs::Permissions::from_mode(0o755)).expect("a script");
    let path = format!("{}:/usr/bin:/bin", at.display());
    for command in commands(page) {
        if command.contains("python3") || command.starts_with('[') {
            continue;
        }
        let status = Command::new("sh")
            .args(["-ec", command])
            .current_dir(at)
            .env("PATH", &path)
            .status()
            .expect("sh");
        assert!(status.success(), "{command}");
    }
    fs::read_to_string(at.join("log")).expect("docker was told something")
}

#[test]
fn every_command_is_one_that_a_shell_takes() {
    let files =
        "credentials: { minio_password: { file: \"it's a file\" } }\ndata: { dir: /mnt/data }\n";
    for text in [LOCAL, THREE_HOST, PRODUCTION_26] {
        let page = page(&format!("{text}{files}"));
        for command in commands(&page) {
            let status = Command::new("sh").args(["-n", "-c", command]).status();
            assert!(status.expect("sh").success(), "{command}");
        }
    }
}

#[test]
fn this_machine_is_named_as_docker_knows_it() {
    let folder = folder(LOCAL);
    render(folder.path());
    let page = fs::read_to_string(folder.path().join("out/README.txt")).expect("a page");
    assert!(!page.contains("@this"), "{page}");
    let told = told(folder.path(), &page);
    assert!(
        told.contains("node update --label-add milvus.milvus.member.etcd-0=true this-node\n"),
        "{told}"
    );
    // 32 letters and digits.
    let secret = told.lines().find(|line| line.contains("milvus-root-v1"));
    let secret = secret.and_then(|line| line.split(['<', '>']).nth(1));
    assert_eq!(secret.map(str::len), Some(32), "{told}");
}

#[test]
fn zones_are_labels_too() {
    let zoned = PRODUCTION_26
        .replace("\"node[04-08]\", ", "\"node[04-08]\", zone: east, ")
        .replace("\"node[09-12]\", ", "\"node[09-12]\", zone: west, ");
    let folder = folder(&zoned);
    render(folder.path());
    let read = |name: &str| fs::read_to_string(folder.path().join("out").join(name)).expect(name);
    let page = read("README.txt");
    // Every label that the stack files ask for is made.
    for stack in ["store.yml", "pulsar.yml", "milvus.yml"].map(read) {
        for rest in stack.split("node.labels.").skip(1) {
            let label = rest.split([' ', '"']).next().unwrap_or_default();
            assert!(page.contains(&format!("--label-add {label}=")), "{label}");
        }
    }
    for line in [
        "docker node update --label-add milvus.prod.zone=east node08",
        "docker node update --label-add milvus.prod.zone=west node09",
    ] {
        assert!(commands(&page).contains(&line), "{line}");
    }
    assert!(
        !page.contains("zone= "),
        "hosts without a zone get no label"
    );
}

#[test]
fn directories_are_made_with_their_owners_and_left_alone_when_there() {
    let page = page(&format!("{PRODUCTION_26}data: {{ dir: /mnt/data }}\n"));
    let at = page.find("# on node24").expect("a host with a bookie");
    let line = page[at..].lines().nth(1).expect("a command");
    let path = "'/mnt/data/prod/bookie-0'";
    assert_eq!(
        line.trim_start(),
        format!("[ -d {path} ] || install -d -m 0700 -o 10000 -g 0 {path}")
    );
    let lines = commands(&page);
    let made = lines.iter().filter(|line| line.contains("install -d"));
    assert_eq!(
        made.count(),
        3 + 3 + 4 + 3,
        "etcd, ZooKeeper, MinIO, bookies"
    );
    // Volumes need none.
    assert!(!self::page(PRODUCTION_26).contains("install -d"));
}

#[test]
fn passwords_that_are_given_come_from_their_files() {
    let folder = folder(&format!(
        "{THREE_HOST}credentials: {{ root_password: {{ file: \"my root's\" }} }}\n"
    ));
    fs::write(folder.path().join("my root's"), "s3cret $x `y`\r\n").expect("a file");
    render(folder.path());
    let page = fs::read_to_string(folder.path().join("out/README.txt")).expect("a page");
    assert!(!page.contains("s3cret"));
    let told = told(folder.path(), &page);
    let line =
        "secret create --label milvus-swarm.cluster=milvus milvus-milvus-root-v1 - <s3cret $x `y`>";
    assert!(told.lines().any(|told| told == line), "{told}");
}

#[test]
fn the_default_password_is_not_left_without_a_word() {
    let page = page(PRODUCTION_26);
    assert!(
        page.contains("as user `root`\nwith the password `Milvus`"),
        "{page}"
    );
    let lines = commands(&page);
    // Without a birth there is no proxy to say it to.
    let [.., birth, last] = &lines[..] else {
        panic!("{lines:?}");
    };
    assert!(birth.contains("put milvus-swarm.birth/prod "), "{birth}");
    assert!(
        last.contains("name=prod-milvus_proxy") && last.contains("reset_password"),
        "{last}"
    );
    assert!(last.contains("http://127.0.0.1:19530"), "{last}");
    let hidden = self::page(&format!("{PRODUCTION_26}publish: {{ proxy: ~ }}\n"));
    assert!(hidden.contains("with the password `Milvus`") && !hidden.contains("python3"));
}

/// From 2.4.7 on the first start takes the password of the secret.
#[test]
fn later_ones_have_no_default_password_to_tell_of() {
    let at = |version: &str, more: &str| {
        let accept = "accept: [CVE-2025-64513]\n";
        page(&format!(
            "milvus: \"{version}\"\n{accept}{THREE_HOST}{more}"
        ))
    };
    let tells = |page: &str| page.contains("with the password `Milvus`");
    assert!(tells(&at("2.3", "")) && tells(&at("2.4.6", "")));
    for version in ["2.4.7", "2.4", "2.5", "2.6"] {
        assert!(!tells(&at(version, "")), "{version}");
    }
    // What is run counts, and not what it is called.
    assert!(tells(&at(
        "2.4",
        "images: { milvus: \"corp/milvus:v2.4.1\" }\n"
    )));
}

#[test]
fn rendering_again_removes_what_it_wrote_before_and_nothing_else() {
    let folder = folder(PRODUCTION_26);
    let configs = folder.path().join("out/configs");
    let names = || -> Vec<String> {
        let entries = fs::read_dir(&configs).expect("configs");
        let mut names: Vec<String> = entries
            .map(|entry| {
                entry
                    .expect("an entry")
                    .file_name()
                    .into_string()
                    .expect("text")
            })
            .collect();
        names.sort();
        names
    };
    render(folder.path());
    let first = names();
    let settings = first.iter().find(|name| name.contains("milvus-yaml"));
    let settings = settings.expect("settings of Milvus").clone();
    // The name of one of ours with another text, one of another cluster, one of nobody.
    for name in [
        "prod-milvus-yaml-0123456789",
        "prod-b-milvus-yaml-0123456789",
        "prod-notes",
    ] {
        fs::write(configs.join(name), "mine").expect("a file");
    }
    let other = format!("prod-b-{}", settings.trim_start_matches("prod-"));
    fs::copy(configs.join(&settings), configs.join(&other)).expect("a copy");

    let changed = format!(
        "{PRODUCTION_26}config: {{ quotaAndLimits: {{ flushRate: {{ enabled: true }} }} }}\n"
    );
    fs::write(folder.path().join("milvus-swarm.yml"), changed).expect("an inventory");
    let output = render(folder.path());
    let told = String::from_utf8_lossy(&output.stderr);
    let after = names();
    for name in &first {
        let stays = after.contains(name);
        let said = told.contains(&format!("removed out/configs/{name}, "));
        let written = String::from_utf8_lossy(&output.stdout).contains(name.as_str());
        assert_eq!((stays, said), (written, !written), "{name}: {told}");
    }
    assert!(told.contains("removed "), "nothing was stale: {told}");
    for name in [
        "prod-milvus-yaml-0123456789",
        "prod-b-milvus-yaml-0123456789",
        "prod-notes",
        &other,
    ] {
        assert!(after.iter().any(|found| found == name), "{name}: {after:?}");
    }
}
