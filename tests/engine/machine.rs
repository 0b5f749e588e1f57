//! Verbs where a program reads what they print: no escape characters, and JSON that is JSON.

use std::process::Output;

use milvus_swarm::inventory::LOCAL;
use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::play::{Shared, network, program, swarm};

/// Every verb, in an order in which each has something to say; what is written goes below a
/// folder of its own.
fn verbs(folder: &str) -> Vec<Vec<String>> {
    let render = format!("render --out {folder}/rendered");
    let eject = format!("eject {folder}/templates");
    [
        "init",
        "schema plan",
        &render,
        &eject,
        "plan",
        "what-if --lose node01",
        "what-if --lose node01 --offline",
        "status",
        "credentials",
        "up",
        "scale query=1 --yes --gate-timeout 1",
        "up --yes --gate-timeout 1",
        "plan",
        "status",
        "unlock --yes",
        "down --data --yes",
        "down --yes --gate-timeout 5",
        // Wrong on the command line, and in words only the inventory knows.
        "scale etcd=5 --yes",
        "what-if --lose nobody",
    ]
    .iter()
    .map(|line| line.split(' ').map(str::to_owned).collect())
    .collect()
}

async fn output(fake: &Fake, arguments: &[&str]) -> Output {
    program(fake, arguments)
        .env_remove("NO_COLOR")
        .env("TERM", "xterm-256color")
        .output()
        .await
        .unwrap()
}

/// An engine, and a small inventory in its folder.
pub fn place() -> Fake {
    let (fake, _) = swarm();
    let file = fake.socket.with_file_name("milvus-swarm.yml");
    std::fs::write(file, LOCAL).unwrap();
    fake
}

pub fn plain(arguments: &[&str], output: &Output) {
    for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let text = String::from_utf8_lossy(bytes);
        assert!(!bytes.contains(&0x1b), "{arguments:?}, {name}: {text:?}");
    }
}

/// As docs/json.md says: events, a line each, or one document at most.
fn is_json(arguments: &[&str], output: &Output) {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    let says = |why: &str| format!("{arguments:?}: {why}: {text}");
    if ["up", "scale", "down"].contains(&arguments[0]) {
        for line in text.lines() {
            let event: Value = serde_json::from_str(line).unwrap_or_default();
            assert!(event["event"].is_string(), "{}", says("no event"));
        }
        let last = text.lines().last().unwrap_or_default();
        let last: Value = serde_json::from_str(last).unwrap_or_default();
        if output.status.code() != Some(0) {
            assert_eq!(last["event"], "error", "{}", says("the last line"));
            assert_eq!(last["code"], json!(output.status.code()));
        }
    } else if !text.is_empty() {
        let document: Result<Value, _> = serde_json::from_str(&text);
        assert!(document.is_ok(), "{}", says("not one document"));
    } else if output.status.code() != Some(0) {
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(words.contains("error"), "{}", says(&words));
    }
}

#[tokio::test]
async fn every_verb_writes_escape_characters_to_terminals_only() {
    let fake = place();
    for verb in verbs("text") {
        let arguments: Vec<&str> = verb.iter().map(String::as_str).collect();
        plain(&arguments, &output(&fake, &arguments).await);
    }
}

#[tokio::test]
async fn every_verb_with_json_prints_json_on_standard_output() {
    let fake = place();
    for verb in verbs("json") {
        let mut arguments: Vec<&str> = verb.iter().map(String::as_str).collect();
        arguments.push("--json");
        let output = output(&fake, &arguments).await;
        plain(&arguments, &output);
        // It prints an inventory, which is YAML.
        if arguments[0] != "init" {
            is_json(&arguments, &output);
        }
    }
}

#[tokio::test]
async fn an_engine_that_does_not_answer_is_told_as_json_or_beside_it() {
    let fake = place();
    std::fs::remove_file(&fake.socket).unwrap();
    for verb in verbs("gone") {
        let mut arguments: Vec<&str> = verb.iter().map(String::as_str).collect();
        plain(&arguments, &output(&fake, &arguments).await);
        arguments.push("--json");
        let output = output(&fake, &arguments).await;
        plain(&arguments, &output);
        if !["init", "eject"].contains(&arguments[0]) {
            is_json(&arguments, &output);
        }
        if arguments[0] == "status" {
            assert_eq!(output.status.code(), Some(5));
            assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        }
    }
}

#[tokio::test]
async fn what_an_engine_says_does_nothing_to_a_terminal() {
    // Hidden from here on, read from right to left, and a window renamed.
    const WILD: &str = "so\u{1b}[8m\u{202e}\u{2066}\u{9b}8m\u{1b}]0;x\u{7}";
    let wild = |bytes: &[u8]| {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let wild = [
            "\u{1b}[8m",
            "\u{202e}",
            "\u{2066}",
            "\u{9b}",
            "\u{1b}]",
            "\u{7}",
        ];
        assert!(!wild.iter().any(|wild| text.contains(wild)), "{text:?}");
        text
    };
    let up = async |flags: &[&str]| {
        let shared = Shared::default();
        let fake = Fake::manager(move |heard| {
            if heard.line == "POST /v1.41/services/create" {
                return Reply::Say(400, json!({ "message": WILD }).to_string());
            }
            shared.lock().unwrap().answer(heard)
        });
        let said = output(&fake, &[&["up", "--yes"], flags].concat()).await;
        (wild(&said.stdout), wild(&said.stderr))
    };
    for colour in ["always", "never"] {
        let (_, said) = up(&["--color", colour]).await;
        let spelt_out = "so\\u{1b}[8m\\u{202e}\\u{2066}\\u{9b}8m\\u{1b}]0;x\\u{7}";
        assert!(said.contains(spelt_out), "{said}");
    }
    let (said, _) = up(&["--json"]).await;
    let spelt_out = r"so\u001b[8m\u202e\u2066\u009b8m\u001b]0;x\u0007";
    assert!(said.contains(spelt_out), "{said}");
    let last: Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
    assert!(last["message"].as_str().unwrap().contains(WILD), "{last}");
}

#[tokio::test]
async fn a_refused_plan_is_one_document_with_its_refusals() {
    let (fake, shared) = swarm();
    let mut theirs = network("milvus_net");
    theirs["Labels"] = json!({ "com.docker.stack.namespace": "shop" });
    shared.lock().unwrap().networks.push(theirs);
    let output = output(&fake, &["plan", "--json"]).await;
    assert_eq!(output.status.code(), Some(4));
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(plan["refusals"][0]["rule"], "name-taken");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("the plan is refused"), "{words}");
}
