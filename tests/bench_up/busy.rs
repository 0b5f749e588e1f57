//! How busy the machine is: on one that is busy all the time no order of starting is faster than
//! the work it makes.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};

/// What the kernel counted up to now, of all CPUs together.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    at: Instant,
    ticks: u64,
    idle: u64,
}

impl Busy {
    pub fn now() -> Result<Self> {
        let text = fs::read_to_string("/proc/stat").context("/proc/stat")?;
        let at = Instant::now();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests are in user (proc(5)).
        let counted: Vec<u64> = text
            .lines()
            .next()
            .context("/proc/stat is empty")?
            .split_whitespace()
            .skip(1)
            .take(8)
            .map(str::parse)
            .collect::<Result<_, _>>()
            .context("/proc/stat")?;
        Ok(Self {
            at,
            ticks: counted.iter().sum(),
            idle: counted.iter().skip(3).take(2).sum(),
        })
    }

    /// Seconds of processor time since then, over all CPUs.
    pub fn since(&self, earlier: &Self) -> f64 {
        let ticks = (self.ticks - earlier.ticks).max(1) as f64;
        let idle = self.idle.saturating_sub(earlier.idle) as f64;
        let wall = (self.at - earlier.at).as_secs_f64();
        wall * cpus() as f64 * (1.0 - idle / ticks)
    }
}

pub fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
