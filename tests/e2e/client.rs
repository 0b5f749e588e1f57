//! pymilvus, as a user would run it.

use std::io::{BufRead, BufReader, Read as _, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

/// A Python program of `tests/client` that talks to one proxy.
pub struct Client {
    pub python: PathBuf,
    pub host: String,
    pub password: String,
}

/// A program that goes on until it is told to stop, or until nobody holds it any more: one that a
/// failed test leaves behind would keep the test's output open for good.
pub struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Client {
    fn start(&self, script: &str, arguments: &[&str]) -> Running {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/client");
        let mut child = Command::new(&self.python)
            .arg(format!("{folder}/{script}"))
            .args(["--host", &self.host])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut stdin = child.stdin.take().expect("stdin is piped");
        writeln!(stdin, "{}", self.password).expect("python reads the password");
        let lines = BufReader::new(child.stdout.take().expect("stdout is piped"));
        Running { child, lines }
    }

    /// Runs a program to its end and gives the last line that it printed.
    pub fn run(&self, script: &str) -> Value {
        self.run_with(script, &[])
    }

    /// As [`Self::run`], with arguments.
    pub fn run_with(&self, script: &str, arguments: &[&str]) -> Value {
        self.start(script, arguments).finish(script)
    }

    /// Starts searching and comes back when the first search is about to be made.
    pub fn search(&self, collection: &str, rows: u32) -> Running {
        let rows = rows.to_string();
        self.ready("search.py", &["--collection", collection, "--rows", &rows])
    }

    /// The same with other arguments.
    pub fn search_with(&self, arguments: &[&str]) -> Running {
        self.ready("search.py", arguments)
    }

    /// Starts searching and inserting, twice a second each.
    pub fn use_it(&self) -> Running {
        self.ready("users.py", &[])
    }

    /// Starts knocking at this proxy and others, with this password and the one that everybody knows.
    pub fn knock(&self, others: &[String]) -> Running {
        self.ready("door.py", &["--others", &others.join(",")])
    }

    /// Starts reading what hosts send each other.
    pub fn listen(&self) -> Running {
        self.ready("sniff.py", &[])
    }

    fn ready(&self, script: &str, arguments: &[&str]) -> Running {
        let mut running = self.start(script, arguments);
        let ready = running.line();
        assert_eq!(ready["ready"], true, "{ready}");
        running
    }
}

impl Running {
    fn line(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).expect("python prints text");
        serde_json::from_str(&line).unwrap_or(Value::Null)
    }

    fn finish(mut self, script: &str) -> Value {
        let mut last = Value::Null;
        for line in self.lines.by_ref().lines() {
            let line = line.expect("python prints text");
            last = serde_json::from_str(&line).unwrap_or(last);
        }
        let status = self.child.wait().expect("python ends");
        assert!(status.success(), "{script}: {status}; last line {last}");
        last
    }

    /// Tells it to stop, and gives what it counted.
    pub fn stop(self) -> Value {
        let pid = self.child.id().to_string();
        let _ = Command::new("kill").args(["-TERM", &pid]).status();
        self.finish("it")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
