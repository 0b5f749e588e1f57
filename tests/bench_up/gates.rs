//! The cheapest question to each component that is enough to go on, asked from inside the
//! network namespace of its own task: every host of the lab is on this machine.

use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::bench::{Bench, CLUSTER};

/// As often as `up` asks.
const PAUSE: Duration = Duration::from_millis(250);

/// Connects, sends and prints what comes back.
const ASK: &str = r#"exec 3<>"/dev/tcp/127.0.0.1/$1" && printf '%s' "$2" >&3 && cat <&3"#;

enum Gate {
    /// The process on this port answers with this text.
    Says(u16, String, &'static str),
    /// The task ended well.
    Completes,
    /// The coordinator holds its session in etcd.
    Registers,
    /// The poller is the judge.
    Nothing,
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nConnection: close\r\n\r\n")
}

fn gate(component: &str) -> Gate {
    match component {
        "etcd" => Gate::Says(2379, get("/health"), "\"health\":\"true\""),
        "minio" => Gate::Says(9000, get("/minio/health/cluster"), " 200 OK"),
        // It names its mode only as part of a quorum.
        "zookeeper" => Gate::Says(2181, "srvr\n".to_owned(), "Mode: "),
        "bookie" => Gate::Says(8000, get("/api/v1/bookie/is_ready"), " 200 OK"),
        // Answers only after it produced and consumed.
        "broker" => Gate::Says(8080, get("/admin/v2/brokers/health"), " 200 OK"),
        "pulsar-init" => Gate::Completes,
        name if name.ends_with("coord") => Gate::Registers,
        _ => Gate::Nothing,
    }
}

/// Waits until a service is ready for those that need it.
pub fn wait(bench: &Bench, component: &str, service: &str, until: Instant) -> Result<()> {
    let gate = gate(component);
    let ready = || match &gate {
        Gate::Says(port, question, expected) => {
            ask(bench, service, *port, question).is_some_and(|answer| answer.contains(expected))
        }
        Gate::Completes => tasks(bench, service)
            .iter()
            .any(|task| task["Status"]["State"] == "complete"),
        Gate::Registers => registered(bench, component),
        Gate::Nothing => true,
    };
    while !ready() {
        ensure!(Instant::now() < until, "{service} was not ready in time");
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn tasks(bench: &Bench, service: &str) -> Vec<Value> {
    let filters = json!({ "service": { service: true } }).to_string();
    let path = format!("/tasks?filters={}", escaped(&filters));
    match bench.api.get(&path) {
        Ok(Value::Array(tasks)) => tasks,
        _ => Vec::new(),
    }
}

/// The answer of the running task of a service, if it has one.
fn ask(bench: &Bench, service: &str, port: u16, question: &str) -> Option<String> {
    let tasks = tasks(bench, service);
    let task = tasks
        .iter()
        .find(|task| task["Status"]["State"] == "running")?;
    let pid = task["Status"]["ContainerStatus"]["PID"].as_u64()?;
    let output = Command::new("nsenter")
        .args(["--net", "--target", &pid.to_string()])
        .args(["timeout", "15", "bash", "-c", ASK, "bash"])
        .args([&port.to_string(), question])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Whether a coordinator's session is in etcd.
fn registered(bench: &Bench, coordinator: &str) -> bool {
    let prefix = format!("{CLUSTER}/meta/session/");
    let end = format!("{CLUSTER}/meta/session0");
    let body = json!({
        "key": STANDARD.encode(&prefix),
        "range_end": STANDARD.encode(end),
        "keys_only": true,
    })
    .to_string();
    let question = format!(
        "POST /v3/kv/range HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    ask(bench, &format!("{CLUSTER}-store_etcd-0"), 2379, &question)
        .and_then(|answer| keys(&answer).ok())
        .is_some_and(|keys| keys.contains(&format!("{prefix}{coordinator}")))
}

fn keys(answer: &str) -> Result<Vec<String>> {
    let (_, body) = answer.split_once("\r\n\r\n").context("cut short")?;
    let body: Value = serde_json::from_str(body)?;
    let keys = body["kvs"].as_array().into_iter().flatten();
    keys.map(|kv| {
        let key = STANDARD.decode(kv["key"].as_str().context("no key")?)?;
        Ok(String::from_utf8(key)?)
    })
    .collect()
}

/// A text as a part of an address.
fn escaped(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}
