//! The stack-file reader.

use std::collections::BTreeMap;

use milvus_swarm::compose::{self, Place, Stack};
use milvus_swarm::inventory::{Inventory, LOCAL, Source, THREE_HOST};
use milvus_swarm::render::Sources;
use milvus_swarm::spec::{canonical, diff};
use milvus_swarm::wanted::Cluster;

use crate::bounded::fuzz;
use crate::corpus::Corpus;

/// Words that stack files are made of.
const WORDS: [&str; 44] = [
    "version: \"3.9\"",
    "services:",
    "  a:\n    image: b",
    "image: x@sha256:0",
    "command: [a, b]",
    "command: \"a 'b c\\\" d\"",
    "entrypoint: \"\"",
    "environment: [A, B=1]",
    "A: 1.5",
    "env_file: f",
    "ports: [\"80-90:80\"]",
    "- \"[::1]:1-65535:1-65535\"",
    "target: 80",
    "published: 0",
    "mode: 0444",
    "mode: host",
    "volumes: [\"a:/b:ro\"]",
    "- /a:/b",
    "type: tmpfs",
    "source: a",
    "deploy:",
    "replicas: -1",
    "replicas: 18446744073709551615",
    "mode: global",
    "endpoint_mode: vip",
    "restart: on-failure:3",
    "cpus: \"0.5\"",
    "cpus: 1e400",
    "memory: 5xb",
    "memory: 9999999999g",
    "stop_grace_period: 1h1m1.5s",
    "stop_grace_period: -5s",
    "healthcheck: { test: [NONE] }",
    "networks: [cluster]",
    "external: true",
    "name: x",
    "file: ./f",
    "configs:",
    "secrets:",
    "template_driver: golang",
    "ulimits: { nofile: 1 }",
    "x-a: &a { b: 1 }",
    "<<: [*a, *a]",
    "depends_on: [a]",
];

/// The machine itself: a reader that gives up on a shell's `$(` is found out.
#[test]
#[should_panic(expected = "MILVUS_SWARM_FUZZ_SEED=")]
fn a_fault_is_found() {
    let text = b"version: \"3.9\"\nservices: {}\n".to_vec();
    let corpus = Corpus::new("stack", vec![("small".to_owned(), text)], &WORDS);
    fuzz(&corpus, |bytes| {
        if bytes.windows(2).any(|two| two == b"$(") {
            return Err("found".to_owned());
        }
        Ok(())
    });
}

#[test]
fn stack_files() {
    let mut texts = Vec::new();
    for (name, text) in [("local", LOCAL), ("three-host", THREE_HOST)] {
        let inventory = Inventory::parse(&[Source::new(name, text)]).expect("an inventory");
        let cluster = Cluster::work_out(&inventory, None, &Sources::shipped()).expect("a cluster");
        for file in cluster.files {
            texts.push((format!("{name}-{}", file.name), file.text.into_bytes()));
        }
    }
    fuzz(&Corpus::new("stack", texts, &WORDS), check);
}

/// What is wrong with how a text was read.
fn check(bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let outside = BTreeMap::from([("A".to_owned(), "$A {{x}}".to_owned())]);
    let read = || {
        let surroundings = compose::Surroundings {
            files: &|_| Some(b"A=1\nB\n".to_vec()),
            variables: &outside,
            directory: "/srv",
        };
        compose::read_in("fuzz", &text, surroundings)
    };
    match read() {
        Err(error) => {
            if error.to_string().is_empty() {
                return Err("refused without a word".to_owned());
            }
            inside(&text, error.place)
        }
        Ok(stack) => {
            if read().as_ref() != Ok(&stack) {
                return Err("read twice, it is two stacks".to_owned());
            }
            for warning in &stack.warnings {
                inside(&text, warning.place)?;
            }
            sound(&stack)
        }
    }
}

/// A place is a line of the text and a column of that line; a place that is not known is the
/// whole file.
fn inside(text: &str, place: Place) -> Result<(), String> {
    if place == Place::default() {
        return Ok(());
    }
    let line = usize::try_from(place.line).unwrap_or(usize::MAX);
    let column = usize::try_from(place.column).unwrap_or(usize::MAX);
    // YAML knows more line breaks than one.
    let lines: Vec<&str> = text.split('\n').flat_map(|line| line.split('\r')).collect();
    if line == 0 || line > lines.len() + 1 {
        return Err(format!("{place} of {} lines", lines.len()));
    }
    let widest = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    if column == 0 || column > widest + 2 {
        return Err(format!("{place} of {widest} columns"));
    }
    Ok(())
}

/// What was read can be posted, and is itself.
fn sound(stack: &Stack) -> Result<(), String> {
    for (key, spec) in &stack.services {
        if spec.name != format!("fuzz_{key}") {
            return Err(format!("{key} became {}", spec.name));
        }
        let json = serde_json::to_string(spec).map_err(|error| error.to_string())?;
        let back = serde_json::from_str(&json).map_err(|error| error.to_string())?;
        if *spec != back {
            return Err(format!("{key} is lost on its way through JSON: {json}"));
        }
        let changes = diff(spec, &canonical(spec));
        if !changes.is_empty() {
            return Err(format!("{key} differs from itself: {changes:?}"));
        }
    }
    Ok(())
}
