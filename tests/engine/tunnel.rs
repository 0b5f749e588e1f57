//! Questions through a tunnel: into bash on this machine behind a fake engine, and into a
//! container of a real one.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use milvus_swarm::engine::{Engine, EngineError, Tunnel};
use milvus_swarm::question::{Answer, Question};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fake::{Fake, Heard, Reply, serve};

/// A container, and the address that it knows this machine by.
pub struct Place {
    pub engine: Engine,
    pub container: String,
    pub address: String,
}

/// A fake engine whose container is this machine.
pub async fn here() -> (Fake, Place) {
    let command = Mutex::new(Vec::new());
    let fake = Fake::manager(move |heard| match heard.line.as_str() {
        "POST /v1.41/containers/c1/exec" => {
            *command.lock().unwrap() = words(heard);
            Reply::Say(201, r#"{"Id":"e1"}"#.into())
        }
        "POST /v1.41/exec/e1/start" => Reply::Run(command.lock().unwrap().clone()),
        "GET /v1.41/exec/e1/json" => Reply::Say(200, r#"{"Running":false,"ExitCode":1}"#.into()),
        _ => Reply::Say(404, r#"{"message":"No such container: c2"}"#.into()),
    });
    let engine = fake.connect().await.unwrap();
    let (container, address) = ("c1".into(), "127.0.0.1".into());
    let place = Place {
        engine,
        container,
        address,
    };
    (fake, place)
}

/// The command of an exec.
pub fn words(heard: &Heard) -> Vec<String> {
    let body: Value = serde_json::from_str(&heard.body).unwrap();
    let words = body["Cmd"].as_array().unwrap().iter();
    words
        .map(|word| word.as_str().unwrap().to_owned())
        .collect()
}

/// A component as gates meet it. Gives its port.
pub async fn component(address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let script = |heard: &Heard| {
        let (method, path) = heard.line.split_once(' ').unwrap();
        match path {
            "/healthz" => Reply::Say(200, "OK".into()),
            "/echo" => Reply::Say(
                200,
                format!("{method} {} {}", heard.headers.join("|"), heard.body),
            ),
            "/big" => Reply::Say(200, "b".repeat(3 << 20)),
            "/huge" => Reply::Say(200, "b".repeat(5 << 20)),
            "/never" => Reply::Hang(Vec::new()),
            "/half" => Reply::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf".into()),
            _ => Reply::Say(503, "not yet".into()),
        }
    };
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(serve(stream, Arc::new(script), Arc::default()));
        }
    });
    port
}

/// Says a greeting, then all it hears, until it hears `end`.
async fn echo(address: &str) -> u16 {
    let listener = TcpListener::bind((address, 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                stream.write_all(b"\0hello\n").await.unwrap();
                let mut buffer = vec![0; 65536];
                while let Ok(read @ 1..) = stream.read(&mut buffer).await {
                    stream.write_all(&buffer[..read]).await.unwrap();
                    if buffer[..read].ends_with(b"end") {
                        return;
                    }
                }
            });
        }
    });
    port
}

pub fn failed(answer: &Answer) -> &str {
    match answer {
        Answer::Failed(why) => why,
        other => panic!("{other:?}"),
    }
}

/// Everything a tunnel has to be able to do.
pub async fn all_of_it(place: &Place) {
    let start = Instant::now();
    let tunnel = Tunnel::open(&place.engine, &place.container).await.unwrap();
    println!("open: {:?}", start.elapsed());
    let host = place.address.as_str();
    let port = component(host).await;
    http(&tunnel, host, port).await;
    many(&tunnel, host, port).await;
    tcp(&tunnel, host).await;
    files(&tunnel).await;
    stream(place).await;
    assert!(tunnel.is_alive());
}

async fn http(tunnel: &Tunnel, host: &str, port: u16) {
    let ask = |path: &str| tunnel.ask(Question::get(host, port, path));
    for _ in 0..5 {
        let start = Instant::now();
        assert_eq!(ask("/healthz").await.ok(), Ok(&b"OK"[..]));
        println!("one question: {:?}", start.elapsed());
    }
    let body = b"not yet".into();
    assert_eq!(ask("/other").await, Answer::Http { status: 503, body });
    assert_eq!(ask("/big").await.ok().map(<[u8]>::len), Ok(3 << 20));
    assert!(failed(&ask("/huge").await).contains("longer than"));
    assert!(failed(&ask("no path").await).contains("not a path"));

    let odd = "q\"uo\\te' $(id) %41 \u{e9}";
    let question = Question::post_json(host, port, "/echo", &serde_json::json!({"a": odd}))
        .with_header("Authorization", format!("Basic {odd}"))
        .with_header("X-Empty", String::new());
    let answer = tunnel.ask(question).await;
    let text = String::from_utf8_lossy(answer.ok().unwrap()).into_owned();
    assert!(text.starts_with("POST "), "{text}");
    assert!(
        text.contains(&format!("|authorization: basic {odd}|")),
        "{text}"
    );
    assert!(text.contains("|x-empty:|"), "{text}");
    assert!(!text.contains("expect:"), "{text}");
    assert!(
        text.ends_with(&serde_json::json!({"a": odd}).to_string()),
        "{text}"
    );

    let big = "x".repeat(1 << 20);
    let question = Question::Http {
        method: "PUT",
        host: host.into(),
        port,
        tls: None,
        path: "/echo".into(),
        headers: Vec::new(),
        body: Some(big.clone().into()),
        timeout: Duration::from_secs(10),
    };
    let start = Instant::now();
    let answer = tunnel.ask(question).await;
    println!("1 MiB there and back: {:?}", start.elapsed());
    assert!(answer.ok().unwrap().ends_with(big.as_bytes()));

    let start = Instant::now();
    for path in ["/never", "/half"] {
        let question = Question::get(host, port, path).within(Duration::from_millis(700));
        assert_eq!(failed(&tunnel.ask(question).await), "timed out");
    }
    assert!(
        start.elapsed() < Duration::from_secs(4),
        "{:?}",
        start.elapsed()
    );
    let refused = tunnel.ask(Question::get(host, 1, "/")).await;
    assert_eq!(failed(&refused), "connection refused");
    let unknown = tunnel
        .ask(Question::get("no-such-name.invalid", 80, "/"))
        .await;
    assert_eq!(failed(&unknown), "the name is not known");
}

async fn many(tunnel: &Tunnel, host: &str, port: u16) {
    let start = Instant::now();
    let questions = (0..200).map(|_| tunnel.ask(Question::get(host, port, "/healthz")));
    for answer in join_all(questions).await {
        assert_eq!(answer.ok(), Ok(&b"OK"[..]));
    }
    println!("200 questions: {:?}", start.elapsed());
    // Slow ones do not hold up the others.
    let start = Instant::now();
    let slow = (0..15)
        .map(|_| tunnel.ask(Question::get(host, port, "/never").within(Duration::from_secs(3))));
    let fast = async {
        for _ in 0..5 {
            assert!(
                tunnel
                    .ask(Question::get(host, port, "/healthz"))
                    .await
                    .ok()
                    .is_ok()
            );
        }
        start.elapsed()
    };
    let (_, fast) = tokio::join!(join_all(slow), fast);
    assert!(fast < Duration::from_millis(2500), "{fast:?}");
}

async fn tcp(tunnel: &Tunnel, host: &str) {
    let port = echo(host).await;
    let ask = |port, send: &[u8], timeout| {
        let (host, send) = (host.into(), send.into());
        tunnel.ask(Question::Tcp {
            host,
            port,
            send,
            timeout,
        })
    };
    let second = Duration::from_secs(1);
    let start = Instant::now();
    let answer = ask(port, b"a\0b\nend", second * 5).await;
    println!("one TCP question: {:?}", start.elapsed());
    assert_eq!(answer, Answer::Bytes(b"\0hello\na\0b\nend".into()));
    assert!(start.elapsed() < second * 2);
    assert_eq!(
        ask(port, b"a", second).await,
        Answer::Bytes(b"\0hello\na".into())
    );
    assert_eq!(failed(&ask(1, b"a", second).await), "connection refused");
    let mut big = vec![7; 300_000];
    big.extend_from_slice(b"end");
    let expected = [b"\0hello\n", big.as_slice()].concat();
    assert!(ask(port, &big, second * 10).await == Answer::Bytes(expected));
}

async fn files(tunnel: &Tunnel) {
    let ask = |path: &str| tunnel.ask(Question::File { path: path.into() });
    let answer = ask("/etc/passwd").await;
    assert!(answer.ok().unwrap().starts_with(b"root:"));
    assert_eq!(failed(&ask("/etc/no such\nfile").await), "no such file");
    assert!(failed(&ask("/dev/zero").await).contains("longer than"));
}

async fn stream(place: &Place) {
    let Place {
        engine,
        container,
        address,
    } = place;
    let port = echo(address).await;
    let stream = Tunnel::open_stream(engine, container, address, port)
        .await
        .unwrap();
    let (mut from, mut to) = tokio::io::split(stream);
    let mut sent: Vec<u8> = (0..2_000_000_u32).map(|n| (n % 251) as u8).collect();
    sent.extend_from_slice(b"end");
    let start = Instant::now();
    let send = async {
        to.write_all(&sent).await.unwrap();
        to.flush().await.unwrap();
    };
    let mut got = Vec::new();
    let (_, read) = tokio::join!(send, from.read_to_end(&mut got));
    read.unwrap();
    println!("stream of 2 MB there and back: {:?}", start.elapsed());
    assert!(
        got == [b"\0hello\n", sent.as_slice()].concat(),
        "{} bytes came back",
        got.len()
    );

    let error = Tunnel::open_stream(engine, container, address, 1)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().ends_with("connection refused"), "{error}");
    let error = Tunnel::open_stream(engine, container, "-h", 1)
        .await
        .err()
        .unwrap();
    assert!(matches!(error, EngineError::NoExec { .. }));
}

#[tokio::test]
async fn a_tunnel_does_all_of_it() {
    let (_fake, place) = here().await;
    all_of_it(&place).await;
}
