//! The last words of a task.

use std::collections::VecDeque;
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::Engine;
use super::error::EngineError;
use super::frames::{Channel, Frames};
use super::request::{Request, escaped};

/// Logs of other nodes come through the managers and may never end.
const LOG_LIMIT: Duration = Duration::from_secs(3);
/// A line without end is cut here.
const LINE_LIMIT: usize = 8 << 10;

impl Engine {
    /// The last lines that a task wrote, as many as came within three seconds. What the engine
    /// itself has to say, such as that a node is away, begins with `docker:`.
    ///
    /// # Errors
    /// There is no such task, or the engine cannot say.
    pub async fn task_logs(&self, task_id: &str, tail: usize) -> Result<Vec<String>, EngineError> {
        let request = Request::get(format!("/tasks/{}/logs", escaped(task_id)))
            .query("stdout", "true")
            .query("stderr", "true")
            .query("tail", &tail.to_string())
            .within(LOG_LIMIT);
        let answer = self.http.send(request).await?;
        let mut lines = Lines::new(tail);
        let read = read(answer.into_body(), &mut lines);
        // Half a log is better than none.
        let _ = tokio::time::timeout(LOG_LIMIT, read).await;
        Ok(lines.end())
    }
}

async fn read(mut body: Incoming, lines: &mut Lines) {
    let mut frames = Frames::default();
    while let Some(Ok(part)) = body.frame().await {
        if let Ok(bytes) = part.into_data() {
            frames.push(&bytes);
        }
        loop {
            match frames.next() {
                Ok(Some((channel, bytes))) => lines.add(channel, &bytes),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    lines.add(Channel::Out, &frames.rest());
}

/// The last lines of three channels, in the order in which they ended.
struct Lines {
    limit: usize,
    whole: VecDeque<String>,
    begun: [Vec<u8>; 3],
}

impl Lines {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            whole: VecDeque::new(),
            begun: Default::default(),
        }
    }

    fn add(&mut self, channel: Channel, bytes: &[u8]) {
        let mut parts = bytes.split(|byte| *byte == b'\n').peekable();
        while let Some(part) = parts.next() {
            let begun = &mut self.begun[channel as usize];
            let room = LINE_LIMIT.saturating_sub(begun.len()).min(part.len());
            begun.extend_from_slice(&part[..room]);
            if parts.peek().is_some() {
                self.finish(channel);
            }
        }
    }

    fn finish(&mut self, channel: Channel) {
        let line = std::mem::take(&mut self.begun[channel as usize]);
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_end_matches('\r');
        self.whole.push_back(match channel {
            Channel::System => format!("docker: {line}"),
            Channel::Out | Channel::Err => line.into(),
        });
        if self.whole.len() > self.limit {
            self.whole.pop_front();
        }
    }

    fn end(mut self) -> Vec<String> {
        for channel in [Channel::Out, Channel::Err, Channel::System] {
            if !self.begun[channel as usize].is_empty() {
                self.finish(channel);
            }
        }
        self.whole.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_put_together_by_channel() {
        let mut lines = Lines::new(3);
        lines.add(Channel::Out, b"first\nsec");
        lines.add(Channel::Err, b"oh\r\n");
        lines.add(Channel::Out, b"ond\n");
        lines.add(Channel::System, b"node is away");
        assert_eq!(lines.end(), ["oh", "second", "docker: node is away"]);
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let mut lines = Lines::new(3);
        for _ in 0..100 {
            lines.add(Channel::Out, &[b'x'; 1000]);
        }
        assert_eq!(lines.end()[0].len(), LINE_LIMIT);
    }
}
