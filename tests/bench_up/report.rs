//! The tables at the end.

use std::collections::BTreeMap;

use crate::bench::Bench;
use crate::busy;
use crate::idle::Idle;
use crate::path::Span;
use crate::run::{Run, Times, Told, Variant};

/// `up` should take at most this much of posting everything at once.
const TARGET: f64 = 0.75;

/// Prints everything that was measured.
pub fn print(bench: &Bench, runs: &[Run], idle: Option<&Idle>) {
    let of = |variant| -> Vec<&Run> { runs.iter().filter(|run| run.variant == variant).collect() };
    let hosts = bench.lab.hosts().len();
    let cpus = busy::cpus();
    println!("\n{hosts} hosts on one machine of {cpus} CPUs, images present");
    println!("seconds until three proxies answered and a first search was right:\n");
    println!(
        "{:<22} {:>7} {:>15} {:>8} {:>6} {:>12} {:>6}   each run",
        "", "median", "min-max", "proxies", "CPU s", "failed tasks", "FAILED"
    );
    for variant in Variant::ALL {
        row(variant, &of(variant));
    }
    verdict(
        &of(Variant::AllAtOnce),
        &of(Variant::TierByTier),
        &of(Variant::Tool),
    );

    let told: Vec<&Run> = of(Variant::Tool)
        .into_iter()
        .filter(|run| run.told.is_some())
        .collect();
    parts(&told);
    critical(&told);
    small(&told, idle);
}

fn seconds(runs: &[&Run]) -> Vec<f64> {
    runs.iter().filter_map(|run| run.seconds()).collect()
}

fn row(variant: Variant, runs: &[&Run]) {
    let times = seconds(runs);
    let middle = |value: fn(&Times) -> f64| {
        let values = runs.iter().filter_map(|run| run.took.as_ref().ok());
        median(&values.map(value).collect::<Vec<f64>>())
    };
    let each: Vec<String> = runs
        .iter()
        .map(|run| {
            run.seconds()
                .map_or_else(|| "FAILED".to_owned(), |seconds| format!("{seconds:.1}"))
        })
        .collect();
    println!(
        "{:<22} {:>7} {:>15} {:>8} {:>6} {:>12} {:>6}   {}",
        variant.name(),
        shown(median(&times)),
        spread(&times),
        shown(middle(|times| times.proxies)),
        shown(middle(|times| times.busy)),
        failed_tasks(runs),
        runs.len() - times.len(),
        each.join(" ")
    );
}

fn failed_tasks(runs: &[&Run]) -> usize {
    runs.iter().map(|run| run.failed_tasks.len()).sum()
}

fn verdict(a: &[&Run], b: &[&Run], c: &[&Run]) {
    let ratio = |over: &[&Run]| Some(median(&seconds(c))? / median(&seconds(over))?);
    let shown = |ratio: Option<f64>| {
        ratio.map_or_else(|| "unknown".to_owned(), |ratio| format!("{ratio:.2}"))
    };
    println!("\nc/a {}   c/b {}", shown(ratio(a)), shown(ratio(b)));
    let all_up = seconds(c).len() == c.len();
    let met = all_up && failed_tasks(c) == 0 && ratio(a).is_some_and(|ratio| ratio <= TARGET);
    println!(
        "target, c at most {TARGET} of a and no failed task in c: {}",
        if met { "MET" } else { "NOT MET" }
    );
}

/// Time spent per component, medians over the runs of `up`.
fn parts(runs: &[&Run]) {
    let mut spans: BTreeMap<String, Vec<Span>> = BTreeMap::new();
    for told in runs.iter().filter_map(|run| run.told.as_ref()) {
        for (part, span) in told.spans() {
            spans.entry(part).or_default().push(span);
        }
    }
    let middle = |spans: &[Span], value: fn(&Span) -> f64| {
        median(&spans.iter().map(value).collect::<Vec<f64>>()).unwrap_or_default()
    };
    let mut rows: Vec<(f64, f64, f64, String)> = spans
        .iter()
        .map(|(part, spans)| {
            (
                middle(spans, |span| span.from),
                middle(spans, |span| span.to),
                middle(spans, |span| span.to - span.from),
                part.clone(),
            )
        })
        .collect();
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    println!("\n`up`, seconds per component (medians):\n");
    println!("{:<14} {:>7} {:>7} {:>7}", "", "from", "to", "took");
    for (from, to, took, part) in rows {
        println!("{part:<14} {from:>7.1} {to:>7.1} {took:>7.1}");
    }
}

/// The critical path of the run in the middle.
fn critical(runs: &[&Run]) {
    let mut runs: Vec<(f64, &Told)> = runs
        .iter()
        .filter_map(|run| Some((run.seconds()?, run.told.as_ref()?)))
        .collect();
    runs.sort_by(|a, b| a.0.total_cmp(&b.0));
    let Some((seconds, told)) = runs.get(runs.len() / 2) else {
        return;
    };
    println!("\n`up`, critical path of the run of {seconds:.1} s (passed at, took):\n");
    let chain = told.critical();
    if chain.is_empty() {
        println!("unknown: what was executed is not the plan that was made right before");
    }
    let mut before = 0.0;
    for step in chain {
        let waited = step.at - step.took - before;
        let queued = if waited >= 0.1 {
            format!("   after {waited:.1} s in the queue")
        } else {
            String::new()
        };
        println!(
            "{:>7.1} {:>7.1}  {:<12} {}{queued}",
            step.at, step.took, step.part, step.title
        );
        before = step.at;
    }
}

fn small(runs: &[&Run], idle: Option<&Idle>) {
    println!();
    if let Some(idle) = idle {
        line("`up`, nothing to do", &idle.nothing_to_do);
        line("`plan`, cluster up", &idle.plan);
        line("`--version`, start-up", &idle.version);
    } else {
        println!("no idle times: the warm-up failed");
    }
    let peak = runs
        .iter()
        .filter_map(|run| Some(run.told.as_ref()?.peak_kib))
        .max();
    if let Some(peak) = peak {
        println!("{:<24} {:.1} MiB", "`up`, peak memory", mib(peak * 1024));
    }
    let binary = env!("CARGO_BIN_EXE_milvus-swarm");
    let size = std::fs::metadata(binary).map_or(0, |file| file.len());
    let note = if cfg!(debug_assertions) {
        " (a debug build: the numbers above mean little)"
    } else {
        ""
    };
    println!("{:<24} {:.1} MiB{note}", "binary", mib(size));
}

fn line(what: &str, times: &[f64]) {
    let milliseconds: Vec<f64> = times.iter().map(|seconds| seconds * 1000.0).collect();
    println!(
        "{what:<24} {} ms (median of {}, {})",
        shown(median(&milliseconds)),
        milliseconds.len(),
        spread(&milliseconds)
    );
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

fn median(values: &[f64]) -> Option<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 {
        return Some(upper);
    }
    Some((values[middle - 1] + upper) / 2.0)
}

fn spread(values: &[f64]) -> String {
    let least = values.iter().copied().min_by(f64::total_cmp);
    let most = values.iter().copied().max_by(f64::total_cmp);
    match (least, most) {
        (Some(least), Some(most)) => format!("{least:.1}-{most:.1}"),
        _ => "-".to_owned(),
    }
}

fn shown(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"))
}
