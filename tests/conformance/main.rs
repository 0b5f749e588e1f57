//! The docker CLI is the oracle: it deploys each stack file to a fake engine, and what it posts
//! must be what we would post.
//!
//! `MILVUS_SWARM_DOCKER_CLIS` names more CLIs than the one on `PATH`, and
//! `MILVUS_SWARM_DOCKER_VERSIONS` the versions that must be among them (`tests/run` sets both);
//! `MILVUS_SWARM_CONFORMANCE_FILES` is the number of random files (60), and
//! `MILVUS_SWARM_CONFORMANCE_SEED` where they start.

mod again;
mod both;
mod cases;
mod cli;
mod engine;
mod generate;
mod ours;
mod random;
mod read_back;
mod rendered;
mod resolve;
mod same;
mod shipped;

use std::collections::BTreeMap;
use std::path::Path;

use cases::{Case, Expected};
use cli::Cli;
use milvus_swarm::compose::image::ResolveImage;
use milvus_swarm::spec::{ServiceSpec, diff};

pub const NAMESPACE: &str = "st";

/// A directory with the stack file and the files it may name.
pub fn directory(text: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for entry in std::fs::read_dir(cases::root().join("files")).unwrap() {
        let file = entry.unwrap().path();
        let target = directory.path().join(file.file_name().unwrap());
        std::fs::copy(&file, target).unwrap();
    }
    std::fs::write(directory.path().join("stack.yml"), text).unwrap();
    directory
}

/// What is wrong with a case, or nothing.
fn verdict(cli: &Cli, case: &Case, directory: &Path) -> Result<(), String> {
    let theirs = cli.deploy(
        directory,
        NAMESPACE,
        &case.environment,
        ResolveImage::Never,
        &BTreeMap::new(),
    );
    let ours = ours::read(directory, NAMESPACE, &case.text, &case.environment);
    let words = match &case.expected {
        Expected::Same => None,
        Expected::Refused(words) | Expected::Stricter(words) => Some(words),
    };
    let refused = matches!(case.expected, Expected::Refused(_)) && cli.major >= case.refused_since;
    if refused == theirs.ok {
        return Err(format!("docker: ok is {}, {}", theirs.ok, theirs.stderr));
    }
    match (ours, words) {
        (Ok(_), Some(_)) => Err("we take it".to_owned()),
        (Err(error), None) => Err(format!("we refuse it: {error}")),
        (Err(error), Some(words)) if error.to_string().contains(words) => Ok(()),
        (Err(error), Some(_)) => Err(format!("another error than expected: {error}")),
        (Ok(stack), None) => {
            let ours = ours::posted(&stack, ResolveImage::Never, &BTreeMap::new());
            let mut differences = Vec::new();
            for spec in stack.services.values() {
                let theirs = theirs
                    .posted
                    .services
                    .get(&spec.name)
                    .cloned()
                    .unwrap_or_default();
                let theirs: ServiceSpec = serde_json::from_value(theirs).unwrap_or_default();
                let changes = diff(&theirs, spec).into_iter();
                differences.extend(changes.map(|change| format!("diff: {change}")));
            }
            let (ours, theirs) = (same::normal(&ours), same::normal(&theirs.posted));
            same::differences(&ours, &theirs, "", &mut differences);
            if differences.is_empty() {
                Ok(())
            } else {
                Err(differences.join("\n  "))
            }
        }
    }
}

/// Runs cases on two threads and returns what is wrong.
fn failures(cli: &Cli, cases: &[Case]) -> Vec<String> {
    let run = |cases: &[Case]| -> Vec<String> {
        let mut wrong = Vec::new();
        for case in cases {
            let directory = directory(&case.text);
            if let Err(why) = verdict(cli, case, directory.path()) {
                wrong.push(format!("{} ({}):\n  {why}\n", case.name, cli.version));
            }
        }
        wrong
    };
    let (first, second) = cases.split_at(cases.len() / 2);
    std::thread::scope(|scope| {
        let second = scope.spawn(move || run(second));
        let mut wrong = run(first);
        wrong.extend(second.join().unwrap());
        wrong
    })
}

fn compare(cases: &[Case]) {
    for cli in Cli::all() {
        let mine: Vec<Case> = cases
            .iter()
            .filter(|case| (case.since..case.until).contains(&cli.major))
            .cloned()
            .collect();
        let wrong = failures(&cli, &mine);
        println!(
            "docker {}: {} of {} cases agree, {} left out",
            cli.version,
            mine.len() - wrong.len(),
            mine.len(),
            cases.len() - mine.len(),
        );
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}

/// An oracle that is expected and missing would go unnoticed: its comparisons would all pass.
#[test]
fn expected_oracles_are_there() {
    let clis = Cli::all();
    let found: Vec<&str> = clis.iter().map(|cli| cli.version.as_str()).collect();
    println!("compared with docker {}", found.join(", "));
    let expected = std::env::var("MILVUS_SWARM_DOCKER_VERSIONS").unwrap_or_default();
    for version in expected.split_whitespace() {
        let dotted = format!("{version}.");
        let there = found.iter().any(|found| found.starts_with(&dotted));
        assert!(there, "docker {version} is expected, there is {found:?}");
    }
}

#[test]
fn written_cases() {
    compare(&cases::all());
}

#[test]
fn random_files() {
    compare(&generate::cases());
}

/// A comparison that cannot fail would prove nothing.
#[test]
fn differences_are_seen() {
    let text = "version: \"3.9\"\nservices:\n  web: {image: x, hostname: h}\n";
    for cli in Cli::all() {
        let case = |text: &str| Case {
            name: "planted".to_owned(),
            text: text.to_owned(),
            environment: cases::environment(),
            since: 0,
            until: u32::MAX,
            refused_since: 0,
            expected: Expected::Same,
        };
        let directory = directory(text);
        assert_eq!(verdict(&cli, &case(text), directory.path()), Ok(()));
        for other in ["hostname: i", "hostname: h, tty: true", "user: h"] {
            let ours = text.replace("hostname: h", other);
            let why = verdict(&cli, &case(&ours), directory.path()).unwrap_err();
            assert!(
                why.contains("ContainerSpec") && why.contains("diff: "),
                "{why}"
            );
        }
    }
}
