//! What is being done: a spinner on a terminal, plain lines elsewhere.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Shared by all threads of one command.
pub struct Progress {
    bar: Option<ProgressBar>,
    since: Instant,
    quiet: bool,
}

impl Progress {
    /// Reports on standard error.
    pub fn new() -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new_spinner();
            let style = ProgressStyle::with_template("{spinner} {elapsed:>4} {msg}");
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(Duration::from_millis(120));
            bar
        });
        Self {
            bar,
            since: Instant::now(),
            quiet: false,
        }
    }

    /// For tests that want silence.
    pub fn silent() -> Self {
        Self {
            bar: None,
            since: Instant::now(),
            quiet: true,
        }
    }

    /// Something begins that may take a while.
    pub fn step(&self, message: impl AsRef<str>) {
        match &self.bar {
            Some(bar) => bar.set_message(message.as_ref().to_owned()),
            None => self.line(message.as_ref()),
        }
    }

    /// Something is done and worth a line that stays.
    pub fn done(&self, message: impl AsRef<str>) {
        match &self.bar {
            Some(bar) => bar.println(format!("  {}", message.as_ref())),
            None => self.line(message.as_ref()),
        }
    }

    /// Takes the spinner away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn line(&self, message: &str) {
        if !self.quiet {
            eprintln!("{:6.1}s {message}", self.since.elapsed().as_secs_f32());
        }
    }
}

impl Default for Progress {
    fn default() -> Self {
        Self::new()
    }
}
