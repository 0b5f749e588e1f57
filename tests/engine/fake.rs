//! An engine that says what a test wants to hear.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use milvus_swarm::engine::{Access, Engine, EngineError, Target};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::UnixListener;
use tokio::sync::mpsc;

/// A request as it came in.
#[derive(Clone, Debug)]
pub struct Heard {
    /// `GET /v1.41/services?filters=…`
    pub line: String,
    /// In lower case.
    pub headers: Vec<String>,
    pub body: String,
}

/// What to do with a request.
pub enum Reply {
    /// Status and body.
    Say(u16, String),
    /// Status, more headers, body.
    With(u16, &'static str, String),
    /// Bytes as they are, then the end of the connection.
    Raw(Vec<u8>),
    /// Bytes as they are, then nothing for ever.
    Hang(Vec<u8>),
    /// A raw stream to and from a command, as `docker exec` gives it.
    Run(Vec<String>),
}

pub type Script = Arc<dyn Fn(&Heard) -> Reply + Send + Sync>;

/// A fake on a socket of its own, which ends with its runtime.
pub struct Fake {
    _folder: TempDir,
    pub socket: PathBuf,
    pub log: Arc<Log>,
}

/// What happened to a fake.
#[derive(Default)]
pub struct Log {
    pub heard: Mutex<Vec<Heard>>,
    /// Processes that were started.
    pub children: Mutex<Vec<u32>>,
}

pub const VERSION: &str = r#"{"ApiVersion":"1.41","MinAPIVersion":"1.12"}"#;
pub const INFO: &str = r#"{"Swarm":{"NodeID":"n1","LocalNodeState":"active",
    "ControlAvailable":true,"Error":"","RemoteManagers":null,"Cluster":{"ID":"s1"}}}"#;

impl Fake {
    /// Answers `/version` and `/info` like a manager, and all else as told.
    pub fn manager(script: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        Self::new(move |heard| match heard.line.as_str() {
            "GET /version" => Reply::Say(200, VERSION.into()),
            "GET /v1.41/info" => Reply::Say(200, INFO.into()),
            _ => script(heard),
        })
    }

    pub fn new(script: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&socket).unwrap();
        let log = Arc::<Log>::default();
        let shared = Arc::clone(&log);
        let script: Script = Arc::new(script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&shared)));
            }
        });
        Self {
            _folder: folder,
            socket,
            log,
        }
    }

    pub fn target(&self) -> Target {
        let address = format!("unix://{}", self.socket.display());
        Target::parse(&address, "--host", &Access::default()).unwrap()
    }

    pub async fn connect(&self) -> Result<Engine, EngineError> {
        Engine::connect(self.target()).await
    }

    pub fn lines(&self) -> Vec<String> {
        self.heard().into_iter().map(|heard| heard.line).collect()
    }

    pub fn heard(&self) -> Vec<Heard> {
        self.log.heard.lock().unwrap().clone()
    }
}

pub async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    script: Script,
    log: Arc<Log>,
) {
    let mut stream = BufReader::new(stream);
    while let Some(heard) = hear(&mut stream).await {
        log.heard.lock().unwrap().push(heard.clone());
        let (status, headers, body) = match script(&heard) {
            Reply::Say(status, body) => (status, "", body),
            Reply::With(status, headers, body) => (status, headers, body),
            Reply::Raw(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::Hang(bytes) => {
                let _ = stream.write_all(&bytes).await;
                let _ = stream.flush().await;
                return std::future::pending().await;
            }
            Reply::Run(command) => return run(stream, &command, &log).await,
        };
        let length = body.len();
        let text =
            format!("HTTP/1.1 {status} X\r\n{headers}Content-Length: {length}\r\n\r\n{body}");
        if stream.write_all(text.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// Stops the command's input when the stream ends, and the stream when the command does.
async fn run(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    command: &[String],
    log: &Log,
) {
    let (mut from, mut to) = tokio::io::split(stream);
    let head = "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n";
    to.write_all(head.as_bytes()).await.unwrap();
    let mut child = tokio::process::Command::new(&command[0])
        .args(&command[1..])
        .process_group(0)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    log.children.lock().unwrap().extend(child.id());
    let (mut input, out, err) = (
        child.stdin.take().unwrap(),
        child.stdout.take().unwrap(),
        child.stderr.take().unwrap(),
    );
    let feed = async move {
        let _ = tokio::io::copy(&mut from, &mut input).await;
    };
    let feed = tokio::spawn(feed);
    let (frames, mut queue) = mpsc::channel(1);
    tokio::spawn(pump(1, out, frames.clone()));
    tokio::spawn(pump(2, err, frames));
    while let Some(frame) = queue.recv().await {
        if to.write_all(&frame).await.is_err() {
            break;
        }
    }
    feed.abort();
    let _ = to.shutdown().await;
    let _ = child.wait().await;
}

async fn pump(kind: u8, mut from: impl AsyncRead + Unpin, frames: mpsc::Sender<Vec<u8>>) {
    let mut buffer = vec![0; 16384];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let length = u32::try_from(read).unwrap().to_be_bytes();
        let frame = [&[kind, 0, 0, 0], &length[..], &buffer[..read]].concat();
        if frames.send(frame).await.is_err() {
            return;
        }
    }
}

async fn hear(stream: &mut (impl AsyncBufReadExt + Unpin)) -> Option<Heard> {
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_owned()),
        }
    }
    let headers: Vec<String> = head[1..].iter().map(|line| line.to_lowercase()).collect();
    let length = headers
        .iter()
        .find_map(|line| line.strip_prefix("content-length: "))
        .map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Heard {
        line: head[0].trim_end_matches(" HTTP/1.1").into(),
        headers,
        body: String::from_utf8(body).unwrap(),
    })
}
