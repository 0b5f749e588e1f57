//! Between questions and what the script reads and writes.

use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::ANSWER_LIMIT;
use super::curl::{Url, configuration, host_is_plain};
use crate::question::{Answer, CLOSED, Question};

/// Reading a file should not take longer.
const FILE_LIMIT: Duration = Duration::from_secs(5);

/// A question as the script reads it.
pub(super) struct Request {
    kind: &'static str,
    first: String,
    second: String,
    pub(super) limit: Duration,
}

impl Request {
    pub(super) fn line(&self, id: u64) -> Vec<u8> {
        let Self {
            kind,
            first,
            second,
            limit,
        } = self;
        let seconds = limit.as_secs_f64();
        let (one, two) = (first.len(), second.len());
        format!("{id} {kind} {seconds:.3} {one} {two}\n{first}{second}").into_bytes()
    }
}

/// What the script found.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Found {
    data: Vec<u8>,
    /// Exit status of the program that asked.
    code: u8,
    complaint: String,
}

impl Found {
    /// `ID BASE64 CODE COMPLAINT`.
    pub(super) fn read(line: &[u8]) -> Option<(u64, Self)> {
        let mut words = line.splitn(4, |byte| *byte == b' ');
        let mut word = || words.next();
        let id = std::str::from_utf8(word()?).ok()?.parse().ok()?;
        let data = BASE64_STANDARD.decode(word()?).ok()?;
        let code = std::str::from_utf8(word()?).ok()?.parse().ok()?;
        let complaint = String::from_utf8_lossy(word().unwrap_or_default());
        let complaint = complaint.trim().into();
        Some((
            id,
            Self {
                data,
                code,
                complaint,
            },
        ))
    }
}

/// # Errors
/// A question that cannot be put into words safely.
pub(super) fn request(question: &Question) -> Result<Request, String> {
    let payload = |bytes: &[u8]| {
        if bytes.is_empty() {
            "-".into()
        } else {
            BASE64_STANDARD.encode(bytes)
        }
    };
    if let Question::Http {
        method,
        host,
        port,
        tls,
        path,
        headers,
        body,
        timeout,
    } = question
    {
        let limit = at_least_something(*timeout);
        let url = Url {
            host,
            port: *port,
            tls: tls.as_ref(),
            path,
        };
        let lines = configuration(method, &url, headers, body.is_some(), limit)?;
        Ok(Request {
            kind: "http",
            first: payload(lines.as_bytes()),
            second: payload(body.as_deref().unwrap_or_default()),
            limit,
        })
    } else if let Question::Tcp {
        host,
        port,
        send,
        timeout,
    } = question
    {
        host_is_plain(host)?;
        Ok(Request {
            kind: "tcp",
            first: format!("{host}:{port}"),
            second: payload(send),
            limit: at_least_something(*timeout),
        })
    } else if let Question::File { path } = question {
        Ok(Request {
            kind: "file",
            first: payload(path.as_bytes()),
            second: "-".into(),
            limit: FILE_LIMIT,
        })
    } else {
        Err("this question needs a stream of its own".into())
    }
}

/// Zero means "for ever" to curl and timeout.
fn at_least_something(limit: Duration) -> Duration {
    limit.max(Duration::from_millis(10))
}

pub(super) fn answer(question: &Question, found: Found) -> Answer {
    if found.data.len() > ANSWER_LIMIT {
        return Answer::Failed(format!("the answer is longer than {ANSWER_LIMIT} bytes"));
    }
    match question {
        Question::Http { .. } if found.code == 0 => http(&found.data),
        // What came until the time was over is the answer: many protocols leave the line open.
        Question::Tcp { .. } if found.code == 0 || !found.data.is_empty() => {
            Answer::Bytes(found.data)
        }
        Question::File { .. } if found.code == 0 => Answer::Bytes(found.data),
        _ => Answer::Failed(reason(&found)),
    }
}

/// Takes the heads off: there may be a `100 Continue` before the one that counts.
fn http(mut text: &[u8]) -> Answer {
    loop {
        let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Answer::Failed("what answers does not speak HTTP".into());
        };
        let (head, body) = (&text[..end], &text[end + 4..]);
        let word = head.split(|byte| *byte == b' ').nth(1).unwrap_or_default();
        let status = std::str::from_utf8(word.get(..3).unwrap_or_default());
        match status.ok().and_then(|status| status.parse().ok()) {
            Some(100..=199) => text = body,
            Some(status) => {
                let body = body.into();
                return Answer::Http { status, body };
            }
            None => return Answer::Failed("what answers does not speak HTTP".into()),
        }
    }
}

/// The few ways in which asking fails, in the same words whichever program met them.
fn reason(found: &Found) -> String {
    let text = found.complaint.to_ascii_lowercase();
    let known = [
        ("refused", "connection refused"),
        ("couldn't connect to server", "connection refused"),
        ("no route to host", "no route to host"),
        ("network is unreachable", "network is unreachable"),
        ("could not resolve", "the name is not known"),
        ("name or service not known", "the name is not known"),
        ("name resolution", "the name is not known"),
        ("no address associated", "the name is not known"),
        ("timed out", "timed out"),
        ("timeout", "timed out"),
        ("reset by peer", "connection reset"),
        ("empty reply", CLOSED),
        ("no such file", "no such file"),
        ("permission denied", "permission denied"),
    ];
    if let Some((_, word)) = known.iter().find(|(part, _)| text.contains(part)) {
        return (*word).into();
    }
    match found.code {
        // curl's, timeout's, and timeout's after it had to kill.
        28 | 124 | 137 => "timed out".into(),
        code if text.is_empty() => format!("asking ended with {code}"),
        _ => found.complaint.chars().take(200).collect(),
    }
}

#[cfg(test)]
#[path = "translate_tests.rs"]
mod tests;
