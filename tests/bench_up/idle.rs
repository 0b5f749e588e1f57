//! The small numbers: what the program costs where there is little to do.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::bench::Bench;

/// Seconds, each time.
pub struct Idle {
    pub nothing_to_do: Vec<f64>,
    pub plan: Vec<f64>,
    pub version: Vec<f64>,
}

impl Idle {
    /// On a cluster that is up.
    pub fn measure(bench: &Bench) -> Self {
        Self {
            nothing_to_do: times(5, || bench.tool(&["up", "--yes"]), Some("nothing to do")),
            plan: times(5, || bench.tool(&["plan"]), None),
            version: times(
                20,
                || {
                    let mut command = Command::new(env!("CARGO_BIN_EXE_milvus-swarm"));
                    command.arg("--version");
                    command
                },
                None,
            ),
        }
    }
}

fn times(count: usize, command: impl Fn() -> Command, says: Option<&str>) -> Vec<f64> {
    (0..count)
        .map(|_| {
            let mut command = command();
            command.stdin(Stdio::null());
            let start = Instant::now();
            let output = command.output().expect("the program runs");
            let took = start.elapsed().as_secs_f64();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success(), "{command:?}: {output:?}");
            assert!(says.is_none_or(|says| text.contains(says)), "{text}");
            took
        })
        .collect()
}
