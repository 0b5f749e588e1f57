//! Everything that people and programs read. Data goes to standard output, progress and errors
//! to standard error; the core knows nothing of either.

mod change_text;
mod ends_text;
mod graph;
mod json;
mod line;
mod made_text;
mod mark;
mod plain;
mod plan_text;
mod resting;
mod screen;
mod status_text;
mod style;
mod tame;
mod terminal;
mod timings;
mod what_if_text;
mod wrap;

use std::io::{self, ErrorKind, IsTerminal, Write, stderr, stdout};
use std::path::Path;
use std::sync::OnceLock;

use console::Term;
use serde::Serialize;

pub use graph::graph;
pub use json::pretty as json_pretty;
pub use line::{End, Line, StepLine};
pub use plan_text::plan_text;
pub use status_text::{status_brief, status_text};
pub use style::{Colour, Style};
pub use timings::Timings;
pub use what_if_text::what_if_text;

use tame::tame;

use crate::event::Event;
use crate::plan::Plan;

/// Why the first of the data that did not get through did not.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// Writes data. A reader that went away is no error; a full disk is one at the end.
fn deliver(text: &str) {
    let mut out = stdout().lock();
    let done = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    if let Err(error) = done
        && error.kind() != ErrorKind::BrokenPipe
    {
        let _ = LOST.set(error);
    }
}

/// Why some of what was to be printed is not there.
#[must_use]
pub fn lost() -> Option<&'static io::Error> {
    LOST.get()
}

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
    /// With `json`: the verb prints events, a line each, and its error is the last of them. Other
    /// verbs print one document or none.
    pub events: bool,
    /// Whether standard output is a terminal.
    pub is_terminal: bool,
    /// Style of standard output.
    pub out: Style,
    /// Style of standard error.
    pub err: Style,
    terminal: bool,
}

impl Output {
    /// Looks at the flags and at what standard output and error are.
    #[must_use]
    pub fn new(json: bool, events: bool, colour: Colour, no_color: bool) -> Self {
        let style = |terminal: bool| {
            Style::new(match colour {
                Colour::Always => true,
                Colour::Never => false,
                Colour::Auto => terminal && !no_color,
            })
        };
        Self {
            json,
            events: json && events,
            is_terminal: stdout().is_terminal(),
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

    /// Writes text for people whose lines stay as they are. A reader that went away is no error; see
    /// [`lost`] for others.
    pub fn print(&self, text: &str) {
        deliver(&tame(text));
    }

    /// Writes a document for programs. Errors are those of [`lost`].
    ///
    /// # Errors
    /// What is to be printed has no form in JSON.
    pub fn document(&self, value: &impl Serialize) -> Result<(), serde_json::Error> {
        let text = json::line(value)?;
        deliver(&text);
        Ok(())
    }

    /// Writes text for people; on a terminal, lines that are longer than it is wide are broken.
    pub fn show(&self, text: &str) {
        let text = &tame(text);
        let size = self.is_terminal.then(|| Term::stdout().size_checked());
        match size.flatten() {
            Some((_, width)) => deliver(&wrap::wrapped(text, width.into())),
            None => deliver(text),
        }
    }

    /// Writes one of two texts over all that the terminal shows: the full one where the screen
    /// holds it, else as much as it holds of the brief one. Elsewhere the full one is written below.
    pub fn show_over(&self, full: &str, brief: &str) {
        let full = &tame(full);
        let brief = &tame(brief);
        let size = self.is_terminal.then(|| Term::stdout().size_checked());
        let Some((height, width)) = size.flatten() else {
            return deliver(full);
        };
        let mut text = wrap::wrapped(full, width.into());
        if !screen::fits(&text, height.into()) {
            text = screen::cut(&wrap::wrapped(brief, width.into()), height.into());
        }
        deliver(&format!("{}{text}", screen::CLEAR));
    }

    /// Takes away what a terminal shows, before an error is told in its place.
    pub fn clear(&self) {
        if self.is_terminal && !self.json {
            deliver(screen::CLEAR);
            // What follows goes to standard error, which overtakes a line that has no end yet.
            let _ = stdout().flush();
        }
    }

    /// Names files that were written: a path per line, or with `--json` one list.
    pub fn files<'a>(&self, dir: &Path, names: impl IntoIterator<Item = &'a String>) {
        let paths: Vec<String> = names
            .into_iter()
            .map(|name| dir.join(name).display().to_string())
            .collect();
        if self.json {
            // A list of texts has a form in JSON.
            let _ = self.document(&paths);
            return;
        }
        for path in paths {
            self.print(&format!("{path}\n"));
        }
    }

    /// Writes a line of `--json` output.
    pub fn line(&self, line: &Line) {
        if let Ok(text) = line.text() {
            deliver(&text);
        }
    }

    /// Writes a question; the answer is typed behind it.
    pub fn ask(&self, question: &str) {
        let mut stderr = stderr().lock();
        let question = tame(question.trim_end());
        let _ = write!(stderr, "{question} ").and_then(|()| stderr.flush());
    }

    /// Writes a line of talk.
    pub fn say(&self, text: &str) {
        let text = tame(text);
        let _ = writeln!(stderr().lock(), "{text}");
    }
}
