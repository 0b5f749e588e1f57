//! The measurements, side by side.

use std::fmt::Write as _;
use std::time::Duration;

use crate::case::{Case, Measured};

/// Each case at the largest size takes less, for each plan that it holds.
pub const MOST_TIME: Duration = Duration::from_secs(1);
pub const MOST_MEMORY: u64 = 200_000_000;

/// Every measurement, in the order in which it was made.
#[derive(Default)]
pub struct Table {
    rows: Vec<(Case, Vec<(usize, Measured)>)>,
}

impl Table {
    pub fn add(&mut self, case: Case, hosts: usize, measured: Measured) {
        match self.rows.last_mut() {
            Some((last, row)) if *last == case => row.push((hosts, measured)),
            _ => self.rows.push((case, vec![(hosts, measured)])),
        }
    }

    pub fn rows(&self) -> &[(Case, Vec<(usize, Measured)>)] {
        &self.rows
    }

    /// A Markdown table; the last column says what ten times the hosts cost in time.
    pub fn text(&self) -> String {
        let sizes: Vec<usize> = self
            .rows
            .first()
            .map(|(_, row)| row.iter().map(|(hosts, _)| *hosts).collect())
            .unwrap_or_default();
        let mut text = String::from("| |");
        for hosts in &sizes {
            let _ = write!(text, " {hosts} hosts |");
        }
        text.push_str(" x10 hosts, time |\n|---|");
        text.push_str(&"---|".repeat(sizes.len() + 1));
        text.push('\n');
        for (case, row) in &self.rows {
            let _ = write!(text, "| {} |", case.title());
            for (_, measured) in row {
                let _ = write!(
                    text,
                    " {}, {} |",
                    time(measured.time),
                    memory(measured.peak)
                );
            }
            let _ = writeln!(text, " {} |", growth(row));
        }
        text
    }

    /// Cases that miss their target at the largest size.
    pub fn missed(&self) -> Vec<String> {
        self.rows
            .iter()
            .filter_map(|(case, row)| Some((case, row.last()?)))
            .filter(|(case, (_, last))| {
                last.time >= MOST_TIME || last.peak >= MOST_MEMORY * case.plans()
            })
            .map(|(case, (hosts, last))| {
                format!(
                    "{} with {hosts} hosts: {}, {}",
                    case.title(),
                    time(last.time),
                    memory(last.peak)
                )
            })
            .collect()
    }
}

fn growth(row: &[(usize, Measured)]) -> String {
    let ratios: Vec<String> = row
        .windows(2)
        .map(|pair| {
            let (before, after) = (pair[0].1.time, pair[1].1.time);
            format!("{:.1}", after.as_secs_f64() / before.as_secs_f64())
        })
        .collect();
    ratios.join(", ")
}

pub fn time(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        0.0..10.0 => format!("{millis:.2} ms"),
        10.0..100.0 => format!("{millis:.1} ms"),
        _ => format!("{millis:.0} ms"),
    }
}

pub fn memory(bytes: u64) -> String {
    format!("{} MB", bytes.div_ceil(1_000_000))
}
