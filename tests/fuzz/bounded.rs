//! Runs a check on generated texts for a bounded time, and bounds the time and the memory that
//! each text may take.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use std::{env, process, thread};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use crate::corpus::Corpus;
use crate::mutate;

/// The longest that one text may take; unoptimised code on a busy machine is slow.
const MOST_TIME: Duration = Duration::from_secs(20);
/// The most memory that the texts of one batch may take at any moment.
const MOST_BYTES: u64 = 1 << 30;
/// Texts between two looks at the clock.
const BATCH: u32 = 32;

/// Memory is the whole process's, so one target runs after the other.
static ALONE: Mutex<()> = Mutex::new(());

/// Tries every text of a corpus, then damaged ones until time is up. `check` says what is wrong.
pub fn fuzz(corpus: &Corpus, check: fn(&[u8]) -> Result<(), String>) {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let seed = seed();
    let watch = Watch::start(format!("{} with seed {seed}", corpus.name));
    for (name, text) in &corpus.texts {
        watch.begin();
        if let Err(why) = check(text) {
            panic!("{}/{name}: {why}", corpus.name);
        }
        watch.end();
    }
    let deadline = Instant::now() + Duration::from_secs(seconds());
    let mut tried = 0_u64;
    for batch in 0.. {
        if Instant::now() >= deadline {
            break;
        }
        forget_peak();
        let mut runner = runner(seed, batch);
        let result = runner.run(&mutate::damage(), |damage| {
            let text = damage.text(corpus);
            watch.begin();
            let start = Instant::now();
            let verdict = check(&text);
            watch.end();
            if start.elapsed() > MOST_TIME {
                return Err(TestCaseError::fail(format!("took {:?}", start.elapsed())));
            }
            verdict.map_err(TestCaseError::fail)
        });
        match result {
            Ok(()) => tried += u64::from(BATCH),
            Err(TestError::Fail(why, damage)) => panic!(
                "{}: {why}\nMILVUS_SWARM_FUZZ_SEED={seed}, batch {batch}, {damage:?}, the text:\n{}",
                corpus.name,
                String::from_utf8_lossy(&damage.text(corpus))
            ),
            Err(TestError::Abort(why)) => panic!("{}: {why}", corpus.name),
        }
        let peak = peak();
        assert!(
            peak < MOST_BYTES,
            "{}: a text of batch {batch} took {peak} bytes; MILVUS_SWARM_FUZZ_SEED={seed}",
            corpus.name
        );
    }
    assert!(tried > 0, "{}: nothing was tried", corpus.name);
    println!("{}: {tried} texts, seed {seed}", corpus.name);
}

/// The same seed and batch give the same texts.
fn runner(seed: u64, batch: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&batch.to_le_bytes());
    let config = Config {
        cases: BATCH,
        failure_persistence: None,
        max_shrink_iters: 2_000,
        max_shrink_time: 60_000,
        ..Config::default()
    };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes))
}

fn number(variable: &str) -> Option<u64> {
    let text = env::var(variable).ok()?;
    Some(text.parse().expect("a number"))
}

fn seconds() -> u64 {
    number("MILVUS_SWARM_FUZZ_SECONDS").unwrap_or(10)
}

fn seed() -> u64 {
    number("MILVUS_SWARM_FUZZ_SEED").unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(0, |now| now.as_secs() ^ u64::from(now.subsec_nanos()))
    })
}

/// Lets the kernel count the peak anew (`man 5 proc`, `clear_refs`).
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|rest| rest.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Ends the process when a text takes for ever: a thread cannot be stopped.
struct Watch {
    /// Milliseconds since `zero` at which the text under way began; 0 is none.
    since: &'static AtomicU64,
    zero: Instant,
}

impl Watch {
    fn start(what: String) -> Self {
        let since: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
        let zero = Instant::now();
        thread::spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                let since = since.load(Ordering::Relaxed);
                let now = millis(zero);
                if since > 0 && now > since + 3 * 1000 * MOST_TIME.as_secs() {
                    eprintln!("{what}: a text takes for ever");
                    process::abort();
                }
            }
        });
        Self { since, zero }
    }

    fn begin(&self) {
        self.since
            .store(millis(self.zero).max(1), Ordering::Relaxed);
    }

    fn end(&self) {
        self.since.store(0, Ordering::Relaxed);
    }
}

fn millis(zero: Instant) -> u64 {
    u64::try_from(zero.elapsed().as_millis()).unwrap_or(u64::MAX)
}
