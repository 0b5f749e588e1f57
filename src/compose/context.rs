//! What a stack file is read with, and what reading it collects on the way.

use super::error::{Problem, StackError};
use super::interpolate::Variables;
use super::node::Node;
use super::warning::{Quirk, Warning};

/// The label that holds the name of a stack.
pub const NAMESPACE_LABEL: &str = "com.docker.stack.namespace";

/// Everything outside a stack file that it may refer to.
#[derive(Clone, Copy)]
pub struct Surroundings<'a> {
    /// Reads a file by the name the stack file gives it.
    pub files: &'a dyn Fn(&str) -> Option<Vec<u8>>,
    /// The environment of the deployment.
    pub variables: &'a Variables,
    /// The absolute directory of the stack file, for relative paths of bind mounts; empty
    /// makes them errors.
    pub directory: &'a str,
}

/// A stack file being read.
pub(super) struct Context<'a> {
    /// Ports that services have published so far.
    pub(super) ports: usize,
    pub(super) namespace: &'a str,
    /// The minor number of the file's version: 9 for `3.9`.
    pub(super) version: u8,
    pub(super) outside: Surroundings<'a>,
    pub(super) warnings: Vec<Warning>,
}

impl Context<'_> {
    /// The name of an object of the stack.
    pub(super) fn scope(&self, name: &str) -> String {
        format!("{}_{name}", self.namespace)
    }

    pub(super) fn warn(&mut self, node: &Node, quirk: Quirk) {
        self.warnings.push(Warning {
            place: node.place,
            path: node.trail.path(),
            quirk,
        });
    }

    /// The bytes of a file that the node names.
    pub(super) fn file(&self, node: &Node, name: &str) -> Result<Vec<u8>, StackError> {
        (self.outside.files)(name).ok_or_else(|| {
            node.error(Problem::FileMissing {
                file: name.to_owned(),
            })
        })
    }

    /// Labels with the stack's own one.
    pub(super) fn labels(&self, node: Option<&Node>) -> Result<crate::spec::Labels, StackError> {
        let mut labels = node.map(Node::labels).transpose()?.unwrap_or_default();
        labels.insert(NAMESPACE_LABEL.to_owned(), self.namespace.to_owned());
        Ok(labels)
    }
}
