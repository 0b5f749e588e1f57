//! A terminal whose cursor rests where the echo of Ctrl-C does no harm.

use std::io;

use indicatif::TermLike;

/// Leaves the cursor at the start of the last bar. indicatif leaves it behind the last column: the
/// `^C` that a terminal echoes begins a new line there, and from then on each drawing is a line
/// lower than the one before and leaves a bar behind. Text that is drawn while no bar is there
/// would be written over.
#[derive(Debug)]
pub(super) struct Resting<T>(pub T);

impl<T: TermLike> TermLike for Resting<T> {
    fn width(&self) -> u16 {
        self.0.width()
    }

    fn height(&self) -> u16 {
        self.0.height()
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_up(n)
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_down(n)
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_right(n)
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.0.move_cursor_left(n)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.write_str("\r")?;
        self.0.flush()
    }
}
