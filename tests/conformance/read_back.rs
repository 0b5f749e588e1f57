//! No false differences: specs are posted to a real engine, read back, and must mean the same;
//! so must what they are updated to. What an engine fills in, drops or sorts is known here and
//! nowhere else.
//!
//! Each run has other random files: `MILVUS_SWARM_SEED` runs those of a seed that was printed.

mod batch;
mod objects;

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use milvus_swarm::engine::{Access, Engine, EngineError, Target};
use milvus_swarm::observed::Service;
use milvus_swarm::spec::{ServiceSpec, diff, drifted, stamped};

use crate::shipped;
use batch::Batch;

const CLUSTER: &str = "readback";

/// Random files of a run: more would take minutes.
const FILES: u64 = 60;

/// How often a service that Swarm itself touched meanwhile is looked at again.
const TRIES: u32 = 20;

/// What came of all that was posted.
#[derive(Default)]
struct Tally {
    services: usize,
    updates: usize,
    objects: usize,
    refused: Vec<String>,
    wrong: Vec<String>,
}

fn seed() -> u64 {
    match std::env::var("MILVUS_SWARM_SEED") {
        Ok(seed) => seed.parse().expect("MILVUS_SWARM_SEED is a number"),
        // Whole seconds, in a form that is easily typed again.
        Err(_) => SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    }
}

#[tokio::test]
#[ignore = "needs MILVUS_SWARM_TEST_HOST, a manager that may be played with"]
async fn what_is_posted_reads_back_as_the_same() {
    let host = std::env::var("MILVUS_SWARM_TEST_HOST").expect("MILVUS_SWARM_TEST_HOST is set");
    let target = Target::parse(&host, "MILVUS_SWARM_TEST_HOST", &Access::default()).unwrap();
    let engine = Engine::connect(target).await.unwrap();
    objects::clean(&engine).await;
    let mut made = BTreeSet::new();

    let seed = seed();
    println!("random specs: MILVUS_SWARM_SEED={seed} runs the same ones");
    let mut random = Tally::default();
    for number in 0..FILES {
        if let Some(batch) = Batch::random(seed.wrapping_add(number), number) {
            post(&engine, &host, &batch, &mut made, &mut random).await;
        }
    }
    let mut shipped = Tally::default();
    for (name, cluster) in shipped::clusters() {
        let batch = Batch::shipped(name, &cluster.wanted);
        post(&engine, &host, &batch, &mut made, &mut shipped).await;
    }
    objects::clean(&engine).await;

    for (what, tally) in [("random", &random), ("shipped", &shipped)] {
        println!(
            "{what}: {} services, {} updates, {} networks and configs read back, {} refused by \
             the engine",
            tally.services,
            tally.updates,
            tally.objects,
            tally.refused.len()
        );
    }
    random.wrong.append(&mut shipped.wrong);
    assert!(random.wrong.is_empty(), "seed {seed}: {:#?}", random.wrong);
    assert!(
        shipped.refused.is_empty() && shipped.services > 0,
        "{:#?}",
        shipped.refused
    );
    // Random specs may ask for what this engine does not take.
    assert!(
        random.services + random.updates > random.refused.len() * 3,
        "seed {seed}: too many are refused to prove anything: {:#?}",
        random.refused
    );
}

/// Posts what a batch has, its services one after the other, each updated to what the next one
/// is.
async fn post(
    engine: &Engine,
    host: &str,
    batch: &Batch,
    made: &mut BTreeSet<String>,
    tally: &mut Tally,
) {
    objects::make(engine, host, batch, tally).await;
    for (at, spec) in batch.services.iter().enumerate() {
        let next = batch.services.get(at + 1).unwrap_or(&batch.services[0]);
        for spec in [spec, next] {
            objects::make_references(engine, spec, batch, made).await;
        }
        let id = match engine.create_service(&stamped(spec.clone())).await {
            Ok(id) => id,
            Err(error) => {
                tally.refused.push(refused(batch, spec, "create", &error));
                continue;
            }
        };
        tally.services += 1;
        let found = look(engine, &spec.name).await;
        tally.wrong.extend(wrong(batch, "created", &found, spec));

        let other = successor(spec, next);
        match update(engine, found, &other).await {
            Ok(()) => {
                tally.updates += 1;
                let found = look(engine, &spec.name).await;
                tally.wrong.extend(wrong(batch, "updated", &found, &other));
            }
            Err(error) => tally.refused.push(refused(batch, spec, "update", &error)),
        }
        engine.remove_service(&id).await.unwrap();
    }
}

/// What a service may be updated to: another spec under its name, in its mode, which Swarm does
/// not change.
fn successor(spec: &ServiceSpec, next: &ServiceSpec) -> ServiceSpec {
    let mut other = next.clone();
    other.name.clone_from(&spec.name);
    other.mode = spec.mode.clone();
    if other.mode.replicated_job.is_some() || other.mode.global_job.is_some() {
        other.update_config = None;
        other.rollback_config = None;
    }
    // Where a batch has one service, its successor is itself.
    let labels = &mut other.task_template.container_spec.labels;
    labels.insert("updated".to_owned(), "true".to_owned());
    other
}

/// Swarm touches a service that is new (it gives it an address), which moves its version.
async fn update(
    engine: &Engine,
    mut found: Service,
    spec: &ServiceSpec,
) -> Result<(), EngineError> {
    let posted = stamped(spec.clone());
    for _ in 0..TRIES {
        let updated = engine.update_service(&found.id, found.version, &posted);
        match updated.await {
            Err(EngineError::OutOfSequence(_)) => found = look(engine, &spec.name).await,
            done => return done,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{} never stands still", spec.name);
}

async fn look(engine: &Engine, name: &str) -> Service {
    let mut seen = engine.observe(CLUSTER).await.unwrap();
    seen.services.remove(name).expect("it was just posted")
}

/// An engine's no, or the end of the test where it is anything else.
fn refused(batch: &Batch, spec: &ServiceSpec, what: &str, error: &EngineError) -> String {
    let says = format!("{} {}, {what}: {error}", batch.name, spec.name);
    let no = matches!(error, EngineError::Rejected(_) | EngineError::Failed(_));
    assert!(no, "{says}");
    says
}

fn wrong(batch: &Batch, what: &str, found: &Service, spec: &ServiceSpec) -> Option<String> {
    let changes = diff(&found.spec, spec);
    let marked = drifted(&found.spec) == Some(false);
    if changes.is_empty() && marked {
        return None;
    }
    let changes: Vec<String> = changes.iter().map(ToString::to_string).collect();
    Some(format!(
        "{} {}, {what}: {changes:?}, its mark fits: {marked}",
        batch.name, spec.name
    ))
}
