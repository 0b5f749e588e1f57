//! How time and memory grow with the number of hosts: `cargo bench --bench scale`.
//!
//! Each case runs in a process of its own, so that the memory of one does not hide in another's.
//! `--write-docs` renews `docs/scale.md` and `docs/scale.svg`; `--check` fails where a case at
//! the largest size misses its target.

mod case;
mod inventory;
mod page;
mod plot;
mod swarm;
mod table;

use std::env;
use std::process::{Command, ExitCode};
use std::time::Duration;

use case::{Case, Measured};
use mimalloc::MiMalloc;
use table::Table;

/// As in the program itself.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const SIZES: [usize; 4] = [10, 100, 1_000, 10_000];
/// The argument with which this program starts itself for one case.
const ONE: &str = "--one";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if let [flag, case, hosts] = arguments.as_slice()
        && flag == ONE
    {
        return one(case, hosts);
    }
    let wants = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let mut table = Table::default();
    for case in Case::ALL {
        for hosts in SIZES {
            table.add(case, hosts, measure(case, hosts));
        }
    }
    print!("{}", table.text());
    if wants("--write-docs") {
        page::write(&table);
    }
    let missed = table.missed();
    for miss in &missed {
        eprintln!("missed: {miss}");
    }
    if wants("--check") && !missed.is_empty() {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// In the child: one case, told on standard output.
fn one(case: &str, hosts: &str) -> ExitCode {
    let case = Case::ALL.into_iter().find(|known| known.name() == case);
    let (Some(case), Ok(hosts)) = (case, hosts.parse::<usize>()) else {
        return ExitCode::FAILURE;
    };
    let rounds = if hosts >= 10_000 { 5 } else { 9 };
    let measured = case::run(case, hosts, rounds);
    println!(
        "{} {} {}",
        measured.time.as_nanos(),
        measured.peak,
        measured.made
    );
    ExitCode::SUCCESS
}

fn measure(case: Case, hosts: usize) -> Measured {
    let program = env::current_exe().expect("this program");
    let output = Command::new(program)
        .args([ONE, case.name(), &hosts.to_string()])
        .output()
        .expect("a child");
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<u64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    let [time, peak, made] = numbers[..] else {
        panic!(
            "{} with {hosts} hosts: {}",
            case.name(),
            String::from_utf8_lossy(&output.stderr)
        );
    };
    Measured {
        time: Duration::from_nanos(time),
        peak,
        made: usize::try_from(made).expect("a count"),
    }
}
