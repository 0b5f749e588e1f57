//! The way to a value, shared with its parents: a node costs one step, however deep it is.

use std::fmt::Write as _;
use std::rc::Rc;

use super::error::Path;

/// The way to a value; the default is the whole file.
#[derive(Clone, Debug, Default)]
pub(super) struct Trail(Option<Rc<(Trail, Step)>>);

#[derive(Debug)]
enum Step {
    Key(Rc<str>),
    Index(usize),
}

impl Trail {
    pub(super) fn key(&self, name: &Rc<str>) -> Self {
        Self(Some(Rc::new((self.clone(), Step::Key(Rc::clone(name))))))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self(Some(Rc::new((self.clone(), Step::Index(index)))))
    }

    /// `services.web.ports[0]`
    pub(super) fn path(&self) -> Path {
        let mut steps = Vec::new();
        let mut trail = self;
        while let Some(step) = &trail.0 {
            steps.push(&step.1);
            trail = &step.0;
        }
        let mut path = String::new();
        for step in steps.into_iter().rev() {
            // Writing to a string cannot fail.
            let _ = match step {
                Step::Key(name) if path.is_empty() => write!(path, "{name}"),
                Step::Key(name) => write!(path, ".{name}"),
                Step::Index(index) => write!(path, "[{index}]"),
            };
        }
        Path(path)
    }
}
