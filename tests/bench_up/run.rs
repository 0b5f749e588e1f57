//! One run of one way, with the clock around it.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use serde_json::Value;

use crate::bench::{Bench, ROOT_PASSWORD};
use crate::busy::Busy;
use crate::deploy;
use crate::process;
use crate::watch::{Seen, Watch};

/// What takes longer has failed.
const LIMIT: Duration = Duration::from_secs(300);
/// Milvus' own, which it has where nothing sets another.
const DEFAULT_PASSWORD: &str = "Milvus";

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Variant {
    AllAtOnce,
    TierByTier,
    Tool,
}

impl Variant {
    pub const ALL: [Self; 3] = [Self::AllAtOnce, Self::TierByTier, Self::Tool];

    pub const fn name(self) -> &'static str {
        match self {
            Self::AllAtOnce => "a: all files at once",
            Self::TierByTier => "b: tier by tier",
            Self::Tool => "c: milvus-swarm up",
        }
    }
}

/// Seconds from the start of a run.
#[derive(Clone, Copy, Debug)]
pub struct Times {
    /// Three proxies answered.
    pub proxies: f64,
    /// The first search was right: the clock stops.
    pub search: f64,
    /// Of processor time until then, over all CPUs.
    pub busy: f64,
}

impl Times {
    fn of(start: Instant, idle: &Busy, seen: &Seen) -> Self {
        let seconds = |at: Instant| (at - start).as_secs_f64();
        Self {
            proxies: seconds(seen.proxies),
            search: seconds(seen.search),
            busy: seen.busy.since(idle),
        }
    }
}

/// What `up` said about itself.
#[derive(Debug, Default)]
pub struct Told {
    /// The plan, made right before.
    pub plan: Value,
    pub events: Vec<Value>,
    /// Seconds until it ended, smoke check and all.
    pub ended: f64,
    pub peak_kib: u64,
}

#[derive(Debug)]
pub struct Run {
    pub variant: Variant,
    pub took: Result<Times>,
    pub failed_tasks: Vec<String>,
    pub told: Option<Told>,
}

impl Run {
    /// Brings the cluster up on an empty Swarm. It is left up.
    pub fn measure(bench: &Bench, variant: Variant) -> Self {
        // Outside the clock.
        let plan = match variant {
            Variant::Tool => bench.plan(),
            Variant::AllAtOnce | Variant::TierByTier => {
                bench.by_hand();
                Value::Null
            }
        };
        let proxies = bench.proxies();
        let stop = AtomicBool::new(false);
        let idle = Busy::now();
        let start = Instant::now();
        let until = start + LIMIT;
        let watch = Watch {
            proxies: &proxies,
            password: match variant {
                Variant::Tool => ROOT_PASSWORD,
                _ => DEFAULT_PASSWORD,
            },
            until,
            stop: &stop,
        };
        let (seen, brought) = thread::scope(|scope| {
            let watching = scope.spawn(|| watch.wait());
            let brought = match variant {
                Variant::AllAtOnce => deploy::all_at_once(bench, until).map(|()| None),
                Variant::TierByTier => deploy::tier_by_tier(bench, until).map(|()| None),
                Variant::Tool => up(bench, plan, start, until).map(Some),
            };
            if brought.is_err() {
                stop.store(true, Ordering::Relaxed);
            }
            let seen = watching.join();
            (
                seen.unwrap_or_else(|_| Err(anyhow!("the poller panicked"))),
                brought,
            )
        });
        let failed_tasks = bench.failed_tasks();
        let (took, told) = match (brought, seen) {
            (Ok(told), Ok(seen)) => (idle.map(|idle| Times::of(start, &idle, &seen)), told),
            (Err(why), _) | (_, Err(why)) => (Err(why), None),
        };
        Self {
            variant,
            took,
            failed_tasks,
            told,
        }
    }

    /// Seconds on the clock, if the run succeeded.
    pub fn seconds(&self) -> Option<f64> {
        self.took.as_ref().ok().map(|times| times.search)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.variant.name())?;
        match &self.took {
            Ok(times) => write!(
                f,
                "{:.1} s (three proxies {:.1} s), {:.1} s of processor time",
                times.search, times.proxies, times.busy
            )?,
            Err(why) => write!(f, "FAILED: {why:#}")?,
        }
        if let Some(told) = &self.told {
            write!(f, ", `up` ended after {:.1} s", told.ended)?;
        }
        write!(f, ", {} failed tasks", self.failed_tasks.len())?;
        for task in &self.failed_tasks {
            write!(f, "\n    {task}")?;
        }
        Ok(())
    }
}

fn up(bench: &Bench, plan: Value, start: Instant, until: Instant) -> Result<Told> {
    let mut peak_kib = 0;
    let mut command = bench.tool(&["up", "--yes", "--json"]);
    let text = process::run(&mut command, until, |pid| {
        peak_kib = process::peak(pid).unwrap_or_default().max(peak_kib);
    })?;
    Ok(Told {
        plan,
        events: text
            .lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .collect(),
        ended: start.elapsed().as_secs_f64(),
        peak_kib,
    })
}
