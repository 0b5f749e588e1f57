//! Everything that people and programs read. Data goes to standard output, progress and errors
//! to standard error; the core knows nothing of either.

mod json;
mod plain;
mod plan_text;
mod status_text;
mod style;
mod terminal;

use std::io::{IsTerminal, Write, stderr, stdout};

pub use plan_text::plan_text;
pub use status_text::status_text;
pub use style::Style;

use crate::cli::Colour;
use crate::event::Event;
use crate::plan::Plan;

/// Follows an execution.
pub trait Progress {
    /// Something happened.
    fn event(&mut self, plan: &Plan, event: &Event);
    /// Nothing more will happen.
    fn finish(&mut self) {}
}

/// How output is made, decided once.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub json: bool,
    /// Style of standard output.
    pub out: Style,
    /// Style of standard error.
    pub err: Style,
    terminal: bool,
}

impl Output {
    /// Looks at the flags and at what standard output and error are.
    #[must_use]
    pub fn new(json: bool, colour: Colour, no_color: bool) -> Self {
        let style = |terminal: bool| {
            Style::new(match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => terminal && !no_color,
            })
        };
        Self {
            json,
            out: style(stdout().is_terminal()),
            err: style(stderr().is_terminal()),
            terminal: stderr().is_terminal() && colour != Colour::Never,
        }
    }

    /// The reporter that fits: spinners on a terminal, lines elsewhere, objects with `--json`.
    #[must_use]
    pub fn progress(&self) -> Box<dyn Progress> {
        if self.json {
            Box::new(json::JsonLines)
        } else if self.terminal {
            Box::new(terminal::Terminal::new(self.err))
        } else {
            Box::new(plain::Plain::default())
        }
    }

    /// Writes data. A reader that went away is no error.
    pub fn print(&self, text: &str) {
        let _ = stdout().lock().write_all(text.as_bytes());
    }

    /// Writes a line of talk.
    pub fn say(&self, text: &str) {
        let _ = writeln!(stderr().lock(), "{text}");
    }
}
