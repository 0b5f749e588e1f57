//! Colour, where it is wanted.

use std::fmt::Display;
use std::sync::OnceLock;

use anstyle::{AnsiColor, Style as Ansi};

/// What every sequence that sets a colour begins with.
pub(super) const PAINT: &str = "\u{1b}[";

/// What the sequences of this program begin with until they are written: a number that nobody else
/// knows tells them from those that are in a text already.
pub(super) fn seal() -> &'static str {
    static SEAL: OnceLock<String> = OnceLock::new();
    SEAL.get_or_init(|| format!("{PAINT}{};", rand::random::<u64>()))
}

/// When to use colour.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

/// Paints words or leaves them alone. Painted text is for `Output` alone, which makes the paint real.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    colour: bool,
}

impl Style {
    #[must_use]
    pub const fn new(colour: bool) -> Self {
        Self { colour }
    }

    fn paint(self, style: Ansi, text: impl Display) -> String {
        if self.colour {
            let sealed = |paint: String| paint.replace(PAINT, seal());
            let (on, off) = (style.render(), style.render_reset());
            format!(
                "{}{text}{}",
                sealed(on.to_string()),
                sealed(off.to_string())
            )
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
