//! Colour, where it is wanted.

use std::fmt::Display;

use anstyle::{AnsiColor, Style as Ansi};

/// When to use colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

/// Paints words or leaves them alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    colour: bool,
}

impl Style {
    #[must_use]
    pub const fn new(colour: bool) -> Self {
        Self { colour }
    }

    #[must_use]
    pub const fn is_colour(self) -> bool {
        self.colour
    }

    fn paint(self, style: Ansi, text: impl Display) -> String {
        if self.colour {
            format!("{style}{text}{style:#}")
        } else {
            text.to_string()
        }
    }

    #[must_use]
    pub fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    #[must_use]
    pub fn change(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    #[must_use]
    pub fn bad(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    #[must_use]
    pub fn strong(self, text: impl Display) -> String {
        self.paint(Ansi::new().bold(), text)
    }

    #[must_use]
    pub fn faint(self, text: impl Display) -> String {
        self.paint(Ansi::new().dimmed(), text)
    }
}
