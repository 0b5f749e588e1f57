use super::*;

fn found(data: &[u8], code: u8, complaint: &str) -> Found {
    Found {
        data: data.into(),
        code,
        complaint: complaint.into(),
    }
}

#[test]
fn a_line_of_the_script_is_read() {
    let line = b"7 aGk= 0 ";
    assert_eq!(Found::read(line), Some((7, found(b"hi", 0, ""))));
    let line = b"8  7 curl: (7) Failed to connect";
    assert_eq!(
        Found::read(line),
        Some((8, found(b"", 7, "curl: (7) Failed to connect")))
    );
    assert_eq!(Found::read(b"nonsense"), None);
}

#[test]
fn http_heads_come_off() {
    let question = Question::get("h", 80, "/");
    let text = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 503 No\r\nA: b\r\n\r\nbody\r\n\r\n";
    assert_eq!(
        answer(&question, found(text, 0, "")),
        Answer::Http {
            status: 503,
            body: b"body\r\n\r\n".into()
        }
    );
    assert!(matches!(
        answer(&question, found(b"imok", 0, "")),
        Answer::Failed(_)
    ));
}

#[test]
fn failures_have_the_same_words() {
    let question = Question::get("h", 80, "/");
    let words = |code, complaint| match answer(&question, found(b"", code, complaint)) {
        Answer::Failed(why) => why,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        words(7, "curl: (7) ...: Connection refused"),
        "connection refused"
    );
    assert_eq!(words(28, "curl: (28) Operation timed out"), "timed out");
    assert_eq!(
        words(6, "curl: (6) Could not resolve host: x"),
        "the name is not known"
    );
    assert_eq!(words(124, ""), "timed out");
    assert_eq!(words(99, ""), "asking ended with 99");
}

#[test]
fn what_a_peer_said_before_the_time_was_over_counts() {
    let question = Question::Tcp {
        host: "h".into(),
        port: 1,
        send: Vec::new(),
        timeout: Duration::from_secs(1),
    };
    assert_eq!(
        answer(&question, found(b"partly", 124, "")),
        Answer::Bytes(b"partly".into())
    );
    assert_eq!(
        answer(&question, found(b"", 124, "")),
        Answer::Failed("timed out".into())
    );
}
