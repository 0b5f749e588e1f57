//! A fake engine that records: the few answers `docker stack deploy` needs, on a unix socket.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

use milvus_swarm::compose::image::{Distribution, Platform};
use serde_json::{Value, json};

/// What the CLI posted.
#[derive(Clone, Debug, Default)]
pub struct Posted {
    /// Bodies of creates and updates by the name of the service.
    pub services: BTreeMap<String, Value>,
    pub networks: BTreeMap<String, Value>,
    pub configs: BTreeMap<String, Value>,
    pub secrets: BTreeMap<String, Value>,
    /// Bodies of updates of configs, by name.
    pub relabelled: BTreeMap<String, Value>,
    /// Images whose digest was asked for.
    pub asked: Vec<String>,
    /// Names of the services among them that were there.
    pub updated: BTreeSet<String>,
    /// Identifiers of services that were removed.
    pub removed: BTreeSet<String>,
}

/// What is in the Swarm when a deployment begins.
#[derive(Clone, Debug, Default)]
pub struct World {
    /// As they are listed, by name.
    pub services: BTreeMap<String, Value>,
    /// Bodies that configs were created with, by name.
    pub configs: BTreeMap<String, Value>,
    /// Somebody else changes each service between its listing and its update.
    pub contended: bool,
}

/// An engine for one run of the CLI.
pub struct Engine {
    socket: PathBuf,
    state: Arc<Mutex<Posted>>,
}

impl Engine {
    /// Listens on `engine.sock` in `directory`.
    pub fn start(directory: &Path, world: &World) -> Self {
        let socket = directory.join("engine.sock");
        std::fs::remove_file(&socket).ok();
        let listener = UnixListener::bind(&socket).unwrap();
        let state = Arc::new(Mutex::new(Posted::default()));
        let (shared, world) = (Arc::clone(&state), Arc::new(world.clone()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (state, world) = (Arc::clone(&shared), Arc::clone(&world));
                thread::spawn(move || serve(&stream, &state, &world));
            }
        });
        Self { socket, state }
    }

    pub fn host(&self) -> String {
        format!("unix://{}", self.socket.display())
    }

    pub fn posted(&self) -> Posted {
        lock(&self.state).clone()
    }
}

fn lock(state: &Mutex<Posted>) -> MutexGuard<'_, Posted> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// The identifier that the engine gives to an object.
pub fn id(name: &str) -> String {
    format!("id-of-{name}")
}

/// What the registry says of an image: nothing for those named `missing`.
pub fn distribution(image: &str) -> Option<Distribution> {
    if image.contains("missing") {
        return None;
    }
    let digit = char::from(b'a' + u8::try_from(image.len() % 6).unwrap());
    let platform = |os: &str, architecture: &str| Platform {
        architecture: architecture.to_owned(),
        os: os.to_owned(),
    };
    Some(Distribution {
        digest: format!("sha256:{}", digit.to_string().repeat(64)),
        platforms: vec![
            platform("linux", "amd64"),
            platform("linux", "arm"),
            platform("linux", "arm64"),
            platform("linux", "arm"),
            platform("unknown", "unknown"),
        ],
    })
}

fn serve(stream: &UnixStream, state: &Mutex<Posted>, world: &World) {
    let mut reader = BufReader::new(stream);
    while let Some((method, target, body)) = request(&mut reader) {
        let (status, answer) = answer(&method, &target, &body, state, world);
        let text = if method == "HEAD" {
            String::new()
        } else {
            answer.to_string()
        };
        let head = format!(
            "HTTP/1.1 {status} X\r\nApi-Version: 1.41\r\nOstype: linux\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            text.len()
        );
        let mut writer = stream;
        if writer.write_all((head + &text).as_bytes()).is_err() {
            return;
        }
    }
}

fn request(reader: &mut BufReader<&UnixStream>) -> Option<(String, String, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let mut words = line.split_whitespace();
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else {
            break;
        };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().ok()?;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((method, target, body))
}

fn answer(
    method: &str,
    target: &str,
    body: &[u8],
    state: &Mutex<Posted>,
    world: &World,
) -> (u16, Value) {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decoded(path);
    let parts: Vec<&str> = path
        .trim_start_matches('/')
        .split('/')
        .skip_while(|part| part.starts_with("v1."))
        .collect();
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let name = body["Name"].as_str().unwrap_or_default().to_owned();
    let mut posted = lock(state);
    let not_found = || (404, json!({ "message": "not found" }));
    match (method, parts.as_slice()) {
        (_, ["_ping"]) => (200, json!("OK")),
        ("GET", ["info"]) => (
            200,
            json!({ "Swarm": { "ControlAvailable": true, "LocalNodeState": "active" } }),
        ),
        ("GET", ["networks"]) => (200, json!([])),
        ("GET", ["networks", name]) => (
            200,
            json!({ "Name": name, "Id": id(name), "Scope": "swarm" }),
        ),
        ("GET", [kind @ ("configs" | "secrets")]) => (200, listed(kind, query)),
        ("GET", ["configs", name]) if world.configs.contains_key(*name) => (
            200,
            json!({ "ID": id(name), "Version": { "Index": 7 }, "Spec": world.configs[*name] }),
        ),
        ("GET", ["configs" | "secrets", _]) => not_found(),
        ("GET", ["services"]) => (200, world.services.values().cloned().collect()),
        ("DELETE", ["services", id]) => {
            posted.removed.insert((*id).to_owned());
            (200, json!({}))
        }
        ("GET", ["distribution", image @ .., "json"]) => {
            let image = image.join("/");
            posted.asked.push(image.clone());
            match distribution(&image) {
                Some(answer) => (200, distribution_json(&answer)),
                None => (401, json!({ "message": "unauthorized" })),
            }
        }
        ("POST", [kind, "create"]) => {
            let into = match *kind {
                "networks" => &mut posted.networks,
                "configs" => &mut posted.configs,
                "secrets" => &mut posted.secrets,
                "services" => &mut posted.services,
                _ => return not_found(),
            };
            into.insert(name.clone(), body);
            let id = id(&name);
            (201, json!({ "ID": id, "Id": id }))
        }
        ("POST", ["configs", _, "update"]) => {
            if body["Data"] == world.configs[&name]["Data"] {
                posted.relabelled.insert(name, body);
                (200, json!({}))
            } else {
                refused(400, "InvalidArgument", "only updates to Labels are allowed")
            }
        }
        ("POST", ["services", _, "update"]) if world.contended => {
            refused(500, "Unknown", "update out of sequence")
        }
        ("POST", ["services", _, "update"]) => {
            posted.updated.insert(name.clone());
            posted.services.insert(name, body);
            (200, json!({}))
        }
        _ => not_found(),
    }
}

/// In the words of SwarmKit, which the engine passes on.
fn refused(status: u16, code: &str, why: &str) -> (u16, Value) {
    let message = format!("rpc error: code = {code} desc = {why}");
    (status, json!({ "message": message }))
}

fn distribution_json(answer: &Distribution) -> Value {
    let platforms = answer.platforms.iter();
    let platforms = platforms.map(|p| json!({ "os": p.os, "architecture": p.architecture }));
    json!({
        "Descriptor": {
            "mediaType": "application/vnd.oci.image.index.v1+json",
            "digest": answer.digest,
            "size": 1,
        },
        "Platforms": platforms.collect::<Vec<_>>(),
    })
}

/// Every object that is asked for by name exists; so do some whose names begin with it, which
/// the CLI must not take for it.
fn listed(kind: &str, query: &str) -> Value {
    let filters = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("filters="))
        .unwrap_or_default();
    let filters: Value = serde_json::from_str(&decoded(filters)).unwrap_or_default();
    let names = match &filters["name"] {
        Value::Object(names) => names.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let object = |name: &String| {
        let longer = format!("{name}-longer");
        [name.clone(), longer].map(
            |name| json!({ "ID": id(&name), "Spec": { "Name": name, "Labels": {} }, "Of": kind }),
        )
    };
    names.iter().flat_map(object).collect()
}

/// Undoes percent encoding.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let hex = String::from_utf8_lossy(&hex).into_owned();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            b'+' => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
